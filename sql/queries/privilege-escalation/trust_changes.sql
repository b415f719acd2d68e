-- /// trailquery
-- title = "Trust policies written"
-- question = "Whom does each trust policy that was written let in: users, accounts, identity providers, services?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.003", "T1199"]
-- example = "trailquery run trust_changes --external-only"
--
-- [params.external_only]
-- type = "boolean"
-- default = false
-- about = "Leave out policies that let in AWS services only"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The role"
-- let_in = "Whom it lets in, sorted"
-- external_accounts = "Accounts among them other than that of the role, sorted"
-- has_conditions = "Every statement that lets someone in has a condition"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH trusts AS (
    SELECT
        event_id, list_sort(list_distinct(flatten(list(principals)))) AS let_in,
        list_sort(list_distinct(flatten(list(external_accounts)))) AS external_accounts,
        bool_and(conditions IS NOT NULL) AS has_conditions
    FROM policy_statements
    WHERE policy_kind = 'trust' AND effect = 'Allow'
    GROUP BY event_id
)

SELECT
    events.event_time, events.actor, events.client_ip, events.client, events.action, events.target,
    trusts.let_in, trusts.external_accounts, trusts.has_conditions, events.outcome,
    events.error_code, events.account_id, events.event_id
FROM events INNER JOIN trusts ON events.event_id = trusts.event_id
WHERE
    NOT $external_only
    OR len(
        list_filter(
            trusts.let_in, lambda name: NOT regexp_matches(name, '\.amazonaws\.com(\.cn)?$')
        )
    ) > 0
ORDER BY event_time, event_id
