"""`trailquery verify`: are the log files whole, and who says so?"""

import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trailquery import hidden
from trailquery.cli.aws import ACCESS, HISTORY, access_of, is_remote, opened_bucket
from trailquery.cli.library import lake_option
from trailquery.cli.options import put_json, say, with_options
from trailquery.errors import EvidenceError, UsageError, at
from trailquery.output import printable, write
from trailquery.settings import default_lake
from trailquery.sources import delivery_path
from trailquery.times import window, zone
from trailquery.wording import counted

if TYPE_CHECKING:
    from trailquery.evidence import Held
    from trailquery.integrity import Verified
    from trailquery.sources import Source

_OPTIONS = [
    click.option("--trail", metavar="NAME", help="Only this trail."),
    click.option("--since", metavar="TIME", help="Only what was delivered from this time on: 2026-11-20, 7d, 36h."),
    click.option("--until", metavar="TIME", help="Only what was delivered before; written like --since."),
    click.option("--keys", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Public keys, as list-public-keys prints; a lake keeps them."),
    click.option("--sha256", metavar="HEX", help="Of a bundle: the SHA-256 of its manifest, as it was noted."),
    click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True, help="json: every file, with its reason."),
    click.option("--limit", type=click.IntRange(min=0), default=25, show_default=True, metavar="FILES", help="At most so many files are named, 0 for all."),
]  # fmt: skip


@click.command()
@click.argument("source", required=False)
@lake_option
@with_options(_OPTIONS)
def verify(
    source: str | None,
    lake: Path | None,
    trail: str | None,
    since: str | None,
    until: str | None,
    keys: Path | None,
    sha256: str | None,
    form: str,
    limit: int,
    **access: Any,
) -> None:
    """Prove that log files are as CloudTrail delivered them, by the digests it signed: a verdict on each, and why.

    SOURCE is a folder, an archive or s3://BUCKET/PREFIX: every log file is hashed, in all accounts and regions.
    Without it the lake is verified, from its ledger and the digests it keeps, and `events.integrity` tells the verdict.
    A bundle is checked as it stands.

    \b
    intact        a signed digest lists the file with this hash
    pending       the digest of its hour is not due yet
    unverifiable  no sound digest tells: it is gone, changed, unsigned, or its key or bytes could not be had
    unlisted      the digest of its hour does not list it: CloudTrail did not deliver it here
    changed       its bytes are not what was delivered
    missing       it was delivered, and is gone

    Chains of digests are whole, gap (logging was off, signed), unsigned or broken. Public keys: --keys, else
    public-keys.json beside the files or in the lake, else CloudTrail's ListPublicKeys. Exit code 4 unless every file is
    intact or pending and every chain whole or a gap.
    """
    if source and zipfile.is_zipfile(source) and _is_sound_bundle(Path(source), sha256 and sha256.lower()):
        return
    if sha256:
        raise UsageError(f"--sha256: {source or 'the lake'} is no bundle; leave it out")
    from trailquery.integrity import verify as verdicts_on

    start, end = window(since, until, zone("UTC"))
    held = _held(source, lake, keys, access | {"since": since, "until": until})
    hidden.learn(known := held.trails())
    if trail and trail not in known:
        named = f"those are {', '.join(sorted(known))}" if known else "there is no digest at all"
        raise UsageError(f"--trail {trail}: no digest of this trail; {named}")
    if not (held.digests or held.logs):
        raise UsageError(f"{source or lake or default_lake()}: holds no log files and no digests of a trail")
    verified = verdicts_on(*held, start, end, trail)
    if source is None:
        from trailquery.evidence import keep_verdicts

        lake = lake or default_lake()
        with at(lake):
            keep_verdicts(lake, verdicts_on(*held) if start or end or trail else verified, held.now)
    if form == "json":
        _put_json(verified, held.now)
    else:
        _put_tables(verified, limit)
    if not verified.is_sound:
        raise click.exceptions.Exit(EvidenceError.exit_code)


verify.params += ACCESS


def _is_sound_bundle(path: Path, sha256: str | None) -> bool:
    """Whether it is a bundle. Raises EvidenceError for one that is not sound."""
    from trailquery.bundle import check, is_bundle

    if not is_bundle(path):
        return False
    wrong, told = check(path, sha256)
    for line in wrong:
        click.echo(printable(line))
    if wrong:
        raise EvidenceError(
            f"{path}: {len(wrong):,} {'thing is' if len(wrong) == 1 else 'things are'} wrong or not proven"
        )
    click.echo(printable(told))
    return True


