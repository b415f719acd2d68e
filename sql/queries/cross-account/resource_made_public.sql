-- /// trailquery
-- title = "Resource opened to everyone"
-- question = "Which queues, topics, keys, secrets, repositories, identity pools and the like were opened to everyone, or lost the guard against it?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1537", "T1098"]
-- why = "Anyone with an AWS account may use what the policy allows, and no key of ours is needed any more. Harmless where it is meant to be public, or an Elasticsearch domain that only its network reaches; buckets and functions have findings of their own."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run resource_made_public"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api"
-- target = "What was opened"
-- allowed = "What everyone may do, sorted; NULL where no policy says it: builds shown, guests let in, or a guard taken off"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target, allowed, outcome, error_code, account_id, region,
    event_id
FROM public_openings
WHERE
    service NOT IN ('apigateway', 'ecr-public', 'iam', 'lambda', 's3')
    -- a domain within a network is reached from there alone
    AND NOT regexp_matches(coalesce(request, ''), '"(vPC|vpc)Options" ?: ?\{ ?"')
ORDER BY event_time, event_id
