-- /// trailquery
-- title = "Odd clients"
-- question = "Who used bucket browsers, sync tools, bare HTTP libraries, posture scanners, or a browser's name with a long-term key?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004", "T1526", "T1530"]
-- example = "trailquery run odd_clients"
--
-- [columns]
-- first_seen = "The first call (UTC)"
-- last_seen = "The last call (UTC)"
-- tool = "The tool, as the user agent names it; browser where a long-term key signed, which no browser holds"
-- actor = "User, role (all its sessions), root"
-- client_ips = "Addresses it came from, sorted"
-- calls = "How many calls"
-- denied = "Of these, refused"
-- bytes_out = "Bytes sent to it"
-- actions = "What it called, sorted"
-- user_agent = "The last user agent, whole; forgeable"
-- event_ids = "The events, sorted"
-- ///
WITH called AS (
    SELECT
        *,
        -- a link signed with it may be opened in a browser: in data events only
        client = 'browser' AND key_kind = 'long-term' AND category = 'management' AS is_browser,
        CASE WHEN is_browser THEN 'browser' ELSE odd_client(user_agent) END AS tool
    FROM events
    WHERE NOT is_aws_call
)

SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, tool,
    max(coalesce(role_name, actor)) AS actor, set_of(client_ip) AS client_ips, count(*) AS calls,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out, set_of(action) AS actions,
    max_by(user_agent, (event_time, event_id)) AS user_agent, list_sort(list(event_id)) AS event_ids
FROM called
WHERE
    tool IS NOT NULL
    -- the agent of Systems Manager, on every machine, calls itself Go-http-client, too
    AND NOT regexp_matches(action, '^ssm:(Create|Open)(Control|Data)Channel$')
    AND NOT (  -- the access portal of Identity Center, for whoever comes through it
        action = 'signin:GetSigninToken'
        AND starts_with(coalesce(role_name, ''), 'AWSReservedSSO_')
        AND tool = 'go-http-client'
    )
GROUP BY tool, principal_key, account_id
ORDER BY first_seen, tool, actor, principal_key, account_id