def _held(source: str | None, lake: Path | None, keys: Path | None, options: dict[str, Any]) -> "Held":
    """What is to be verified, with the public keys. Raises UsageError."""
    from trailquery.digests import KEYS, read_keys
    from trailquery.evidence import held_by_lake, held_by_source
    from trailquery.ledger import keep_keys

    if source is None:
        held = held_by_lake(lake or default_lake())
    elif source == HISTORY:
        raise UsageError("event-history: no digest covers it; verify the trail's bucket or a copy of it")
    else:
        held = held_by_source(_opened(source, options))
    if keys:
        held = held._replace(keys=read_keys(keys))
        if source is None:
            keep_keys(lake or default_lake(), KEYS, keys.read_bytes())
        return held
    return _with_listed_keys(held, lake or default_lake() if source is None else None, options)


def _opened(source: str, options: dict[str, Any]) -> "Source":
    """The source; a bucket by month, as all that is asked for is held at once in the end."""
    from trailquery.sources import open_source

    if not is_remote(source):
        return open_source(source)
    bucket = opened_bucket(source, options)
    bucket.choice = bucket.choice._replace(by_month=True)
    return bucket


def _with_listed_keys(held: "Held", lake: Path | None, options: dict[str, Any]) -> "Held":
    """With the keys that CloudTrail lists for the digests whose keys lack; a lake keeps them."""
    spans = held.unsigned_spans()
    if not spans:
        return held
    from trailquery.digests import KEYS, key_list, public_keys
    from trailquery.ledger import keep_keys
    from trailquery.sources.public_keys import list_public_keys

    listed, problems = list_public_keys(access_of(options).session(), spans)
    for problem in problems:
        say(printable(f"{problem}; or name a file of keys with --keys"))
    said = key_list(listed)
    if lake and listed:
        keep_keys(lake, KEYS, said)
    return held._replace(keys=held.keys | public_keys(said, KEYS))


def _put_json(verified: "Verified", now: datetime) -> None:
    """One JSON object: every chain and every file."""
    said = {
        "verified_at": now,
        "sound": verified.is_sound,
        "chains": [chain._asdict() for chain in verified.chains],
        "files": [file._asdict() for file in verified.files],
    }
    put_json(said, 1)


def _put_tables(verified: "Verified", limit: int) -> None:
    """A line a chain, a line a file that is not sound, and a summary."""
    from trailquery.integrity import SOUND, VERDICTS

    logs: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for file in verified.files:
        if file.kind == "log" and file.trail:
            path = delivery_path(file.place)
            logs[file.trail, path.account_id or "", path.region or ""][file.verdict] += 1
    _put(
        ("trail", "account", "region", "verdict", "since", "until", "digests", "logs", "reason"),
        [
            (
                f"{one.trail}{' (backfill)' if one.is_backfill else ''}",
                *one[1:4],
                *(f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (one.since, one.until)),
                f"{one.digests:,}",
                None if one.is_backfill else _by_verdict(logs[one[:3]]) or None,
                one.reason or None,
            )
            for one in verified.chains
        ],
    )
    wrong = [file for file in verified.files if file.verdict not in SOUND]
    wrong.sort(key=lambda file: -VERDICTS.index(file.verdict))  # the gravest first, else by place
    shown = wrong[: limit or None]
    hours = (f"{file.hour:%Y-%m-%dT%H:%M:%SZ}" if file.hour else None for file in shown)
    rows = [(file.verdict, file.kind, hour, file.place, file.reason) for file, hour in zip(shown, hours, strict=True)]
    _put(("verdict", "kind", "hour", "file", "reason"), rows)
    if len(wrong) > len(shown):
        click.echo(f"... {len(wrong) - len(shown):,} more (--limit 0)\n")
    click.echo(_summary(verified))


def _summary(verified: "Verified") -> str:
    if not (verified.files or verified.chains):
        return "Nothing lies in this time, so that nothing is proven."
    files = ((kind, [file.verdict for file in verified.files if file.kind == kind]) for kind in ("log", "digest"))
    told = [f"{counted(len(said), kind)}: {_by_verdict(Counter(said)) or 'none'}" for kind, said in files]
    chains = _by_verdict(Counter(chain.verdict for chain in verified.chains)) or "none"
    told.append(f"{counted(len(verified.chains), 'chain')}: {chains}")
    has_gap = any(chain.verdict == "gap" for chain in verified.chains)
    sound = "Nothing is wrong, but logging was off at times." if has_gap else "Nothing is wrong."
    return f"{'; '.join(told)}. {sound if verified.is_sound else 'Not everything is proven.'}"


def _by_verdict(verdicts: Counter[str]) -> str:
    from trailquery.integrity import VERDICTS

    order = [*VERDICTS, "whole", "gap", "unsigned", "broken"]
    return ", ".join(f"{verdicts[one]:,} {one}" for one in order if verdicts[one])


def _put(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """A table on stdout; nothing where there are no rows. Columns that are empty are left out."""
    import pyarrow as pa

    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    if rows:
        table = pa.table({name: column for name, column in columns.items() if any(column)})
        write(table.to_reader(), "table", sys.stdout.buffer)
        click.echo()
