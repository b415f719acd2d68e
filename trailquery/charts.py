"""Pictures of results. Plotly comes with the extra `trailquery[lab]`."""

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from trailquery.errors import UsageError
from trailquery.output import printable
from trailquery.result import Result
from trailquery.wording import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_EVENTS = 20_000  # above that a browser no longer moves the picture smoothly
MOST_HOURS = 200_000
STATUS_COLORS = {
    "delivered": "#2a7f62",
    "proven quiet": "#9bd1bd",
    "quiet": "#d5ebe2",
    "not due": "#dfe3ea",
    "not collected": "#9aa3b2",
    "pruned": "#5b6c8f",
    "logging off": "#e08e0b",
    "missing": "#c0392b",
}
_COLORS = {"success": "#2a7f62", "denied": "#c0392b", "error": "#e08e0b", "dry-run": "#5b6c8f"}
_HOVER = ("action", "target", "outcome", "error_code", "actor", "client_ip", "account_id", "region", "event_id")
_LINE_LABEL, _HOVER_LABEL = 48, 120  # characters
_HIGHEST = 2_000  # pixels


def timeline(result: Result, row: str = "action", color: str = "outcome") -> "go.Figure":
    """Events as points over time: one line a value of the column `row`, one colour a value of the column `color`.

    Lines stand in the order of their first event, from the top; times are in the result's zone. What else the
    result has of _HOVER is shown on pointing. Events without a time, and those after the first MOST_EVENTS, are
    left out, and the title says how many. Raises UsageError for a column that the result lacks, and without Plotly.
    """
    go = _plotly("timeline")
    schema = result.arrow().schema
    missing = [name for name in ("event_time", row, color) if name not in schema.names]
    if missing:
        raise UsageError(f"timeline: the result has no column {', '.join(missing)}; it has {', '.join(schema.names)}")
    timed = sorted((e for e in result.rows() if e["event_time"] is not None), key=lambda e: e["event_time"])
    events = timed[:MOST_EVENTS]
    lines = {value: place for place, value in enumerate(dict.fromkeys(event[row] for event in events))}
    told = [name for name in _HOVER if name in schema.names]
    figure = go.Figure(layout=_layout(list(lines), str(schema.field("event_time").type.tz)))
    figure.update_layout(title={"text": _title(len(result), len(timed)), "font": {"size": 14}})
    for value in sorted({event[color] for event in events}, key=str):
        points = [event for event in events if event[color] == value]
        figure.add_scatter(
            x=[event["event_time"] for event in points],
            y=[lines[event[row]] for event in points],
            hovertext=[_hover(event["event_time"], _named(event, told)) for event in points],
            hoverinfo="text",
            mode="markers",
            name=label(value, _LINE_LABEL),
            marker={"size": 9, "opacity": 0.8, "color": _COLORS.get(value)},
        )
    return figure


def coverage(result: Result) -> "go.Figure":
    """Hours as a map: one line an account, region and trail, one cell an hour, its colour the status.

    `result` has the columns of the view coverage_hours, or of them account_id, region, trail, hour and status. Raises
    UsageError for a column that it lacks, for more than MOST_HOURS of them, and without Plotly.
    """
    go = _plotly("coverage")
    schema = result.arrow().schema
    wanted = ("account_id", "region", "trail", "hour", "status")
    if missing := [name for name in wanted if name not in schema.names]:
        raise UsageError(
            f'coverage: the result has no column {", ".join(missing)}; take lake.sql("FROM coverage_hours")'
        )
    if len(result) > MOST_HOURS:
        raise UsageError(f"coverage: {len(result):,} hours are too many for a picture; narrow the scope")
    cells = {((c["account_id"], c["region"], c["trail"]), c["hour"]): c for c in result.rows()}
    lines = sorted({line for line, _ in cells}, key=str)
    hours = sorted({hour for _, hour in cells})
    levels, most = list(STATUS_COLORS), len(STATUS_COLORS)
    statuses = [[cells.get((line, hour), {}).get("status") for hour in hours] for line in lines]
    labels = [" ".join(filter(None, line)) for line in lines]
    figure = go.Figure(layout=_layout(labels, str(schema.field("hour").type.tz)))
    figure.add_heatmap(
        x=hours,
        y=list(range(len(lines))),
        z=[[levels.index(one) if one in levels else None for one in row] for row in statuses],
        hovertext=[[_told(cells[line, hour]) if (line, hour) in cells else "" for hour in hours] for line in lines],
        hoverinfo="text",
        zmin=-0.5,
        zmax=most - 0.5,
        colorscale=[[(n + end) / most, color] for n, color in enumerate(STATUS_COLORS.values()) for end in (0, 1)],
        colorbar={"tickvals": list(range(most)), "ticktext": levels},
        xgap=1,
        ygap=1,
    )
    return figure


def _told(cell: dict[str, Any]) -> str:
    known = [name for name in ("reason", "files", "events") if cell.get(name) is not None]
    return _hover(cell["hour"], [label(cell["status"], _HOVER_LABEL), *_named(cell, known)])


def _plotly(picture: str) -> ModuleType:
    """What draws a picture of this name. Raises UsageError where Plotly is not installed."""
    try:
        return import_module("plotly.graph_objects")
    except ImportError:
        raise UsageError(
            f'{picture}: Plotly is not installed; install it with: pip install "trailquery[lab]"'
        ) from None


def _layout(lines: Sequence[object], zone: str) -> dict[str, Any]:
    """A Plotly layout with one labelled line a value of `lines`, from the top, over time in `zone`."""
    return {
        "template": "plotly_white",
        "height": min(_HIGHEST, 160 + 24 * len(lines)),
        "margin": {"l": 10, "r": 10, "t": 50, "b": 10},
        "showlegend": True,
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "xaxis": {"type": "date", "title": {"text": zone}, "automargin": True},
        "yaxis": {
            "tickvals": list(range(len(lines))),
            "ticktext": [label(value, _LINE_LABEL) for value in lines],
            "range": [len(lines) - 0.5, -0.5],
            "automargin": True,
            "zeroline": False,
        },
    }


def label(value: object, most: int) -> str:
    """`value` for a Plotly label: shown as it stands in the log, the middle left out above `most` characters.

    Plotly reads a few HTML tags, entities and, where MathJax is loaded, `$...$`: all three are spelt as entities,
    of which it knows few by name (no `&quot;`).
    """
    text = printable("-" if value is None else str(value))
    if len(text) > most:
        text = text[: most // 2] + "\N{HORIZONTAL ELLIPSIS}" + text[1 - most // 2 :]
    return html.escape(text, quote=False).replace("$", "&#36;")


def _hover(time: datetime, lines: Iterable[str]) -> str:
    """What is shown on pointing: the time, and `lines` below it."""
    return "<br>".join([f"<b>{time.isoformat().replace('+00:00', 'Z')}</b>", *lines])


def _named(row: dict[str, Any], columns: Iterable[str]) -> list[str]:
    """A line for each of the columns."""
    return [f"{name}: {label(row[name], _HOVER_LABEL)}" for name in columns]


def _title(events: int, timed: int) -> str:
    late = f"; the last {timed - MOST_EVENTS:,} are left out: narrow the scope" if timed > MOST_EVENTS else ""
    timeless = f"; {events - timed:,} without a time are left out" if events > timed else ""
    return counted(events, "event") + late + timeless
