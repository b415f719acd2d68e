-- /// trailquery
-- title = "Data stores deleted for good"
-- question = "Which tables, databases, file systems, streams, search domains, repositories, user pools, zones or secrets, not just made, were deleted?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1485"]
-- example = "trailquery run stores_deleted --min-age-hours 0"
--
-- [params.min_age_hours]
-- type = "integer"
-- default = 24
-- about = "Hours since the store was made, below which it is left out, as tests make and drop them"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "iac is what a planned teardown looks like; forgeable"
-- action = "The call, service:api"
-- target = "What was deleted"
-- last_copy = "A database: whether a last snapshot was taken; a secret: whether it can be brought back; else NULL"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that had it"
-- region = "The region that had it"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    CASE
        WHEN regexp_matches(request, '"(skip\w*|forceDelete\w*)" ?: ?"?true') THEN FALSE
        WHEN regexp_matches(request, '"(final\w*Snapshot\w*|secretId)"') THEN TRUE
    END AS last_copy,
    outcome, error_code, account_id, region, event_id
FROM data_losses AS deletion
WHERE
    loss = 'data store deleted'
    AND NOT EXISTS (
        SELECT 1 FROM history AS making
        WHERE
            regexp_matches(making.api, '^(Create|Restore)')
            AND making.outcome = 'success'
            AND making.account_id = deletion.account_id
            AND making.region = deletion.region
            AND making.service = deletion.service
            AND making.target = deletion.target
            AND making.event_time <= deletion.event_time
            AND making.event_time > deletion.event_time - to_hours($min_age_hours)
    )
ORDER BY event_time, event_id
