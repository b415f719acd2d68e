"""trailquery.toml: read, refused with one line, and filled from list-accounts."""

import json
import os
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest

from trailquery.errors import MachineError, UsageError
from trailquery.exclusions import Exclusion
from trailquery.settings import Settings, accounts_listed, find_settings, import_accounts, read_settings


def toml(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "trailquery.toml"
    file.write_text(text)
    return file


def test_a_working_directory_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").mkdir()
    os.chdir("gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(MachineError, match="^the working directory: No such file or directory$"):
        find_settings(tmp_path)


def test_the_nearest_file_upwards_counts_alone_and_that_of_the_lake_only_without_one(tmp_path, monkeypatch):
    inner, lake = tmp_path / "a" / "b", tmp_path / "lake"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert find_settings(lake) == Settings()
    in_lake = toml(lake, '[accounts]\n"111122223333" = "lake"')
    assert find_settings(lake) == Settings(in_lake, {"111122223333": "lake"})
    outer = toml(tmp_path / "a", '[regions]\napproved = ["eu-west-1"]')
    assert find_settings(lake) == Settings(outer, approved_regions=("eu-west-1",))


def test_networks_stand_narrowest_first(tmp_path):
    file = toml(tmp_path, '[networks]\n"198.51.0.0/16" = "all"\n"198.51.100.7" = "one"\n"198.51.100.0/24" = "office"')
    order = [ip_network(word) for word in ("198.51.100.7/32", "198.51.100.0/24", "198.51.0.0/16")]
    assert [network for network, _ in read_settings(file).networks] == order


def test_own_queries_and_exclusions_are_read_and_folders_lie_beside_the_file(tmp_path):
    (tmp_path / "mine").mkdir()
    excluded = (
        'query = "secrets_swept"\nprincipal = "111122223333:root"\naccount = "111122223333"\n'
        'reason = "drill"\nexpiry = 2027-03-31\n'
    )
    settings = read_settings(toml(tmp_path, f'queries = ["mine"]\n[[exclusions]]\n{excluded}'))
    one = Exclusion("secrets_swept", "111122223333:root", "111122223333", "drill", date(2027, 3, 31))
    assert (settings.queries, settings.exclusions) == ((tmp_path / "mine",), (one,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[acounts]\n"111122223333" = "prod"', r"\[acounts\] is no setting; did you mean 'accounts'\?"),
        ('[regions]\naproved = ["eu-west-1"]', r"\[regions\] aproved is no setting; did you mean 'approved'\?"),
        ("queries = " + "[" * 20_000, "trailquery.toml: .*; mend it, or move the file away"),
        ("accounts = 5", r"accounts is 5, not a table; write a line \[accounts\]"),
        ('[accounts]\n12345678901 = "prod"', r'\[accounts\] 12345678901 is not 12 digits; .* quoted: "012345678901"'),
        ('[accounts]\n012345678901 = 5', r'\[accounts\] 012345678901 is 5, not a name; write "012345678901" = "NAME"'),
        ('[accounts]\nprod = "111122223333"', r'\[accounts\] prod is not 12 digits; write "ACCOUNT ID" = "NAME"'),
        ('[networks]\n"198.51.100.0/99" = "x"', r"\[networks\] 198.51.100.0/99: .*write it as"),
        ('[networks]\n"198.51.100.7/24" = "x"', r"\[networks\] 198.51.100.7/24: .*host bits set"),
        ('[networks]\n"2001:db8::/32" = "x"\n"2001:0db8::/32" = "y"', r"\[networks\] 2001:0db8::/32 is there twice"),
        ('[regions]\napproved = "eu-west-1"', r"regions.approved is 'eu-west-1', not a list of texts"),
        ('[regions]\napproved = ["europe"]', r"regions.approved 'europe' is no region; write it like eu-west-1"),
        ('[geoip]\ndatabases = ["none.mmdb"]', r"geoip.databases 'none.mmdb' is no file"),
        ("queries = 'mine'", r"queries is 'mine', not a list of texts"),
        ("queries = ['none']", r"queries 'none' is no folder; name it from the folder of this file"),
        ("exclusions = 5", r"exclusions is 5; write a line \[\[exclusions\]\] for each"),
        ("exclusions = [5]", r"\[\[exclusions\]\] 1 is 5, not a table; write a line \[\[exclusions\]\]"),
        ('[[exclusions]]\nquery = "q"', r"\[\[exclusions\]\] 1 lacks principal; an exclusion has query, principal, "),
        ('[exclusion]', r"\[exclusion\] is no setting; did you mean 'exclusions'\?"),
        ("[accounts", r"Expected .* at the end of a table declaration"),
    ],
)  # fmt: skip
def test_wrong_content_is_one_line_that_names_file_and_key(tmp_path, text, said):
    file = toml(tmp_path, text)
    with pytest.raises(UsageError, match=said) as raised:
        read_settings(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert "\n" not in str(raised.value)


def account(number: str, name: str) -> dict[str, str]:
    return {"Id": number, "Name": name, "Status": "ACTIVE"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Accounts": [account("111122223333", "prod"), account("012345678901", "old")]}, indent=2),
        json.dumps([account("111122223333", "prod"), account("012345678901", "old")]),
        json.dumps({"Accounts": [account("111122223333", "prod")], "NextToken": "x"})
        + "\n"
        + json.dumps({"Accounts": [account("012345678901", "old")]}) + "\n",
    ],
)  # fmt: skip
def test_accounts_are_read_from_one_page_many_or_a_bare_list(tmp_path, text):
    listing = tmp_path / "accounts.json"
    listing.write_text(text)
    assert accounts_listed(listing) == {"111122223333": "prod", "012345678901": "old"}


@pytest.mark.parametrize("text", ["", "{}", "[]", "no json", '[{"Id": "1", "Name": "x"}]', '{"Accounts": [5]}'])
def test_a_listing_without_accounts_is_refused(tmp_path, text):
    listing = tmp_path / "accounts.json"
    listing.write_text(text)
    with pytest.raises(UsageError, match=str(listing)):
        accounts_listed(listing)


def test_an_import_keeps_comments_and_counts_what_it_added_and_changed(tmp_path):
    file = toml(tmp_path, '# ours\n[accounts]\n"111122223333" = "prod" # old\n"444455556666" = "dev"\n\n[networks]\n')
    names = {"111122223333": "production", "444455556666": "dev", "777788889999": 'x"\n[geoip]'}
    assert import_accounts(names, file) == (1, 1)
    assert read_settings(file).accounts == names
    assert file.read_text().startswith('# ours\n[accounts]\n"111122223333" = "production" # old\n')
    assert import_accounts(names, file) == (0, 0)


def test_an_import_makes_the_file_where_there_is_none(tmp_path):
    assert import_accounts({"012345678901": "old"}, tmp_path / "trailquery.toml") == (1, 0)
    assert (tmp_path / "trailquery.toml").read_text() == '[accounts]\n"012345678901" = "old"\n'
