-- /// trailquery
-- title = "Resources opened to outsiders"
-- question = "Which buckets, keys, functions, secrets, queues, shares, documents, directories, addresses, logs or findings were opened to accounts that are not ours?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1537", "T1199"]
-- example = "trailquery run resources_shared_out --public-only"
--
-- [params.public_only]
-- type = "boolean"
-- default = false
-- about = "Only what was opened to everyone"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who opened it"
-- client_ip = "From which address"
-- action = "The call, service:api"
-- target = "What was opened; disks and databases: see snapshots_shared_out; grants of keys: kms_grants_and_policies"
-- opened_to = "Accounts, ARNs, organizations, canonical users other than the owner (whom an ACL in headers does not name), mail addresses or * (everyone), outside ours, sorted; a policy is sent whole, with what was open before"
-- is_public = "Everyone may, and no condition narrows it"
-- allowed = "What they may do, sorted; empty where the call is no policy"
-- conditions = "Conditions of these statements, JSON text, sorted"
-- outcome = "success, denied, error or dry-run"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target, set_of(taker) AS opened_to,
    bool_or(taker = '*') AS is_public,
    list_sort(list_distinct(flatten(list(allowed)))) AS allowed,
    set_of(conditions) AS conditions, outcome, account_id, region, event_id
FROM resource_openings
WHERE taker = '*' OR NOT $public_only
GROUP BY event_time, actor, client_ip, action, target, outcome, account_id, region, event_id
ORDER BY event_time, event_id
