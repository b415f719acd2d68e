-- /// trailquery
-- title = "Role opened to outsiders"
-- question = "Which roles now trust an account that is not ours, everyone, or any user of an identity provider?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.003", "T1199"]
-- why = "Whoever the trust policy lets in can come back at will, without a key of ours. Harmless where the account is a vendor's that you signed up with; list your own accounts in trailquery.toml."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run trust_opened"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The role"
-- let_in = "Whom the policy lets in, all of them, sorted"
-- opening = "other account, everyone, or any user of a provider: no condition on who signs in"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH opened AS (
    SELECT
        event_id, list_sort(list_distinct(flatten(list(principals)))) AS let_in,
        min(
            CASE
                WHEN is_public THEN 'everyone'
                WHEN has_outsider(external_accounts) THEN 'other account'
                WHEN
                    list_contains(actions, 'sts:AssumeRoleWithWebIdentity')
                    AND NOT names_subject(conditions)
                    THEN 'any user of a provider'
            END
        ) AS opening
    FROM policy_statements
    WHERE policy_kind = 'trust' AND effect = 'Allow'
    GROUP BY event_id
)

SELECT
    event_time, actor, client_ip, client, action, target, let_in, opening, outcome, error_code,
    account_id, region, event_id
FROM events INNER JOIN opened USING (event_id)
WHERE opening IS NOT NULL
ORDER BY event_time, event_id
