"""`trailquery demo`: the main job on a made-up incident, in the commands a user would type."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from trailquery.catalog import find_query
from trailquery.errors import TrailqueryError, UsageError
from trailquery.lake import Lake, open_lake
from trailquery.simulate import STORIES

DEMO_EVENTS, DEMO_DAYS = 20_000, 3


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="A folder to make."
)
@click.option("--story", type=click.Choice(STORIES), default="leaked-key", show_default=True, help="The incident.")
@click.option("--events", default=DEMO_EVENTS, show_default=True, help="How many events happen.")
@click.option("--days", default=DEMO_DAYS, show_default=True, help="How many days the trail covers.")
@click.pass_context
def demo(context: click.Context, out: Path, story: str, events: int, days: int) -> None:
    """Simulate an incident, ingest its trail, and find the story with curated queries.

    Exit code 1 when a step of the story is not found.
    """
    logs, lake = out / "logs", out / "lake"
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out}: is not an empty folder; remove it, or name another with --out")
    program = context.find_root().command
    at_lake = ["--lake", str(lake)]
    size = [] if events == DEMO_EVENTS else ["--events", str(events)]
    size += [] if days == DEMO_DAYS else ["--days", str(days)]
    _step(program, ["simulate", str(logs), "--story", story, *size])
    truth = json.loads((logs / "story.json").read_text(encoding="utf-8"))
    _step(program, ["ingest", str(logs), *at_lake])
    _step(program, ["info", *at_lake])
    for question in _opening_questions(story, truth["subjects"]):
        _step(program, ["run", *question, *at_lake])
    missing = _tell_story(truth["steps"], lake)
    click.echo(f"Try: {_command(['find', truth['subjects']['ip'], *at_lake])}")
    if missing:
        raise TrailqueryError(
            f"demo: {missing} of {len(truth['steps'])} steps not found; this is a defect of trailquery"
        )


def _step(program: click.Command, arguments: list[str]) -> None:
    click.secho(f"$ {_command(arguments)}", bold=True)
    with program.make_context("trailquery", list(arguments)) as context:
        program.invoke(context)


def _command(arguments: list[str]) -> str:
    return shlex.join(["trailquery", *arguments])


def _opening_questions(story: str, subjects: dict[str, Any]) -> list[list[str]]:
    if story in ("leaked-key", "role-chain", "mining", "ransom"):
        first = ["who_is_key", subjects["access_key_id"], "--format", "line"]
    elif story == "s3-exfiltration":
        first = ["timeline_resource", subjects["bucket"], "--format", "table", "--limit", "12"]
    else:
        first = ["console_logins", "--user", subjects["user"], "--format", "table"]
    if story == "trail-tampering":
        return [first, ["trail_tampering", "--format", "table"]]
    return [first, ["timeline_ip", subjects["ip"], "--format", "table", "--limit", "12"]]


def _tell_story(steps: list[dict[str, Any]], path: Path) -> int:
    """Print each step with the command that finds it; returns how many are not found."""
    lake = open_lake(path)
    found = [_is_found(lake, step) for step in steps]
    click.echo(f"Story: {sum(found)} of {len(steps)} steps found by curated queries:")
    for step, is_found in zip(steps, found, strict=True):
        command = _command(["run", step["query"], *_as_typed(step), "--lake", str(path)])
        click.echo(f"  {'found  ' if is_found else 'MISSING'}  {step['step']}\n           {command}")
    return found.count(False)


def _is_found(lake: Lake, step: dict[str, Any]) -> bool:
    """Every event of the step is among the rows of the query that the story names for it."""
    rows = lake.run(step["query"], **step["parameters"]).rows()
    found = {event_id for row in rows for event_id in row.get("event_ids") or [row.get("event_id")]}
    return set(step["event_ids"]) <= found


def _as_typed(step: dict[str, Any]) -> list[str]:
    """The parameters of the step as they stand on a command line: required ones by place, the rest as options."""
    typed: list[str] = []
    for param in find_query(step["query"]).params:
        if param.name not in step["parameters"]:
            continue
        value, option = step["parameters"][param.name], param.name.replace("_", "-")
        if param.required:
            typed.insert(0, str(value))
        elif param.type == "boolean":
            typed.append(f"--{option}" if value else f"--no-{option}")
        else:
            typed += [f"--{option}", str(value)]
    return typed
