-- /// trailquery
-- title = "Encryption switched off"
-- question = "Which settings of encryption were switched off, fell back to a default or name another key, and the rotation of which keys and secrets was stopped?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1562.001", "T1565"]
-- why = "What is stored from then on can be read by whoever reaches the storage, and shared without sharing a key; what databases answer without TLS, by whoever listens; a secret that is no longer rotated stays good for whoever read it. Harmless as a step of a migration to another key, which sets a new one soon after."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run encryption_weakened"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "What lost its encryption or rotation, or the alias of another key; NULL of a setting of the region"
-- outcome = "success, denied or error"
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
    defense = 'encryption'
    AND NOT is_aws_call
ORDER BY event_time, event_id
