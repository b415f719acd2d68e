"""The tool that a user agent names."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

AGENTS = {  # attack tool, odd client
    "aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#6.12.25-kali-amd64 md/arch#x86_64": ("kali", None),
    "Boto3/1.34.0 Prowler/4.2 os/linux#6.6-Parrot6-amd64": ("parrot6", "prowler"),
    "stratus-red-team_0fb6ce0a": ("stratus-red-team", None),
    "TruffleHog": ("trufflehog", None),
    "aws-cli/2.17.60 lang/python#3.12.6 exec-env/grimoire_5ee6ac99-1a3a cfg/retry-mode#standard": ("grimoire", None),
    "grimoirelab/1.0": (None, None),
    "aws-cli/2.27.50 os/linux#6.12 lang/python#3.13": (None, None),
    "S3 Browser/11.6.7 (https://s3browser.com)": (None, "s3 browser"),
    "mc (darwin; arm64) minio-go/v7": (None, "mc"),
    "MinIO (linux; amd64) minio-go/v7.0.90 mc/RELEASE.2025-04-16T18-13-26Z": (None, "minio-go"),
    "s3fs/1.95 (commit hash 70a30d6; OpenSSL)": (None, "s3fs"),
    "goofys/0.24.0": (None, "goofys"),
    "HTTPie/3.2.4": (None, "httpie"),
    "python-requests/2.31.0": (None, "python-requests"),
    "Python/3.12 aiohttp/3.9.5": (None, "aiohttp"),
    "aws-sdk-nodejs/2.1 linux/v18 axios/1.6": (None, None),
    "Alpacas/1.0 kalium": (None, None),
    None: (None, None),
}


def test_a_user_agent_names_an_attack_tool_an_odd_client_or_neither(lake_of: LakeOf) -> None:
    lake = lake_of([{"eventID": str(agent), "userAgent": agent} for agent in AGENTS])
    rows = lake.sql("SELECT user_agent, attack_tool(user_agent), odd_client(user_agent) FROM events").rows()
    assert {agent: (attack, odd) for agent, attack, odd in (row.values() for row in rows)} == AGENTS
