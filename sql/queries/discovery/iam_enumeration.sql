-- /// trailquery
-- title = "Identities and permissions listed"
-- question = "Who listed users, roles and policies, downloaded all of them, simulated permissions, or tried out whom AWS knows?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1087.004", "T1069.003"]
-- example = "trailquery run iam_enumeration --min-actions 10"
--
-- [params.min_actions]
-- type = "integer"
-- default = 5
-- about = "Different IAM reads in one clock hour, or policies refused for naming nobody, at or above which a session is listed; one read that tells all is enough"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- clients = "With which kinds of client, sorted: Terraform and the console read a lot"
-- actions = "What was read, or what took the policies that name nobody, sorted"
-- calls = "Number of these calls"
-- denied = "Of these, refused"
-- account_id = "The account that was asked"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The calls, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(client) AS clients, set_of(api) AS actions, count(*) AS calls,
    count(*) FILTER (WHERE outcome = 'denied') AS denied, account_id, session_id,
    list_sort(list(event_id)) AS event_ids
FROM management_events
WHERE
    NOT is_aws_call
    AND (
        (service = 'iam' AND access = 'read')
        -- a policy is refused when it names a user or role that does not exist, in any account
        OR (access = 'write' AND regexp_matches(error_message, '(?i)invalid principal'))
    )
GROUP BY date_trunc('hour', event_time), actor, principal_key, account_id, session_id
HAVING
    count(DISTINCT api) FILTER (WHERE access = 'read') >= $min_actions
    OR count(DISTINCT request) FILTER (WHERE access = 'write') >= $min_actions
    OR bool_or(
        api IN (
            'GetAccountAuthorizationDetails', 'SimulatePrincipalPolicy', 'SimulateCustomPolicy',
            'GetContextKeysForPrincipalPolicy'
        )
    )
ORDER BY hour_start, actor, account_id, session_id
