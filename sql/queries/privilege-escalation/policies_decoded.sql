-- /// trailquery
-- title = "Policies as written"
-- question = "What does each policy written in this time allow or deny, to whom, on what, under which conditions?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1098.003"]
-- example = "trailquery run policies_decoded --policy-kind resource --target s3://web"
--
-- [params.target]
-- type = "text"
-- default = ""
-- about = "Only policies of this, as the column target shows it; empty is all"
--
-- [params.policy_kind]
-- type = "choice"
-- choices = ["any", "identity", "trust", "resource", "session", "scp", "rcp"]
-- default = "any"
-- about = "Only policies of this kind"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api"
-- target = "What the call was aimed at"
-- policy_kind = "identity, trust, resource, session, scp or rcp: what the policy is fastened to"
-- statement_number = "The statement's place in the call, from 1"
-- effect = "Allow or Deny"
-- actions = "What it is about, as written and in that order; all but these after NOT"
-- resource_arns = "On which resources; empty in a trust policy"
-- principals = "To whom"
-- conditions = "Conditions, JSON text; NULL where there is none"
-- is_public = "It allows everyone"
-- is_admin = "It allows everything on everything"
-- outcome = "success, denied, error or dry-run"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target, policy_kind, statement_number, effect,
    actions || list_transform(not_actions, lambda name: 'NOT ' || name) AS actions,
    resource_arns || list_transform(not_resources, lambda name: 'NOT ' || name) AS resource_arns,
    principals || list_transform(not_principals, lambda name: 'NOT ' || name) AS principals,
    conditions, is_public, is_admin, outcome, account_id, event_id
FROM policy_statements
WHERE $target IN ('', target) AND $policy_kind IN ('any', policy_kind)
ORDER BY event_time, target, statement_number, event_id
