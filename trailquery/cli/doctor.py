"""`trailquery doctor`: is this bucket good evidence, and may we read it?"""

import json
from typing import Any

import click

from trailquery import hidden
from trailquery.cli.ingest import ingest as ingest_command
from trailquery.cli.ingest import opened_source
from trailquery.cli.options import put_json
from trailquery.errors import UsageError
from trailquery.output import printable

_LIKE_INGEST = ("profile", "endpoint_url", "role_arn", "external_id", "mfa_serial", "session_name", "request_payer")


@click.command()
@click.argument("bucket", metavar="s3://BUCKET/PREFIX")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor(bucket: str, form: str, **options: Any) -> None:
    """Tell what a bucket of log files is worth as evidence: one line a check, and what it means.

    A check is good, weak, or unknown, where it needs a permission that is missing; the others go on. Last comes the IAM
    policy with the least that reading and checking everything takes. Nothing is changed, at most two objects of each of
    24 trails' folders are read by a byte. The exit code is 0 whatever it finds, unless the bucket cannot be reached.
    """
    if not bucket.startswith("s3://"):
        raise UsageError(f"{bucket}: no bucket; write s3://bucket/prefix")
    from trailquery.doctor import examine
    from trailquery.sources.s3 import Bucket

    nothing = {"account": (), "region": (), "since": None, "until": None, "keys": None, "versions": False}
    opened = opened_source(bucket, options | nothing | {"max_bytes": None}, dry_run=True)
    assert isinstance(opened, Bucket)  # noqa: S101 as it was asked for with s3://
    checks, policy = examine(opened)
    hidden.learn(check.name.rpartition(": ")[0] for check in checks)  # the trail's
    if form == "json":
        said = {"bucket": bucket, "checks": [check._asdict() for check in checks], "policy": policy}
        put_json(said, 2)
        return
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(printable(f"{check.state:<8} {check.name:<{width}}  {check.what}; {check.meaning}"))
    click.echo(f"\nthe least that reading and checking all this takes:\n{json.dumps(policy, indent=2)}")


doctor.params += [param for param in ingest_command.params if param.name in _LIKE_INGEST]
