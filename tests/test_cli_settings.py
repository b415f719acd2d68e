"""The command `settings`, `info` and the footer of own accounts, as a user calls them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner import run

from trailquery import Lake

Lakes = Callable[[list[dict[str, Any]]], Lake]


def test_imported_account_names_are_shown_harmless_by_settings_and_info(lake_of: Lakes, tmp_path: Path) -> None:
    lake_of([{}])
    listing = {"Accounts": [{"Id": "111122223333", "Name": "prod\x1b[31m"}, {"Id": "012345678901", "Name": "old"}]}
    (tmp_path / "accounts.json").write_text(json.dumps(listing))
    imported = run(tmp_path, "settings", "--import-accounts", "accounts.json")
    assert imported.out == f"{tmp_path}/trailquery.toml: 2 accounts added, 0 changed\n"
    assert run(tmp_path, "settings").out.splitlines() == [
        f"file      {tmp_path}/trailquery.toml",
        "accounts  012345678901 old, 111122223333 prod\\x1b[31m",
        "networks  none",
        "regions   none approved: every region counts alike",
        "geoip     none",
        "queries   none of your own",
    ]
    assert run(tmp_path, "info").out.splitlines()[:3] == [
        "events      1 on 1 day, 2024-03-01T10:00:00Z .. 2024-03-01T10:00:00Z",
        f"settings    {tmp_path}/trailquery.toml",
        "accounts    111122223333 (prod\\x1b[31m) 1",
    ]


def test_settings_show_own_queries_and_every_exclusion_with_the_end_of_it(tmp_path: Path) -> None:
    excluded = 'query = "secrets_swept"\nprincipal = "111122223333:root"\naccount = "111122223333"\nreason = "drill\\u001b[2J"\n'
    (tmp_path / "mine").mkdir()
    (tmp_path / "trailquery.toml").write_text(
        f'queries = ["mine"]\n[[exclusions]]\n{excluded}expiry = 2999-12-31\n[[exclusions]]\n{excluded}expiry = 2020-01-31\n'
    )
    assert run(tmp_path, "settings").out.splitlines()[-3:] == [
        f"queries   {tmp_path}/mine",
        "excluded  secrets_swept by 111122223333:root in 111122223333, until 2999-12-31: drill\\x1b[2J",
        "excluded  secrets_swept by 111122223333:root in 111122223333, expired on 2020-01-31, no longer left out: drill\\x1b[2J",
    ]


def test_an_answer_that_hangs_on_own_accounts_says_which_those_are(lake_of: Lakes, tmp_path: Path) -> None:
    lake = lake_of([{}])
    asked = run(tmp_path, "sql", "SELECT is_own_account('111122223333') AS ours")
    assert (asked.out, asked.err) == ("ours\ntrue\n", "own accounts: the 1 recipient seen\n")
    assert run(tmp_path, "sql", "SELECT 1 AS one").err == ""
    told = "own accounts: the 1 recipient seen"
    assert run(tmp_path, "run", "resources_shared_out").err == f"{told}\n"  # by a view that it reads
    assert lake.run("resources_shared_out").footer()[0] == told


def test_a_wrong_settings_file_is_one_line_and_a_strict_region_needs_a_region(lake_of: Lakes, tmp_path: Path) -> None:
    lake_of([{}])
    strict = run(tmp_path, "sql", "FROM events", "--strict-region")
    assert (strict.code, strict.err) == (
        2,
        "--strict-region: nothing to be strict about; add --region REGION\n",
    )
    (tmp_path / "trailquery.toml").write_text("[region]\n")
    wrong = run(tmp_path, "info")
    said = f"{tmp_path}/trailquery.toml: [region] is no setting; did you mean 'regions'?\n"
    assert (wrong.code, wrong.err) == (2, said)
