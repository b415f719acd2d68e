"""What trailquery.toml and .mmdb files add to the events."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from trailquery import Lake, open_lake
from trailquery.errors import UsageError
from trailquery.schema import connect
from trailquery.settings import Settings, read_settings

Lakes = Callable[[list[dict[str, Any]]], Lake]
EVENTS = [
    {"eventID": "desk", "sourceIPAddress": "198.51.100.7"},
    {"eventID": "floor", "sourceIPAddress": "::ffff:198.51.100.8"},
    {
        "eventID": "six",
        "sourceIPAddress": "2001:db8::5",
        "recipientAccountId": "444455556666",
        "awsRegion": "us-east-1",
    },
    {"eventID": "iam", "sourceIPAddress": "203.0.113.9", "eventSource": "iam.amazonaws.com"},
    {"eventID": "service", "sourceIPAddress": "s3.amazonaws.com", "awsRegion": "eu-west-1"},
]
TOML = """
[accounts]
"111122223333" = "prod"
[networks]
"198.51.100.0/24" = "office"
"198.51.100.7" = "desk's"
"2001:db8::/32" = "six"
[regions]
approved = ["eu-west-1"]
"""


def settings(folder: Path, text: str) -> Settings:
    file = folder / "trailquery.toml"
    file.write_text(text)
    return read_settings(file)


def column(lake: Lake, name: str) -> dict[str, Any]:
    return {row["event_id"]: row["value"] for row in lake.sql(f"SELECT event_id, {name} AS value FROM events").rows()}


def mmdb(file: Path, cidr: str, said: dict[str, Any]) -> None:
    writer = MMDBWriter(ip_version=4)
    writer.insert_network(IPSet([cidr]), said)
    writer.to_db_file(str(file))


def test_names_of_accounts_networks_and_regions_are_columns(lake_of: Lakes, tmp_path: Path) -> None:
    lake = open_lake(lake_of(EVENTS).path, settings=settings(tmp_path, TOML))
    assert column(lake, "network") == {"desk": "desk's", "floor": "office", "six": "six", "iam": None, "service": None}
    assert column(lake, "account_name") == dict.fromkeys(("desk", "floor", "iam", "service"), "prod") | {"six": None}
    assert column(lake, "is_approved_region") == {
        "desk": False, "floor": False, "six": False, "iam": True, "service": True,
    }  # fmt: skip


def test_without_settings_the_columns_are_null(lake_of: Lakes) -> None:
    names = ("account_name", "is_approved_region", "network", "country", "asn", "as_name")
    lake = open_lake(lake_of(EVENTS[:1]).path, settings=Settings())
    assert lake.sql(f"SELECT {', '.join(names)} FROM events").rows() == [dict.fromkeys(names)]


def test_country_and_network_operator_come_from_mmdb_files_of_either_spelling(lake_of: Lakes, tmp_path: Path) -> None:
    mmdb(tmp_path / "country.mmdb", "198.51.100.0/24", {"country": {"iso_code": "DE"}})
    mmdb(
        tmp_path / "asn.mmdb",
        "198.51.100.7/32",
        {"autonomous_system_number": 64500, "autonomous_system_organization": "Net"},
    )
    mmdb(tmp_path / "flat.mmdb", "203.0.113.0/24", {"country_code": "FR", "asn": "AS64501", "as_name": "Flat"})
    given = settings(tmp_path, '[geoip]\ndatabases = ["country.mmdb", "asn.mmdb", "flat.mmdb"]')
    lake = open_lake(lake_of(EVENTS).path, settings=given)
    assert column(lake, "[country, asn::VARCHAR, as_name]") == {
        "desk": ["DE", "64500", "Net"], "floor": ["DE", None, None], "iam": ["FR", "64501", "Flat"],
        "six": [None] * 3, "service": [None] * 3,
    }  # fmt: skip


def test_what_is_no_mmdb_file_is_refused_by_name(lake_of: Lakes, tmp_path: Path) -> None:
    (tmp_path / "x.mmdb").write_text("no database")
    with pytest.raises(UsageError, match=r"x\.mmdb: .*takes .mmdb files"):
        open_lake(lake_of(EVENTS).path, settings=settings(tmp_path, '[geoip]\ndatabases = ["x.mmdb"]'))


def test_the_cache_of_places_is_one_file_for_each_settings_and_may_be_broken_or_gone(
    lake_of: Lakes, tmp_path: Path
) -> None:
    path = lake_of(EVENTS).path
    given = settings(tmp_path, TOML)
    for text in (None, b"", b"PAR1 broken"):
        for cached in (path / "cache").glob("places-*"):
            cached.write_bytes(text) if text is not None else cached.unlink()
        assert column(open_lake(path, settings=given), "network")["desk"] == "desk's"
    changed = settings(tmp_path, '[networks]\n"198.51.100.0/24" = "lab"')
    assert column(open_lake(path, settings=changed), "network")["desk"] == "lab"
    assert len(list((path / "cache").glob("*places-*"))) == 1


def test_a_lake_whose_cache_cannot_be_written_answers_all_the_same(lake_of: Lakes, tmp_path: Path) -> None:
    path = lake_of(EVENTS).path
    for old in (path / "cache").glob("*"):
        old.unlink()
    (path / "cache").rmdir()
    (path / "cache").write_text("in the way of a folder")
    assert column(open_lake(path, settings=settings(tmp_path, TOML)), "network")["desk"] == "desk's"


def test_own_accounts_are_those_of_the_settings_else_the_recipients_seen(lake_of: Lakes, tmp_path: Path) -> None:
    path = lake_of(EVENTS).path
    given = settings(tmp_path, TOML)
    own = "SELECT is_own_account('111122223333') AS a, is_own_account('444455556666') AS b, is_own_account(NULL) AS c"
    with_names, without = open_lake(path, settings=given), open_lake(path, settings=Settings())
    assert with_names.sql(own).rows() == [{"a": True, "b": False, "c": None}]
    assert without.sql(own).rows() == [{"a": True, "b": True, "c": None}]
    assert with_names.own_accounts_source() == f"own accounts: 1 of {given.file}"
    assert without.own_accounts_source() == "own accounts: the 2 recipients seen"


def test_an_account_that_is_not_ours_is_found_among_the_callers(lake_of: Lakes, tmp_path: Path) -> None:
    stranger = {"type": "AWSAccount", "accountId": "999988887777", "principalId": "AIDAIOSFODNN7EXAMPLF"}
    path = lake_of([{"eventID": "ours"}, {"eventID": "theirs", "userIdentity": stranger}]).path
    lake = open_lake(path, settings=Settings())
    rows = lake.sql("SELECT event_id FROM events WHERE NOT is_own_account(actor_account_id)").rows()
    assert rows == [{"event_id": "theirs"}]


def test_names_of_accounts_are_text_and_never_sql(lake_of: Lakes, tmp_path: Path) -> None:
    name = "x'); DROP VIEW events; --\x1b[31m"
    given = settings(tmp_path, f'[accounts]\n"111122223333" = {json.dumps(name)}')
    assert column(open_lake(lake_of(EVENTS[:1]).path, settings=given), "account_name") == {"desk": name}


def test_a_database_of_the_views_keeps_the_names(lake_of: Lakes, tmp_path: Path) -> None:
    lake = open_lake(lake_of(EVENTS[:1]).path, settings=settings(tmp_path, TOML))
    connect(lake, tmp_path / "views.duckdb")
    with duckdb.connect(str(tmp_path / "views.duckdb"), read_only=True) as other:
        assert other.execute("SELECT account_name, network FROM events").fetchall() == [("prod", "desk's")]


def test_the_narrowed_lake_keeps_its_settings(lake_of: Lakes, tmp_path: Path) -> None:
    lake = open_lake(lake_of(EVENTS).path, settings=settings(tmp_path, TOML)).narrowed(accounts=("111122223333",))
    assert column(lake, "network")["desk"] == "desk's"


def test_coverage_is_told_where_networks_have_names(lake_of: Lakes, tmp_path: Path) -> None:
    lake = open_lake(lake_of(EVENTS[:1]).path, settings=settings(tmp_path, TOML))
    assert column(lake, "network") == {"desk": "desk's"}
    assert lake.sql("SELECT count(*) AS hours FROM coverage_hours").rows() == [{"hours": 1}]
