-- /// trailquery
-- title = "Protection at the edge removed"
-- question = "Which web ACLs, Shield protections, network or DNS firewalls were removed from what they protected, or emptied of all rules?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1562.007"]
-- why = "What stood behind it is reachable without the filter. Harmless where the site itself is taken down, or another web ACL takes over at once."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run waf_removed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The web ACL, protection, firewall or protected resource"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH distributions AS (  -- an update sends the whole distribution anew
    SELECT
        event_id, json_extract_string(request, '$.distributionConfig.webACLId') AS web_acl,
        lag(CASE outcome WHEN 'success' THEN web_acl END IGNORE NULLS) OVER (
            PARTITION BY
                coalesce(
                    json_extract_string(request, '$.id'),
                    json_extract_string(response, '$.distribution.id')
                )
            ORDER BY event_time, event_id
        ) AS earlier
    FROM history
    WHERE (action IN ('cloudfront:CreateDistribution', 'cloudfront:UpdateDistribution')) IS TRUE
)

SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    NOT is_aws_call
    AND (
        event_id IN (SELECT event_id FROM impaired_defenses WHERE defense = 'edge')
        OR event_id IN (SELECT event_id FROM distributions WHERE web_acl = '' AND earlier <> '')
    )
ORDER BY event_time, event_id
