"""What trailquery.toml and .mmdb files add to the events: names of accounts and networks, countries, AS numbers."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from trailquery.atomic import unfinished
from trailquery.errors import UsageError
from trailquery.events import TEXT
from trailquery.parameters import literal
from trailquery.settings import Settings

_ADDRESSES = pa.schema(
    [("client_ip", TEXT), ("network", TEXT), ("country", TEXT), ("asn", pa.int64()), ("as_name", TEXT)]
)


def define_enriched(connection: duckdb.DuckDBPyConnection, lake: Path, settings: Settings, version: str) -> None:
    """View `stored.enriched`: `stored.events` and ADDED_COLUMNS; `version` names the events the lake holds now.

    What is not set is a constant NULL and costs nothing; what is set, a join with a small table of `stored`.
    """
    _define_names(connection, settings)
    places = _places(connection, lake, settings, version)
    columns = ["a.account_name" if settings.accounts else "NULL::VARCHAR AS account_name", _approved(settings)]
    joins = ["LEFT JOIN stored.account_names AS a ON a.account_id = e.account_id"] if settings.accounts else []
    if places is None:
        columns += ["NULL::VARCHAR AS network, NULL::VARCHAR AS country, NULL::BIGINT AS asn, NULL::VARCHAR AS as_name"]
    else:
        columns += ["p.network, p.country, p.asn, p.as_name"]
        joins += ["LEFT JOIN stored.places AS p ON p.client_ip = e.client_ip"]
        _create_table(connection, "places", places.to_pydict())
    select = f"SELECT e.*, {', '.join(columns)} FROM stored.events AS e {' '.join(joins)}"  # noqa: S608 (our own text)
    connection.execute(f"CREATE VIEW stored.enriched AS {select}")


def _define_names(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """`stored.account_names` and `stored.own_accounts`: those of the settings, else the recipients seen."""
    names = {"account_id": list(settings.accounts), "account_name": list(settings.accounts.values())}
    _create_table(connection, "account_names", names)
    own = (
        "FROM stored.account_names"
        if settings.accounts
        else "SELECT DISTINCT account_id, NULL::VARCHAR AS account_name FROM stored.events WHERE account_id IS NOT NULL"
    )
    connection.execute(f"CREATE VIEW stored.own_accounts AS {own}")


def _create_table(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[Any]]) -> None:
    """Table `stored.<name>` of text, and of integers in asn. Plain lists: building Arrow of them would import pandas."""
    values = ", ".join(
        f"unnest(${column}::{'BIGINT' if column == 'asn' else 'VARCHAR'}[]) AS {column}" for column in columns
    )
    connection.execute(f"CREATE TABLE stored.{name} AS SELECT {values}", columns)


def _approved(settings: Settings) -> str:
    if not settings.approved_regions:
        return "NULL::BOOLEAN AS is_approved_region"
    listed = ", ".join(map(literal, settings.approved_regions))
    return (
        f"(e.region IN ({listed}) OR e.category = 'signin' OR is_global_service(e.service, e.region))"
        " AS is_approved_region"
    )


def _places(connection: duckdb.DuckDBPyConnection, lake: Path, settings: Settings, version: str) -> pa.Table | None:
    """What the settings say of each address in the lake, from the cache if that is of this version; None if nothing."""
    if not settings.networks and not settings.databases:
        return None
    stats = [(str(database), database.stat().st_size, database.stat().st_mtime_ns) for database in settings.databases]
    networks = [(str(network), name) for network, name in settings.networks]
    key = sha256(json.dumps([version, networks, stats]).encode()).hexdigest()[:32]
    cached = lake / "cache" / f"places-{key}.parquet"
    try:
        return pq.read_table(cached, schema=_ADDRESSES)
    except (OSError, pa.ArrowException):  # not there, cut off, or of somebody else: made anew
        pass
    found = connection.execute("SELECT DISTINCT client_ip FROM stored.events WHERE client_ip IS NOT NULL").fetchall()
    rows = [row for row in _looked_up((client_ip for (client_ip,) in found), settings) if any(row[1:])]
    columns = list(zip(*rows, strict=True)) or [()] * len(_ADDRESSES)
    places = pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, _ADDRESSES, strict=True)], schema=_ADDRESSES
    )
    _keep(places, cached)
    return places


def _keep(places: pa.Table, cached: Path) -> None:
    """Write the cache, in the place of older ones, where the folder lets us."""
    with suppress(OSError):
        with unfinished(cached.parent) as part:
            pq.write_table(places, part)
            part.replace(cached)
        for old in cached.parent.glob("places-*.parquet"):
            if old != cached:
                old.unlink()


def _looked_up(addresses: Iterable[str], settings: Settings) -> Iterator[tuple[Any, ...]]:
    """client_ip, network, country, asn, as_name of each address."""
    names = {(n.version, n.prefixlen, int(n.network_address)): name for n, name in settings.networks}
    lengths = sorted({(version, length) for version, length, _ in names}, reverse=True)
    readers = [_opened(database) for database in settings.databases]
    for text in addresses:
        address = ip_address(text)
        address = getattr(address, "ipv4_mapped", None) or address
        number, bits = int(address), address.max_prefixlen
        blocks = ((v, n, number >> (bits - n) << (bits - n)) for v, n in lengths if v == address.version)
        network = next((names[block] for block in blocks if block in names), None)
        said = [_told(reader, address) for reader in readers]
        yield text, network, *(next((one[i] for one in said if one[i] is not None), None) for i in range(3))


def _opened(database: Path) -> Any:
    import maxminddb

    try:
        return maxminddb.open_database(database)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise UsageError(f"{database}: {error}; geoip.databases takes .mmdb files") from None


def _told(reader: Any, address: Any) -> tuple[str | None, int | None, str | None]:
    """country, asn, as_name, as MaxMind and DB-IP (nested) and IPinfo (flat) spell them."""
    if address.version == 6 and reader.metadata().ip_version == 4:
        return None, None, None
    said = reader.get(address)
    said = said if isinstance(said, dict) else {}
    country = said.get("country", said.get("country_code"))
    if isinstance(country, dict):
        country = country.get("iso_code")
    number = said.get("autonomous_system_number", said.get("asn"))
    digits = str(number).upper().removeprefix("AS")
    name = said.get("autonomous_system_organization", said.get("as_name"))
    return (
        said.get("country_code", country) if isinstance(country, str) else None,
        int(digits) if digits.isdecimal() and int(digits) < 1 << 32 else None,
        name if isinstance(name, str) else None,
    )
