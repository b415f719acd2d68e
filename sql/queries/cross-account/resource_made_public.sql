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
WITH opened AS (
    SELECT event_id, list_sort(list_distinct(flatten(list(actions)))) AS allowed
    FROM policy_statements
    WHERE is_public
    GROUP BY event_id
)

SELECT
    events.event_time, events.actor, events.client_ip, events.action, events.target,
    opened.allowed, events.outcome, events.error_code, events.account_id, events.region,
    events.event_id
FROM events LEFT JOIN opened ON events.event_id = opened.event_id
WHERE
    (
        opened.event_id IS NOT NULL
        AND events.service NOT IN ('apigateway', 'ecr-public', 'iam', 'lambda', 's3')
        -- a domain within a network is reached from there alone
        AND NOT regexp_matches(events.request, '"(vPC|vpc)Options" ?: ?\{ ?"')
    )
    OR events.action IN (
        'ec2:DisableImageBlockPublicAccess', 'ec2:DisableSnapshotBlockPublicAccess'
    )
    OR (
        events.action = 'codebuild:UpdateProjectVisibility'
        AND contains(events.request, 'PUBLIC_READ')
    )
    OR (
        events.action = 'elasticmapreduce:PutBlockPublicAccessConfiguration'
        AND regexp_matches(events.request, '"blockPublicSecurityGroupRules" ?: ?false')
    )
    OR (
        events.action = 'ssm:ModifyDocumentPermission'
        AND regexp_matches(events.request, '(?i)"accountIdsToAdd" ?: ?\[ ?"all"')
    )
    -- pools are often made for guests; an old one seldom becomes theirs
    OR (
        events.action = 'cognito-identity:UpdateIdentityPool'
        AND json_extract_string(events.request, '$.allowUnauthenticatedIdentities') = 'true'
    )
ORDER BY event_time, event_id
