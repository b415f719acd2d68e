"""What the place of a log file tells, and what it cannot."""

from datetime import datetime

import pytest
from conftest import recording
from hypothesis import given
from hypothesis import strategies as st

from trailquery.sources import DeliveryPath, LogFile, delivery_path, log_files

utc = datetime.fromisoformat
ACCOUNT, ORGANIZATION = "111122223333", "o-exampleorgid"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            f"logs/x/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/20/"
            f"{ACCOUNT}_CloudTrail_us-east-1_20261120T0215Z_C1qUFaqvZS64BcIN.json.gz",
            (ACCOUNT, "us-east-1", None, "CloudTrail", utc("2026-11-20T02:15"), "logs/x"),
        ),
        (
            f"AWSLogs/{ORGANIZATION}/{ACCOUNT}/CloudTrail-Insight/us-gov-west-1/2026/11/20/"
            f"{ACCOUNT}_CloudTrail-Insight_us-gov-west-1_20261120T0215Z_C1qUFaqvZS64BcIN.json.gz",
            (ACCOUNT, "us-gov-west-1", ORGANIZATION, "CloudTrail-Insight", utc("2026-11-20T02:15"), ""),
        ),
        (
            f"evidence.zip!AWSLogs/{ACCOUNT}/CloudTrail-NetworkActivity/eu-west-1/2026/11/20/export.json.gz",
            (ACCOUNT, "eu-west-1", None, "CloudTrail-NetworkActivity", None, "evidence.zip"),
        ),
        (
            f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/11/20/"
            f"{ACCOUNT}_CloudTrail-Digest_us-east-1_my-org_trail_eu-west-1_20261120T021509Z.json.gz",
            (ACCOUNT, "us-east-1", None, "CloudTrail-Digest", utc("2026-11-20T02:15:09"), ""),
        ),
        (
            f"flat/{ACCOUNT}_CloudTrail_us-east-1-20200930T2300.json",
            (ACCOUNT, "us-east-1", None, "CloudTrail", utc("2020-09-30T23:00"), None),
        ),
        (
            f"C:\\AWSLogs\\{ACCOUNT}\\CloudTrail-Aggregated\\ap-southeast-1\\{ACCOUNT}_CloudTrail-Aggregated"
            "_ap-southeast-1_20261120T0215Z_x.json.gz",
            (ACCOUNT, "ap-southeast-1", None, "CloudTrail-Aggregated", utc("2026-11-20T02:15"), "C:"),
        ),
        (
            f"{ACCOUNT}_CloudTrail_us-east-1_20261340T9999Z_x.json.gz",
            (ACCOUNT, "us-east-1", None, "CloudTrail", None, None),
        ),
        ("stratus/aws.persistence.iam-backdoor-role.json", (None, None, None, None, None, None)),
        ("-", (None, None, None, None, None, None)),
    ],
)
def test_a_place_tells_what_cloudtrail_wrote_into_the_key(place, said):
    assert delivery_path(place) == DeliveryPath(*said)


def test_a_page_of_the_event_history_tells_its_account_and_region() -> None:
    said = delivery_path("cloudtrail:LookupEvents/111122223333/eu-west-1/2026-11-20T10:00:00Z/2026-11-20T10:05:00Z")
    assert said == DeliveryPath("111122223333", "eu-west-1", None, None, None, None)


@given(st.text(), st.text("0123456789TZ_-", max_size=30), st.text(max_size=9))
def test_no_place_raises(before, stamp, after):
    delivery_path(f"{before}AWSLogs/{ACCOUNT}/CloudTrail/{after}/{ACCOUNT}_CloudTrail_us-east-1_{stamp}{after}")


def test_every_recorded_delivery_says_account_region_folder_and_time():
    said = [
        delivery_path(file.place)
        for folder in ("invictus", "otrf", "flaws-sample")
        for file in log_files([recording(folder)])
        if isinstance(file, LogFile)
    ]
    assert len(said) == 66
    assert {path.folder for path in said} == {"CloudTrail"}
    assert {path.account_id for path in said} == {"218007301253", "123456789123", "811596193553"}
    assert {path.organization_id for path in said} == {None, "o-abcd"}
    assert {path.region for path in said} == {"us-east-1", "ap-southeast-1"}
    assert None not in {path.delivered_at for path in said}
