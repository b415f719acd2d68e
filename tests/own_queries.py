"""Queries of a user's own folder."""

from pathlib import Path

# A finding with nothing wrong in it.
SOUND = """\
-- /// trailquery
-- title = "Calls"
-- question = "Which calls were made?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1526"]
-- why = "Nobody should."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run calls --service s3"
--
-- [params.service]
-- type = "text"
-- default = "ec2"
-- about = "Only this service"
--
-- [columns]
-- event_time = "When"
-- actor = "Who"
-- event_id = "The event"
-- ///
SELECT
    event_time,
    actor,
    event_id
FROM events
WHERE service = $service
ORDER BY event_time, event_id
"""
# The calls of one API.
QUERY = """\
-- /// trailquery
-- title = "Calls of one API"
-- question = "Who called it?"
-- category = "{category}"
-- kind = "{kind}"
{severity}-- mitre = ["{mitre}"]
{why}-- example = "trailquery run {name}"
--
{param}-- [columns]
-- event_time = "When"
-- actor = "Who"
-- target = "On what"
-- event_id = "The event"
-- ///
SELECT
    event_time,
    actor,
    target,
    event_id
FROM events
WHERE api = '{api}'{condition}
ORDER BY event_time, event_id
"""


def own_query(folder: Path, name: str, api: str, severity: str | None = "high", **changes: str) -> None:
    """A query for the calls of `api`: a finding of `severity`, or a lead."""
    parts = {
        "category": "any",
        "mitre": "T1098",
        "next": "trailquery run timeline_key {session_id}",
        "param": "",
        "condition": "",
    }
    parts |= changes
    of_a_finding = {
        "kind": "finding",
        "severity": f'-- severity = "{severity}"\n',
        "why": f'-- why = "Trouble."\n-- next = "{parts["next"]}"\n',
    }
    folder.mkdir(exist_ok=True)
    text = QUERY.format(
        name=name, api=api, **parts, **(of_a_finding if severity else {"kind": "lead", "severity": "", "why": ""})
    )
    (folder / f"{name}.sql").write_text(text)
