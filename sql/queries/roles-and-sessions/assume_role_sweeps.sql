-- /// trailquery
-- title = "Many roles tried in vain"
-- question = "Who tried to assume many different roles within an hour and was mostly refused?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1087.004", "T1548.005"]
-- why = "Who was given a role knows its name; who tries many looks for one that lets them in. Harmless where an inventory tool takes one role in each account of an organization, and some accounts lack it."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run assume_role_sweeps --min-roles 3"
--
-- [params.min_roles]
-- type = "integer"
-- default = 5
-- about = "Different roles that were refused in one clock hour, at or above which a session is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who tried; of a caller in another account its own log knows more"
-- client_ips = "From which addresses, sorted"
-- refused = "Number of different roles that were refused"
-- roles_gained = "Roles that were granted in that hour, sorted"
-- roles_refused = "Roles that were refused, sorted"
-- account_id = "The account that recorded the calls"
-- session_id = "The session that tried"
-- event_ids = "The calls of that hour, granted or not, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    count(DISTINCT target) FILTER (WHERE outcome <> 'success') AS refused,
    list_sort(list(DISTINCT target) FILTER (WHERE outcome = 'success')) AS roles_gained,
    list_sort(list(DISTINCT target) FILTER (WHERE outcome <> 'success')) AS roles_refused,
    account_id, session_id, list_sort(list(event_id)) AS event_ids
FROM management_events
WHERE action = 'sts:AssumeRole' AND NOT is_aws_call
GROUP BY date_trunc('hour', event_time), actor, principal_key, account_id, session_id
HAVING
    count(DISTINCT target) FILTER (WHERE outcome <> 'success') >= $min_roles
    AND count(DISTINCT target) FILTER (WHERE outcome <> 'success')
    > count(DISTINCT target) FILTER (WHERE outcome = 'success')
ORDER BY hour_start, actor, account_id, session_id
