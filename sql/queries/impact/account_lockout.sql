-- /// trailquery
-- title = "People locked out"
-- question = "Who took away the sign-in, the second factor or the rights of several people who were at work?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1531"]
-- why = "Whoever takes over an account locks its owners out. Only users who had called before count, so that users made and dropped by tests do not. Harmless when a team is moved to another way of signing in. Access keys switched off, which rotation does every day, are in keys_status_changed."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run account_lockout --min-people 1"
--
-- [params.min_people]
-- type = "integer"
-- default = 3
-- about = "People hit by one session on one day, at or above which it is listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- people = "The users hit, sorted: IAM names or Identity Center ids"
-- actions = "What was called, sorted"
-- outcomes = "success, denied, error: all that came, sorted"
-- account_id = "The account that was acted on"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
WITH removals AS (
    SELECT
        *,
        coalesce(
            list_filter(resources, lambda named: named.type = 'AWS::IAM::User')[1].name,
            json_extract_string(request, '$.principalId'),
            json_extract_string(request, '$.userId')
        ) AS person
    FROM events
    WHERE
        action IN (
            'iam:DeleteUser', 'iam:DeleteLoginProfile', 'iam:UpdateLoginProfile',
            'iam:DeactivateMFADevice', 'iam:DetachUserPolicy', 'iam:DeleteUserPolicy',
            'iam:RemoveUserFromGroup', 'sso:DeleteAccountAssignment',
            'sso-directory:DisableUser', 'sso-directory:DeleteUser', 'identitystore:DeleteUser'
        )
        AND NOT is_aws_call
),

people AS (
    SELECT
        coalesce(on_behalf_of_user, user_name) AS person, min(event_time) AS first_seen
    FROM history
    GROUP BY coalesce(on_behalf_of_user, user_name)
)

SELECT
    min(removals.event_time) AS first_time, max(removals.event_time) AS last_time, removals.actor,
    set_of(removals.client_ip) AS client_ips, set_of(removals.person) AS people,
    set_of(removals.action) AS actions, set_of(removals.outcome) AS outcomes,
    removals.account_id, removals.session_id, list_sort(list(removals.event_id)) AS event_ids
FROM removals INNER JOIN people ON removals.person = people.person
WHERE
    people.first_seen < removals.event_time
    AND removals.person IS DISTINCT FROM coalesce(removals.on_behalf_of_user, removals.user_name)
GROUP BY removals.actor, removals.account_id, removals.session_id, removals.event_date
HAVING count(DISTINCT removals.person) >= $min_people
ORDER BY first_time, actor, account_id, session_id
