"""Timelines as Plotly is given them: every event in its place, and nothing in a label that Plotly would obey."""

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailquery import Result, charts
from trailquery.charts import coverage, label, timeline
from trailquery.errors import UsageError

NINE = datetime(2024, 3, 1, 9, tzinfo=UTC)
TEN = datetime(2024, 3, 1, 10, tzinfo=UTC)


def result_of(*events: dict[str, Any], zone: str = "UTC") -> Result:
    schema = pa.schema([("event_time", pa.timestamp("us"))] + [(name, pa.string()) for name in list(events[0])[1:]])
    naive = [
        event | {"event_time": event["event_time"] and event["event_time"].replace(tzinfo=None)} for event in events
    ]
    return Result(pa.Table.from_pylist(naive, schema=schema).to_reader(), zone)


def event(event_time: datetime | None, outcome: str | None, action: str | None) -> dict[str, Any]:
    return {"event_time": event_time, "outcome": outcome, "action": action}


def test_each_action_is_a_line_from_the_top_in_the_order_of_its_first_event_and_each_outcome_a_colour() -> None:
    figure = timeline(
        result_of(
            event(TEN, "success", "s3:GetObject"), event(NINE, "denied", "sts:X"), event(TEN, "denied", "s3:GetObject")
        )
    )
    assert figure.layout.yaxis.ticktext == ("sts:X", "s3:GetObject")
    assert figure.layout.yaxis.range == (1.5, -0.5)
    assert [(trace.name, trace.x, trace.y, trace.marker.color) for trace in figure.data] == [
        ("denied", (NINE, TEN), (0, 1), "#c0392b"),
        ("success", (TEN,), (1,), "#2a7f62"),
    ]


def test_pointing_at_an_event_shows_its_time_and_the_columns_that_are_there() -> None:
    (trace,) = timeline(
        result_of(event(NINE, None, "iam:CreateUser") | {"client_ip": "198.51.100.7", "other": "x"})
    ).data
    assert trace.hovertext == (
        "<b>2024-03-01T09:00:00Z</b><br>action: iam:CreateUser<br>outcome: -<br>client_ip: 198.51.100.7",
    )
    assert trace.name == "-"


def test_times_stand_in_the_zone_of_the_result_and_the_axis_names_it() -> None:
    figure = timeline(result_of(event(NINE, "success", "s3:GetObject"), zone="Asia/Kolkata"))
    assert json.loads(figure.to_json())["data"][0]["x"] == ["2024-03-01T14:30:00+05:30"]
    assert figure.layout.xaxis.title.text == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("times", "title"),
    [
        ([], "0 events"),
        ([NINE], "1 event"),
        ([NINE, TEN], "2 events"),
        ([NINE, None], "2 events; 1 without a time are left out"),
        ([TEN, NINE, TEN, None], "4 events; the last 1 are left out: narrow the scope; 1 without a time are left out"),
    ],
)
def test_the_title_counts_every_event_and_names_those_left_out(
    times: list[datetime | None], title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "MOST_EVENTS", 2)
    rows = [event(time, "success", "s3:GetObject") for time in times]
    empty = Result(result_of(event(NINE, "", "")).arrow().slice(0, 0).to_reader(), "UTC")
    figure = timeline(result_of(*rows) if rows else empty)
    assert figure.layout.title.text == title
    assert sum(len(trace.x) for trace in figure.data) == min(2, len([time for time in times if time]))


def test_a_column_that_the_result_lacks_is_named_with_those_it_has() -> None:
    with pytest.raises(
        UsageError, match=r"^timeline: the result has no column actor; it has event_time, outcome, action$"
    ):
        timeline(result_of(event(NINE, "success", "s3:GetObject")), row="actor")


def test_the_height_grows_with_the_lines_but_not_without_end() -> None:
    lines = [timeline(result_of(*(event(NINE, "success", str(n)) for n in range(count)))) for count in (1, 10, 500)]
    assert [figure.layout.height for figure in lines] == [184, 400, 2000]


def test_a_long_label_keeps_its_beginning_and_its_end() -> None:
    assert label("role/" + "a" * 100 + "/alice", 20) == "role/aaaaa\N{HORIZONTAL ELLIPSIS}aaa/alice"


def plotly_reads(text: str) -> str:
    """What Plotly draws for a label without tags: the entities that its svg_text_utils knows, as characters."""
    assert not re.search("<|[$].*[$]", text)
    assert set(re.findall("&([a-z]+);", text)) <= {"amp", "lt", "gt"}
    return html.unescape(text)


@given(st.text(alphabet=st.sampled_from("<>/&;$#\"'abr =38lt") | st.characters()))
def test_plotly_draws_any_text_as_it_is_printed(text: str) -> None:
    assert plotly_reads(label(text, 10_000)) == charts.printable(text)


def test_markup_from_a_log_is_no_markup_in_any_label_nor_in_the_page() -> None:
    evil = '<b>x</b><br><a href="javascript:alert(1)">y</a></script><script>alert(1)</script>$\\href{x}{y}$'
    figure = timeline(result_of(event(NINE, evil, evil) | {"target": evil}))
    (trace,) = figure.data
    (hover,) = trace.hovertext
    assert hover.count("<") == 2 + 3  # our own <b></b> and three <br>
    for text in (trace.name, *figure.layout.yaxis.ticktext):
        assert plotly_reads(text) == evil[:24] + "\N{HORIZONTAL ELLIPSIS}" + evil[-23:]
    assert "<script>alert" not in figure.to_html(include_plotlyjs=False)


HOURS = [
    {"account_id": "111122223333", "region": region, "trail": trail, "hour": hour, "status": status, "reason": "<b>why"}
    for region, trail, hour, status in (
        ("eu-west-1", "main", NINE, "delivered"),
        ("eu-west-1", "main", TEN, "missing"),
        ("us-east-1", None, TEN, "not collected"),
    )
]


def hours(rows: list[dict[str, Any]]) -> Result:
    table = pa.Table.from_pylist([row | {"hour": row["hour"].replace(tzinfo=None)} for row in rows])
    return Result(table.to_reader(), "UTC")


def test_each_trail_of_an_account_and_region_is_a_line_and_each_hour_a_cell_in_the_colour_of_its_status() -> None:
    figure = coverage(hours(HOURS))
    (cells,) = figure.data
    levels = list(charts.STATUS_COLORS)
    assert figure.layout.yaxis.ticktext == ("111122223333 eu-west-1 main", "111122223333 us-east-1")
    assert list(cells.x) == [NINE, TEN]
    assert [list(row) for row in cells.z] == [
        [levels.index("delivered"), levels.index("missing")],
        [None, levels.index("not collected")],
    ]
    assert cells.colorscale[2 * levels.index("missing")] == (levels.index("missing") / len(levels), "#c0392b")
    assert cells.hovertext[0][1] == "<b>2024-03-01T10:00:00Z</b><br>missing<br>reason: &lt;b&gt;why"
    assert cells.hovertext[1][0] == ""


def test_a_map_of_hours_needs_their_columns_and_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r'no column trail; take lake.sql\("FROM coverage_hours"\)'):
        coverage(hours([{name: value for name, value in HOURS[0].items() if name != "trail"}]))
    monkeypatch.setattr(charts, "MOST_HOURS", 2)
    with pytest.raises(UsageError, match="3 hours are too many for a picture; narrow the scope"):
        coverage(hours(HOURS))
