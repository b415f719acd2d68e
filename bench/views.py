"""Filters on each view against the same, or the nearest, filter on `events`; writes bench/RESULTS.md.

    python bench/views.py [--lake LAKE | --events 2000000] [--runs 5]

What the views aggregate is kept in a cache: the table shows it warm; what its first question costs is shown apart.
"""

import argparse
import shutil
from pathlib import Path
from statistics import median
from time import perf_counter

from query import lake_of, usual
from results import table, write_section

from trailquery import Lake, open_lake

VIEWS_OF_EVENTS = (
    "history", "management_events", "data_events", "signin_events", "service_events", "network_events", "changes",
    "api_errors",
)  # fmt: skip
OTHER_VIEWS = (
    "insight_events", "resources", "policy_statements", "security_group_rule_changes", "credential_issuance", "sessions",
    "session_links", "session_lineage", "principals", "files", "rejects", "variants",
)  # fmt: skip
AGGREGATED = ("principals", "session_links", "sessions", "session_lineage")

# {names} are values that the lake holds.
PREDICATES = (
    "principal_key = '{principal}'", "client_ip = '{address}'", "access_key_id = '{key}'", "session_id = '{session}'",
    "actor = '{actor}'", "action = '{action}'", "outcome = 'denied'", "region = '{region}'", "account_id = '{account}'",
    "event_time >= TIMESTAMP '{day}' AND event_time < TIMESTAMP '{day}' + INTERVAL 1 DAY",
    "event_id = '{event_id}'", "action LIKE 'iam:%'", "outcome = 'success'", "region <> '{region}'",
    "event_time >= TIMESTAMP '{day}'",
)  # fmt: skip
# Where a view has no such column, what is asked of it instead; the filter on events beside it is the nearest.
OWN = {
    "insight_events": {"started_at >= TIMESTAMP '{day}'": 9, "event_name = 'RunInstances'": 5, "error_code IS NOT NULL": 6},
    "resources": {"resource = '{bucket}'": 1, "type = 'AWS::S3::Bucket'": 5, "arn = '{role}'": 0},
    "credential_issuance": {"issued_at >= TIMESTAMP '{day}'": 9, "role_arn = '{role}'": 5, "child_access_key_id = '{key}'": 2},
    "sessions": {
        "session_id = '{session}'": 3, "list_contains(access_key_ids, '{key}')": 2, "list_contains(client_ips, '{address}')": 1,
        "session_kind = 'console'": 5, "denied > 0": 6, "writes > 100": 12, "first_seen >= TIMESTAMP '{day}'": 9,
        "parent_session_id = '{session}'": 3,
    },
    "session_links": {
        "session_id = '{session}'": 3, "parent_session_id = '{session}'": 3, "certainty = 'proven'": 12, "link = 'console-login'": 5,
        "issued_by = '{actor}'": 4, "issued_by_event_id = '{event_id}'": 10, "issued_at >= TIMESTAMP '{day}'": 9,
        "origin = 'long-term-key'": 5, "issued_by_action = 'sts:AssumeRole'": 5, "len(candidate_event_ids) > 1": 6,
    },
    "session_lineage": {
        "session_id = '{session}'": 3, "ancestor_session_id = '{session}'": 3, "depth > 1": 6, "ends = 'cycle'": 6,
        "ends = 'origin'": 12, "origin = 'long-term-key'": 5, "depth = 1 AND session_id = '{session}'": 3,
        "list_contains(path, '{session}')": 3, "depth = 0": 12, "ends = 'not held'": 6,
    },
    "principals": {
        "name = '{actor}'": 4, "identity_type = 'Root'": 5, "denied > 0": 6, "first_seen >= TIMESTAMP '{day}'": 9,
        "sessions > 10": 12, "list_contains(clients, 'console')": 5, "writes > 100": 12, "regions > 2": 13,
    },
    "files": {
        "status <> 'loaded'": 6, "delivered_at >= TIMESTAMP '{day}'": 14, "kind = 'digest'": 5, "rejected > 0": 6,
        "first_event_time >= TIMESTAMP '{day}'": 14, "records > 100": 12, "region IS NULL": 13, "organization_id IS NOT NULL": 8,
    },
    "rejects": {
        "position = 0": 6, "contains(reason, 'gzip')": 5, "contains(source_file, '{account}')": 8, "file_sha256 = '{event_id}'": 10,
        "ingested_at >= TIMESTAMP '{day}'": 14, "reason IS NULL": 6, "position > 100": 6, "octet_length(bytes) > 100": 6,
        "contains(reason, 'JSON')": 5, "contains(reason, 'UTF-8')": 5,
    },
}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--lake", type=Path)
    options.add_argument("--events", type=int, default=2_000_000)
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    place = asked.lake or lake_of(asked.events)
    cold = _cold(place)
    lake = open_lake(place)
    values = _values(lake)
    rows = [_row(lake, view, values, asked.runs) for view in (*VIEWS_OF_EVENTS, *OTHER_VIEWS)]
    head = ("view", "filters", "median ms", "median ratio", "worst ratio", "of", "its ms")
    (held,) = lake.sql("SELECT count(*) AS events FROM events").rows()
    text = (
        f"{held['events']:,} events; ten filters a view, each in turn with the same or the nearest on `events`; median of {asked.runs}"
        f" runs.\n\n{table(head, rows)}\n\n{table(('first question, cache empty', 's'), cold)}"
    )
    write_section("views", text)


