-- /// trailquery
-- title = "New code in a function, and its role turned to IAM"
-- question = "Who made or changed a function whose role, right after, changed something in IAM for the first time?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1648", "T1548.005", "T1098"]
-- why = "Who may write a function's code has all that its role may: so keys of administrators are made without a right to IAM of one's own. Harmless when a release teaches an automation of yours something new."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run new_code_in_iam --within 1d"
--
-- [params.within]
-- type = "interval"
-- default = "1h"
-- about = "Calls of the function's role count no later than this after the change"
--
-- [columns]
-- changed_at = "When the function was made or changed; of several changes the first (UTC)"
-- actor = "Who did it"
-- client_ips = "From which addresses, sorted"
-- function = "The function"
-- role_name = "The role it runs with"
-- actions = "What the role then called in IAM for the first time, sorted"
-- worked = "How many of these calls worked"
-- account_id = "The account of the function"
-- session_id = "The session the function was changed in"
-- event_ids = "The changes and the calls, sorted"
-- ///
WITH deeds AS (
    SELECT
        account_id, event_time, event_id, action, outcome, role_name,
        'function/' || session_name AS function,  -- Lambda names the session so
        row_number() OVER (
            PARTITION BY account_id, principal_key, session_name, action
            ORDER BY event_time, event_id
        ) = 1 AS is_first
    FROM history
    WHERE service = 'iam' AND access = 'write'
)

SELECT
    min(change.event_time) AS changed_at, change.actor, set_of(change.client_ip) AS client_ips,
    deeds.function, deeds.role_name, set_of(deeds.action) AS actions,
    count(DISTINCT deeds.event_id) FILTER (WHERE deeds.outcome = 'success') AS worked,
    change.account_id, change.session_id,
    list_sort(list_distinct(list_concat(list(change.event_id), list(deeds.event_id))))
        AS event_ids
FROM management_events AS change
INNER JOIN deeds
    ON
        change.account_id = deeds.account_id
        AND change.target = deeds.function
        AND deeds.event_time BETWEEN change.event_time AND change.event_time + $within
WHERE
    change.action IN (
        'lambda:CreateFunction', 'lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration'
    )
    AND change.outcome = 'success'
    AND NOT change.is_aws_call
    AND deeds.is_first
GROUP BY change.actor, change.account_id, change.session_id, deeds.function, deeds.role_name
ORDER BY changed_at, change.actor, deeds.function, change.session_id
