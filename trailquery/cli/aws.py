"""What lies in AWS: the options that say how to get at it and what of it is meant, and the source that they describe."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trailquery import hidden
from trailquery.errors import UsageError
from trailquery.sources import REGION
from trailquery.times import window, zone

if TYPE_CHECKING:
    from trailquery.sources import Source
    from trailquery.sources.aws import Access
    from trailquery.sources.s3 import Bucket

HISTORY = "event-history"
ACCESS = [
    click.Option(["--profile"], metavar="NAME", help="AWS profile. Default: the environment's credentials."),
    click.Option(["--endpoint-url"], metavar="URL", help="Another S3 or CloudTrail endpoint."),
    click.Option(["--role-arn"], metavar="ARN", help="A role to assume."),
    click.Option(["--external-id"], metavar="ID", help="The external id that the role asks for."),
    click.Option(["--mfa-serial"], metavar="ARN", help="The MFA device that the role asks for; its code is asked for."),
    click.Option(["--session-name"], default="trailquery", show_default=True, metavar="NAME", help="Of the role's session, as CloudTrail will show it."),
    click.Option(["--request-payer"], is_flag=True, help="Pay for the requests to a requester-pays bucket."),
]  # fmt: skip
CHOICE = [
    click.Option(["--account"], multiple=True, metavar="ID", help="Only files of this account. Repeatable."),
    click.Option(["--region"], multiple=True, metavar="REGION", help="Only this region's files, and us-east-1's. Repeatable."),
    click.Option(["--since"], metavar="TIME", help="From this time on: 2026-11-20, 7d, 36h; a day earlier is read for late files."),
    click.Option(["--until"], metavar="TIME", help="Before this time; a day later is read for late files."),
    click.Option(["--keys"], type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read these keys, one a line, or an S3 Inventory."),
    click.Option(["--versions"], is_flag=True, help="Read overwritten and deleted versions as well."),
    click.Option(["--max-bytes"], type=click.IntRange(min=0), metavar="BYTES", help="Fetch at most so many, newest days first."),
]  # fmt: skip
_EVERYTHING: dict[str, Any] = {
    "account": (), "region": (), "since": None, "until": None, "keys": None, "versions": False, "max_bytes": None,
}  # fmt: skip
_FORMS = {
    "account": (r"\d{12}", "no account id; those have twelve digits"),
    "region": (REGION, "no region; they are written like eu-west-1"),
}


def is_remote(source: str) -> bool:
    return source.startswith("s3://") or source == HISTORY


def opened_source(source: str, options: dict[str, Any], dry_run: bool) -> "Source":
    """The bucket or the event history that the options describe. Raises UsageError and MachineError."""
    if source != HISTORY:
        return opened_bucket(source, options, dry_run)
    from trailquery.sources.history import open_history

    access = access_of(options)
    since, until = _window(options)
    refused = [name for name in ("account", "keys", "versions", "max_bytes") if options[name]]
    if refused:
        raise UsageError(f"event-history: takes no --{refused[0].replace('_', '-')}; leave it out")
    return open_history(access, options["region"], since, until)


def opened_bucket(url: str, options: dict[str, Any], dry_run: bool = False) -> "Bucket":
    """The bucket of `s3://bucket/prefix`, all of it without the options of CHOICE. Raises UsageError and MachineError."""
    if not url.startswith("s3://"):
        raise UsageError(f"{url}: no bucket; write s3://bucket/prefix")
    from trailquery.sources.keys import read_keys
    from trailquery.sources.s3 import Choice, open_bucket
    from trailquery.sources.tree import Wanted

    bucket, *prefix = url.removeprefix("s3://").split("/")
    hidden.learn([bucket, *prefix])
    options = _EVERYTHING | options
    access = access_of(options)
    since, until = _window(options)
    last = until and until - timedelta(microseconds=1)
    wanted = Wanted(options["account"], options["region"], since and since.date(), last and last.date())
    keys = read_keys(options["keys"], bucket) if options["keys"] else None
    choice = Choice(wanted, keys, options["versions"], options["max_bytes"])
    return open_bucket(url, access, choice, look=not dry_run)


def access_of(options: dict[str, Any]) -> "Access":
    """How AWS is entered by the options of ACCESS; boto3 is imported here, so that other commands start at once."""
    from trailquery.sources.aws import Access

    hidden.learn(options[name] for name in ("profile", "role_arn", "external_id", "mfa_serial", "session_name"))
    return Access(**{name: options[name] for name in Access._fields})


def _window(options: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """--since and --until, naive UTC. Raises UsageError, also for an account or a region that is none."""
    for name, (form, why) in _FORMS.items():
        if wrong := next((one for one in options[name] if not re.fullmatch(form, one, re.ASCII)), None):
            raise UsageError(f"--{name} {wrong}: {why}")
    return window(options["since"], options["until"], zone("UTC"))
