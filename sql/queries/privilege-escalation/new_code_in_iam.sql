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
WITH first_deeds AS (
    SELECT *, 'function/' || session_name AS function  -- Lambda names the session so
    FROM history
    WHERE service = 'iam' AND access = 'write'
    QUALIFY row_number() OVER (
        PARTITION BY account_id, principal_key, session_name, action ORDER BY event_time, event_id
    ) = 1
)

SELECT
    min(change.event_time) AS changed_at, change.actor, set_of(change.client_ip) AS client_ips,
    deed.function, deed.role_name, set_of(deed.action) AS actions,
    count(DISTINCT deed.event_id) FILTER (WHERE deed.outcome = 'success') AS worked,
    change.account_id, change.session_id,
    list_sort(list_distinct(list(change.event_id) || list(deed.event_id))) AS event_ids
FROM changes AS change INNER JOIN first_deeds AS deed
    ON
        change.account_id = deed.account_id
        AND change.target = deed.function
        AND deed.event_time BETWEEN change.event_time AND change.event_time + $within
WHERE regexp_matches(change.action, '^lambda:(Create|Update)Function(Code|Configuration)?$')
GROUP BY change.actor, change.account_id, change.session_id, deed.function, deed.role_name
ORDER BY changed_at, change.actor, deed.function, change.session_id
