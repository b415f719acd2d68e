-- /// trailquery
-- title = "CIS monitoring controls"
-- question = "How often did what CIS AWS Foundations 4.1 to 4.15 asks to monitor occur, when last, and by whom?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run cis_monitoring --since 2024-03-01"
--
-- [params.control]
-- type = "choice"
-- choices = ["all", "4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "4.12", "4.13", "4.14", "4.15"]
-- default = "all"
-- about = "Only this control"
--
-- [columns]
-- control = "The control of the CIS AWS Foundations Benchmark, as versions 1.4 to 5.0 number it"
-- title = "What it watches; see docs/cis_monitoring.md"
-- events = "How often it occurred, attempts included; 0: not in what the lake holds"
-- failed = "Of these, refused or failed"
-- last_seen = "When last (UTC)"
-- last_actor = "By whom last"
-- actors = "By whom, sorted"
-- last_event_id = "The last event; all of them: trailquery run cis_events"
-- ///
SELECT
    cis_controls.control, cis_controls.title, count(cis_events.event_id) AS events,
    count(cis_events.event_id) FILTER (WHERE cis_events.outcome <> 'success') AS failed,
    max(cis_events.event_time) AS last_seen,
    max_by(cis_events.actor, (cis_events.event_time, cis_events.event_id)) AS last_actor,
    coalesce(
        set_of(cis_events.actor), []
    ) AS actors,
    max_by(cis_events.event_id, (cis_events.event_time, cis_events.event_id)) AS last_event_id
FROM cis_controls LEFT JOIN cis_events ON cis_controls.control = cis_events.control
WHERE
    $control IN ('all', cis_controls.control)
    AND EXISTS (SELECT 1 FROM events)  -- of an empty lake nothing can be said
GROUP BY cis_controls.control, cis_controls.number, cis_controls.title
ORDER BY cis_controls.number
