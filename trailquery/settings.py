"""What the user knows and no log says: names of accounts and networks, approved regions, where .mmdb files lie.

[accounts]
"111122223333" = "prod"

[networks]
"198.51.100.0/24" = "office"

[regions]
approved = ["eu-west-1"]

[geoip]
databases = ["geo/country.mmdb"]  # from the folder of this file

Before the first [table] may stand the folders of your own queries, from the folder of this file: queries = ["queries"].
For [[exclusions]] see exclusions.py.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NamedTuple

from trailquery.errors import UsageError, at
from trailquery.exclusions import Exclusion, read_exclusion
from trailquery.wording import did_you_mean

FILE_NAME = "trailquery.toml"
Network = IPv4Network | IPv6Network

_KEYS: dict[str, tuple[str, ...]] = {"accounts": (), "networks": (), "regions": ("approved",), "geoip": ("databases",)}
_LISTS = ("queries", "exclusions")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+[a-z]?")


class Settings(NamedTuple):
    """One trailquery.toml; without a `file` nothing is set. `networks` stand narrowest first."""

    file: Path | None = None
    accounts: Mapping[str, str] = {}
    networks: tuple[tuple[Network, str], ...] = ()
    approved_regions: tuple[str, ...] = ()
    databases: tuple[Path, ...] = ()
    queries: tuple[Path, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


def default_lake() -> Path:
    """$TRAILQUERY_LAKE, else ./lake."""
    return Path(os.environ.get("TRAILQUERY_LAKE") or "lake")


def lake_option(lake: Path) -> tuple[str, ...]:
    """What a command needs beside its own words to ask `lake`."""
    return () if lake == default_lake() else ("--lake", str(lake))


def find_settings(lake: Path) -> Settings:
    """The settings of the nearest trailquery.toml from the working directory upwards, else of that in the lake.

    Raises MachineError where the working directory is gone.
    """
    with at("the working directory"):
        here = Path.cwd()
    places = [folder / FILE_NAME for folder in (here, *here.parents, lake)]
    return next((read_settings(file) for file in places if file.is_file()), Settings())


def read_settings(file: Path) -> Settings:
    """Read and check one trailquery.toml. Raises UsageError naming the file and the key."""
    said = _parsed(file)
    _check_keys(file, said)
    tables = {name: said.get(name, {}) for name in _KEYS}
    return Settings(
        file,
        {key: _name(file, "accounts", _account_id(file, key), name) for key, name in tables["accounts"].items()},
        _networks(file, tables["networks"]),
        tuple(_region(file, word) for word in _texts(file, "regions.approved", tables["regions"].get("approved", []))),
        tuple(_database(file, word) for word in _texts(file, "geoip.databases", tables["geoip"].get("databases", []))),
        tuple(_folder(file, word) for word in _texts(file, "queries", said.get("queries", []))),
        _exclusions(file, said.get("exclusions", [])),
    )


def accounts_listed(file: Path) -> dict[str, str]:
    """Names by account id in the output of `aws organizations list-accounts`: pages one after the other, or a bare list.

    Raises UsageError where the file holds none.
    """
    try:
        pages = _documents(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; name a file you can read") from None
    except ValueError as error:
        raise UsageError(f"{file}: no JSON ({error}); write it with: aws organizations list-accounts") from None
    listed = [page.get("Accounts") if isinstance(page, dict) else page for page in pages]
    found = {}
    for account in (one for page in listed if isinstance(page, list) for one in page):
        account_id, name = (account.get("Id"), account.get("Name")) if isinstance(account, dict) else (None, None)
        if not (isinstance(account_id, str) and _ACCOUNT_ID.fullmatch(account_id) and isinstance(name, str)):
            raise UsageError(
                f"{file}: {json.dumps(account)[:80]} is no account with Id and Name; expected those of list-accounts"
            )
        found[account_id] = name
    if not found:
        raise UsageError(f"{file}: holds no account; write it with: aws organizations list-accounts")
    return found


def import_accounts(names: Mapping[str, str], file: Path) -> tuple[int, int]:
    """Write `names` into [accounts] of `file`, made where there is none; how many were added, how many changed.

    Comments and all else in the file stay. Raises UsageError where the file is wrong already.
    """
    import tomlkit
    from tomlkit.items import KeyType, SingleKey

    known = read_settings(file).accounts if file.exists() else {}
    document = tomlkit.parse(file.read_text(encoding="utf-8")) if file.exists() else tomlkit.document()
    if "accounts" not in document:
        document["accounts"] = tomlkit.table()
    table: Any = document["accounts"]
    for account_id, name in sorted(names.items()):
        if account_id in known:
            table[account_id] = name
        else:
            table.append(SingleKey(account_id, KeyType.Basic), name)
    with at(file):
        file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return len(names.keys() - known.keys()), sum(known.get(key, name) != name for key, name in names.items())


def _parsed(file: Path) -> dict[str, Any]:
    try:
        with at(file):
            return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # of TOML, and of UTF-8
        raise UsageError(f"{file}: {error}; mend it, or move the file away") from None


def _check_keys(file: Path, said: Mapping[str, Any]) -> None:
    for name, table in said.items():
        _check_known(file, name, f"[{name}]", (*_KEYS, *_LISTS))
        if name in _LISTS:
            continue
        if not isinstance(table, dict):
            raise UsageError(f"{file}: {name} is {table!r}, not a table; write a line [{name}] and its entries below")
        for key in table if _KEYS[name] else ():
            _check_known(file, key, f"[{name}] {key}", _KEYS[name])


def _check_known(file: Path, key: str, shown: str, known: tuple[str, ...]) -> None:
    if key not in known:
        hint = did_you_mean(key, known) or f"there is {', '.join(known)}"
        raise UsageError(f"{file}: {shown} is no setting; {hint}")


def _account_id(file: Path, key: str) -> str:
    if _ACCOUNT_ID.fullmatch(key):
        return key
    digits = f'write all of them, quoted: "{key:0>12}" = ...' if key.isdecimal() else 'write "ACCOUNT ID" = "NAME"'
    raise UsageError(f"{file}: [accounts] {key} is not 12 digits; {digits}")


def _name(file: Path, table: str, key: str, name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f'{file}: [{table}] {key} is {name!r}, not a name; write "{key}" = "NAME"')
    return name


def _networks(file: Path, table: Mapping[str, Any]) -> tuple[tuple[Network, str], ...]:
    named: dict[Network, str] = {}
    for key, name in table.items():
        try:
            network = ip_network(key)
        except ValueError as error:
            raise UsageError(f'{file}: [networks] {key}: {error}; write it as "198.51.100.0/24" = "office"') from None
        if network in named:
            raise UsageError(f"{file}: [networks] {key} is there twice; keep one")
        named[network] = _name(file, "networks", key, name)
    return tuple(sorted(named.items(), key=lambda entry: -entry[0].prefixlen))


def _texts(file: Path, key: str, values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UsageError(f'{file}: {key} is {values!r}, not a list of texts; write ["...", "..."]')
    return values


def _region(file: Path, word: str) -> str:
    if not _REGION.fullmatch(word):
        raise UsageError(f"{file}: regions.approved {word!r} is no region; write it like eu-west-1")
    return word


def _database(file: Path, word: str) -> Path:
    database = file.parent / word
    if not database.is_file():
        raise UsageError(f"{file}: geoip.databases {word!r} is no file; name it from the folder of this file")
    return database


def _folder(file: Path, word: str) -> Path:
    folder = file.parent / word
    if not folder.is_dir():
        raise UsageError(f"{file}: queries {word!r} is no folder; name it from the folder of this file")
    return folder


def _exclusions(file: Path, said: object) -> tuple[Exclusion, ...]:
    if not isinstance(said, list):
        raise UsageError(f"{file}: exclusions is {said!r}; write a line [[exclusions]] for each, its entries below")
    return tuple(read_exclusion(f"{file}: [[exclusions]] {number}", one) for number, one in enumerate(said, 1))


def _documents(text: str) -> list[Any]:
    """The JSON values that stand in `text` one after the other."""
    found, place = [], 0
    while place < len(text) and (rest := text[place:].lstrip()):
        place = len(text) - len(rest)
        value, place = json.JSONDecoder().raw_decode(text, place)
        found.append(value)
    return found
