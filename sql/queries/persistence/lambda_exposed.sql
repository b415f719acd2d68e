-- /// trailquery
-- title = "Function opened to outsiders"
-- question = "Which functions or layers were opened to everyone, another account or the buckets, topics, rules and APIs of every account, or given a URL without sign-in?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098", "T1648", "T1133"]
-- why = "Someone outside can run the function, with its role, or read the layer's code, whenever they like. Harmless where the function is a public web hook or the account is a partner's."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run lambda_exposed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The function or layer, and whom it was opened to: + added"
-- opened_to = "everyone (also by any bucket, topic, rule or API, where the grant names neither one nor the account), other account, or URL without sign-in"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH openings AS (
    SELECT
        event_id,
        min(
            CASE WHEN is_public OR external_accounts = [] THEN 'everyone' ELSE 'other account' END
        ) AS opened_to
    FROM policy_statements
    WHERE
        starts_with(action, 'lambda:')
        AND effect = 'Allow'
        AND (
            is_public
            OR has_outsider(external_accounts)
            OR conditions IS NULL  -- whose bucket, topic, rule or API it is
            AND regexp_matches(principals::VARCHAR, '\b(apigateway|events|s3|sns)\.amazonaws\.com')
        )
    GROUP BY event_id
)

SELECT
    event_time, actor, client_ip, client, action, target,
    coalesce(opened_to, 'URL without sign-in') AS opened_to, outcome, error_code, account_id,
    region, event_id
FROM events LEFT JOIN openings USING (event_id)
WHERE openings.opened_to IS NOT NULL OR gives_open_url(action, request)
ORDER BY event_time, event_id
