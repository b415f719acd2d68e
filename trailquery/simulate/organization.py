"""The simulated organisation: accounts, regions, people, roles, machines, buckets.

Names, ids and keys follow from the seed alone. Addresses come from the ranges kept for documentation: the
company's own from 203.0.113.0/24 and 2001:db8::/32, everybody else's from 198.51.100.0/24.
"""

import hashlib
from base64 import b32encode
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from trailquery.simulate.record import Actor, json_text, time_text

ORGANIZATION = "o-exampleorg"
PROD, DEV, LOGS = "111122223333", "444455556666", "777788889999"
ACCOUNTS = {PROD: "prod", DEV: "dev", LOGS: "log-archive"}
OPT_IN = "ap-east-1"  # a region that nobody uses; a policy of the organisation forbids it to prod and dev
REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2", OPT_IN)
ORG_BUCKET, PROD_BUCKET = "example-org-trail", "example-prod-trail"
PAYROLL, ACCESS_LOGS = f"payroll-{PROD}", f"access-logs-{PROD}"
EXPORTS, ARCHIVE = f"customer-exports-{PROD}", f"customer-archive-{PROD}"

OFFICE_IP, OFFICE_IPV6, CI_IP, VPN_IP = "203.0.113.10", "2001:db8:10::5c", "203.0.113.40", "203.0.113.77"
BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
CLI = (
    "aws-cli/2.31.22 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-87-generic md/arch#x86_64 lang/python#3.13.7 "
    "md/pyimpl#CPython m/Z,b,E cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#"
)
CI_AGENT = "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#6.1.0-39-cloud-amd64 md/arch#x86_64 lang/python#3.12.11"
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.4 (+https://www.terraform.io) terraform-provider-aws/6.17.0 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.3 ua/2.1 os/linux go#1.24"
)
SSM_AGENT = "aws-sdk-go/1.55.5 (go1.24.4; linux; amd64) amazon-ssm-agent/3.3.3050.0"

T = TypeVar("T")


class Organization:
    """The names of the cast and one seeded source of chance for everything that happens."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(f"events {seed}")  # noqa: S311 a simulation
        self.instances = {
            account: tuple(f"i-0{self.digest(f'instance {account} {n}', 16)}" for n in range(count))
            for account, count in ((PROD, 5), (DEV, 3), (LOGS, 1))
        }

    def digest(self, name: str, length: int) -> str:
        """`length` hex digits that belong to `name`."""
        return hashlib.sha256(f"{self.seed} {name}".encode()).hexdigest()[:length]

    def id(self, prefix: str, name: str) -> str:
        """The unique id or access key of `name`: AIDA, AROA, AKIA ... and base32 to 21 or 20 characters."""
        length = 16 if prefix in ("AKIA", "ASIA") else 17
        code = b32encode(hashlib.sha256(f"{self.seed} {prefix} {name}".encode()).digest()).decode()
        return prefix + code[:length]

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random.random() * len(choices))]

    def region(self) -> str:
        """A region, the first ones much more often."""
        draw = self.random.random()
        return REGIONS[(draw > 0.5) + (draw > 0.8) + (draw > 0.93)]

    def account(self) -> str:
        draw = self.random.random()
        return PROD if draw < 0.46 else DEV if draw < 0.76 else LOGS

    def user(
        self,
        account: str,
        name: str,
        ip: str,
        agent: str,
        *,
        key: str | None = None,
        session: tuple[int, bool] | None = None,
        from_console: bool = False,
        invoked_by: str = "",
    ) -> Actor:
        """An IAM user with a long-term key, or with `key` of a session (created at, with MFA)."""
        arn = f"arn:aws:iam::{account}:user/{name}"
        identity: dict[str, object] = {"type": "IAMUser", "principalId": self.id("AIDA", f"{account}/{name}")}
        identity |= {"arn": arn, "accountId": account}
        identity |= {"accessKeyId": key or self.id("AKIA", name), "userName": name}
        if session:
            identity["sessionContext"] = {"attributes": session_attributes(*session)}
        if invoked_by:
            identity["invokedBy"] = invoked_by
            ip = agent = invoked_by
        return Actor(account, json_text(identity), ip, agent, arn, not invoked_by, from_console)

    def role_session(
        self,
        account: str,
        role: str,
        session_name: str,
        key: str,
        created: int,
        ip: str,
        agent: str,
        *,
        invoked_by: str = "",
        imds: str = "",
        from_console: bool = False,
        endpoint: str = "",
        source_identity: str = "",
        kind: str = "AssumedRole",
    ) -> Actor:
        """A session of `role` (with its path), opened at `created` (seconds UTC); no key where it is ''."""
        role_id, role_name = self.id("AROA", f"{account}/{role}"), role.rsplit("/")[-1]
        arn = f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}"
        issuer = {"type": "Role", "principalId": role_id, "arn": role_arn(account, role)}
        issuer |= {"accountId": account, "userName": role_name}
        context: dict[str, object] = {"sessionIssuer": issuer, "attributes": session_attributes(created, False)}
        context |= {"sourceIdentity": source_identity} if source_identity else {}
        context |= {"ec2RoleDelivery": imds} if imds else {}
        identity: dict[str, object] = {"type": kind, "principalId": f"{role_id}:{session_name}", "arn": arn}
        identity |= {"accountId": account} | ({"accessKeyId": key} if key else {}) | {"sessionContext": context}
        if invoked_by:
            identity["invokedBy"] = ip = agent = invoked_by
        return Actor(account, json_text(identity), ip, agent, arn, not invoked_by, from_console, endpoint)

    def service(self, account: str, name: str) -> Actor:
        """An AWS service that calls for itself."""
        identity = json_text({"type": "AWSService", "invokedBy": f"{name}.amazonaws.com"})
        return Actor(account, identity, f"{name}.amazonaws.com", f"{name}.amazonaws.com", tls=False)


def role_arn(account: str, role: str) -> str:
    return f"arn:aws:iam::{account}:role/{role}"


def session_attributes(created: int, mfa: bool) -> dict[str, str]:
    return {"creationDate": time_text(created), "mfaAuthenticated": "true" if mfa else "false"}
