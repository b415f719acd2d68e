"""`trailquery doctor`: is this bucket good evidence, and may we read it?"""

import json
from typing import Any

import click

from trailquery import hidden
from trailquery.cli.aws import ACCESS, opened_bucket
from trailquery.cli.options import put_json
from trailquery.output import printable


@click.command()
@click.argument("bucket", metavar="s3://BUCKET/PREFIX")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor(bucket: str, form: str, **options: Any) -> None:
    """Tell what a bucket of log files is worth as evidence: one line a check, and what it means.

    A check is good, weak, or unknown, where it needs a permission that is missing; the others go on. Last comes the IAM
    policy with the least that reading and checking everything takes. Nothing is changed, at most two objects of each of
    24 trails' folders are read by a byte. The exit code is 0 whatever it finds, unless the bucket cannot be reached.
    """
    from trailquery.doctor import examine

    checks, policy = examine(opened_bucket(bucket, options, dry_run=True))
    hidden.learn(check.name.rpartition(": ")[0] for check in checks)  # the trail's
    if form == "json":
        said = {"bucket": bucket, "checks": [check._asdict() for check in checks], "policy": policy}
        put_json(said, 2)
        return
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(printable(f"{check.state:<8} {check.name:<{width}}  {check.what}; {check.meaning}"))
    click.echo(f"\nthe least that reading and checking all this takes:\n{json.dumps(policy, indent=2)}")


doctor.params += ACCESS