def _row(lake: Lake, view: str, values: dict[str, str], runs: int) -> tuple[str, ...]:
    filters = [(text.format(**values), PREDICATES[near].format(**values)) for text, near in _filters(lake, view)]
    measured = [(mine, _turns(lake, view, mine, near, runs)) for mine, near in filters]
    ratios = [(ours / theirs, ours, mine) for mine, (ours, theirs) in measured]
    worst, worst_s, text = max(ratios)
    middle = median(ours for _, ours, _ in ratios)
    return (
        f"`{view}`", str(len(filters)), f"{middle * 1000:,.0f}", f"{median(ratio for ratio, _, _ in ratios):.2f}", f"{worst:.2f}",
        f"`{text}`", f"{worst_s * 1000:,.0f}",
    )  # fmt: skip


def _filters(lake: Lake, view: str) -> list[tuple[str, int]]:
    """Ten predicates on the view, each with the number of the predicate on events that stands beside it."""
    own = OWN.get(view, {})
    columns = {row["column_name"] for row in lake.sql(f"DESCRIBE FROM {view}").rows()}
    shared = [(text, number) for number, text in enumerate(PREDICATES) if text.split()[0] in columns]
    return [*own.items(), *shared][:10]


def _turns(lake: Lake, view: str, mine: str, near: str, runs: int) -> tuple[float, float]:
    """Median seconds of the filter on the view and of that on events, asked in turn."""
    asked = (f"SELECT count(*) FROM {view} WHERE {mine}", f"SELECT count(*) FROM events WHERE {near}")
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for sql, taken in zip(asked, seconds, strict=True):
            start = perf_counter()
            lake.sql(sql).arrow()
            taken.append(perf_counter() - start)
    return median(seconds[0]), median(seconds[1])


def _cold(place: Path) -> list[tuple[str, str]]:
    """Seconds of the first question on what is aggregated, each with an empty cache."""
    taken = []
    for view in AGGREGATED:
        shutil.rmtree(place / "cache" / "derived", ignore_errors=True)
        lake = open_lake(place)
        start = perf_counter()
        lake.sql(f"SELECT count(*) FROM {view}").arrow()
        taken.append((f"`{view}`", f"{perf_counter() - start:.1f}"))
    return taken


def _values(lake: Lake) -> dict[str, str]:
    columns = {
        "principal": "principal_key", "address": "client_ip", "key": "access_key_id", "session": "session_id", "actor": "actor",
        "action": "action", "region": "region", "account": "account_id", "bucket": "bucket", "role": "requested_role_arn",
    }  # fmt: skip
    (one,) = lake.sql("SELECT max(event_id) AS id, strftime(median(event_time), '%Y-%m-%d') AS day FROM events").rows()
    return {**usual(columns, lake), "event_id": one["id"], "day": one["day"]}


if __name__ == "__main__":
    main()
