-- /// trailquery
-- title = "AWS Support and account contacts"
-- question = "Did AWS Support act here, who opened or resolved support cases, or changed the account's contacts?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098"]
-- example = "trailquery run support_and_contacts"
--
-- [columns]
-- actor = "Who; AWSServiceRoleForSupport is AWS Support itself"
-- action = "service:api"
-- outcome = "success, denied, error or dry-run"
-- first_seen = "First such call (UTC)"
-- last_seen = "Last such call (UTC)"
-- calls = "How many calls"
-- client_ips = "Addresses they came from, sorted"
-- account_id = "The account that was acted on"
-- event_ids = "Their events, sorted"
-- ///
SELECT
    actor, action, outcome,
    min(event_time) AS first_seen, max(event_time) AS last_seen, count(*) AS calls,
    set_of(client_ip) AS client_ips, account_id, list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    role_name = 'AWSServiceRoleForSupport'
    OR (service = 'support' AND regexp_matches(api, 'Case|Communication|Attachment'))
    OR (service = 'account' AND access = 'write')
    OR action IN ('billingconsole:SetAdditionalContacts', 'billingconsole:SetContactAddress')
GROUP BY actor, action, outcome, account_id
ORDER BY first_seen, actor, action, outcome, account_id
