"""[[exclusions]] of trailquery.toml: what may be excluded, and what an attacker could forge and is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from trailquery.errors import UsageError
from trailquery.exclusions import Exclusion, read_exclusion

SAID: dict[str, Any] = {
    "query": "secrets_swept",
    "principal": "arn:aws:iam::111122223333:role/team/backup",
    "account": "111122223333",
    "reason": "nightly copy",
    "expiry": date(2999, 12, 31),
}


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws-us-gov:iam::111122223333:role/team/backup",
        "arn:aws:iam::111122223333:root",
        "111122223333:root",
        "AROAIOSFODNN7EXAMPLE",
        "config.amazonaws.com",
        "94482488-3041-7055-1111-c90b0a13b6d0",
    ],
)
def test_a_user_role_root_service_or_identity_center_user_can_be_excluded(principal: str) -> None:
    said = SAID | {"principal": principal}
    assert read_exclusion("x", said) == Exclusion(**said)


@pytest.mark.parametrize(
    ("principal", "why"),
    [
        ("198.51.100.7", "is an address, which an attacker can share or forge"),
        ("198.51.100.0/24", "is an address, which an attacker can share or forge"),
        ("2001:db8::7", "is an address, which an attacker can share or forge"),
        ("aws-cli/2.15.0 Python/3.11", "reads like a user agent, which an attacker can forge"),
        ("arn:aws:sts::111122223333:assumed-role/backup/nightly", "holds a session name, which an attacker who takes the role can forge"),
        ("AROAIOSFODNN7EXAMPLE:nightly", "holds a session name, which an attacker who takes the role can forge"),
        ("nightly", "names no user, role or service for certain: a session name would read the same, and an attacker can forge one"),
        ("arn:aws:iam::111122223333:role/*", "names no user, role or service for certain"),
        ("anonymous", "names no user, role or service for certain"),
    ],
)  # fmt: skip
def test_what_an_attacker_can_forge_is_no_principal(principal: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_exclusion("toml: [[exclusions]] 2", SAID | {"principal": principal})
    assert str(refused.value).startswith(f"toml: [[exclusions]] 2: principal {principal!r} {why}")
    assert str(refused.value).endswith(
        "; write the ARN of the user or role, or its principal_key as hunt --format jsonl shows it"
    )


@pytest.mark.parametrize("key", ["user_agent", "session_name", "session", "client_ip", "address", "source_ip_address"])
def test_what_an_attacker_can_forge_is_no_key(key: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_exclusion("x", SAID | {key: "198.51.100.7"})
    said = f"x: {key} can be forged by an attacker; an exclusion has query, principal, account, reason, expiry"
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": 1}, "x: there is no until; an exclusion has query, principal, account, reason, expiry"),
        ({"expiry": "2027-03-31"}, "x: expiry is '2027-03-31', not a date; write expiry = 2027-03-31, without quotes"),
        ({"expiry": datetime(2027, 3, 31, tzinfo=UTC)}, r"x: expiry is datetime\.datetime\(.*\), not a date"),
        ({"account": "1111"}, "x: account '1111' is not 12 digits; write all of them"),
        ({"reason": 7}, "x: reason is 7, not text; write it in quotes"),
        ({"reason": " "}, "x: reason is ' ', not text; write it in quotes"),
        *(({key: ""}, f"x lacks {key}; an exclusion has query, ") for key in SAID),
    ],
)
def test_an_exclusion_that_is_not_whole_is_refused_in_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_exclusion("x", SAID | changes)


def test_an_exclusion_holds_on_its_last_day_and_no_longer() -> None:
    today = datetime.now(UTC).date()
    over = [
        read_exclusion("x", SAID | {"expiry": today + timedelta(days=days)}).is_over() for days in (-2, -1, 1)
    ]  # today itself could end while this runs
    assert over == [True, True, False]


def test_an_exclusion_is_told_in_one_line() -> None:
    line = "secrets_swept by AROAIOSFODNN7EXAMPLE in 111122223333, "
    one = Exclusion(**SAID | {"principal": "AROAIOSFODNN7EXAMPLE"})
    assert one.told() == line + "until 2999-12-31: nightly copy"
    past = one._replace(expiry=date(2020, 1, 2))
    assert past.told() == line + "expired on 2020-01-02, no longer left out: nightly copy"
