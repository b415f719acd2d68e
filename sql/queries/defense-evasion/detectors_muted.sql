-- /// trailquery
-- title = "Detection muted"
-- question = "Which findings were suppressed or sent elsewhere, and which rules, controls, lists of threats, scans of images or records of Config disabled or narrowed, without switching a detector off?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1562.001"]
-- example = "trailquery run detectors_muted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The filter, list, rule, standard, repository or finding"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM impaired_defenses
WHERE
    defense = 'findings'
    AND NOT is_aws_call
ORDER BY event_time, event_id
