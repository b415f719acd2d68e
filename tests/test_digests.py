"""A digest: what it says, who signed it."""

import json
from pathlib import Path

import pytest
from trails import START, Trail

from trailquery.digests import (
    DigestName,
    FaultError,
    KeyFaultError,
    check_signature,
    digest_name,
    read_digest,
    read_keys,
)
from trailquery.errors import UsageError
from trailquery.simulate.keys import SigningKey

NAME = "111122223333_CloudTrail-Digest_eu-west-1_my_trail-1_us-east-1_20240301T100003Z"


@pytest.mark.parametrize("above", ["", "AWSLogs/x/", "evidence.zip!", "C:\\logs\\"])
def test_the_name_of_a_digest_tells_trail_home_region_and_end(above: str):
    end = START.replace(second=3)
    assert digest_name(f"{above}{NAME}.json.gz") == DigestName("my_trail-1", "us-east-1", end, False)
    assert digest_name(f"{above}{NAME}_backfill.json.gz") == DigestName("my_trail-1", "us-east-1", end, True)


@pytest.mark.parametrize("name", ["notes.json.gz", NAME.replace("T10", "T99") + ".json.gz", NAME + ".txt"])
def test_other_names_are_those_of_no_digest(name: str):
    assert digest_name(name) is None


def test_a_signature_holds_for_its_digest_and_for_no_other():
    trail = Trail(hours=2, logs=0)
    texts = [trail.objects[key].text for key in trail.digests]
    signatures = [trail.objects[key].metadata["signature"] for key in trail.digests]
    for text, signature in zip(texts, signatures, strict=True):
        check_signature(read_digest(text), text, signature, trail.public_keys(), START)
    with pytest.raises(FaultError, match="signature verification failed"):
        check_signature(read_digest(texts[0]), texts[0], signatures[1], trail.public_keys(), START)
    with pytest.raises(KeyFaultError, match="public key not found"):
        check_signature(read_digest(texts[0]), texts[0], signatures[0], {}, START)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"awsAccountId": "111122223333"}', b"\xff"])
def test_what_is_no_digest_is_of_invalid_format(text: bytes):
    with pytest.raises(FaultError, match="^invalid format: "):
        read_digest(text)


def test_a_file_of_keys_is_read_as_the_aws_cli_prints_it(tmp_path: Path):
    listing = SigningKey(1).listing(START, START)
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(listing))
    (key,) = read_keys(file).values()
    assert (key.fingerprint, key.der, key.valid_from) == (SigningKey(1).fingerprint, SigningKey(1).der, START)
    file.write_text("{}")
    with pytest.raises(UsageError, match="holds no PublicKeyList"):
        read_keys(file)
    with pytest.raises(UsageError, match="No such file"):
        read_keys(tmp_path / "none.json")
