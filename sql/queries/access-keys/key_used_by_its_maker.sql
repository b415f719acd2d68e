-- /// trailquery
-- title = "A key for another user, used by who made it"
-- question = "Who made an access key for an old user and had it used from the very address it was made from?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.001", "T1078.004"]
-- why = "A thief who may create keys takes on other users with them, and stays when the first key is found. Harmless when an administrator rotates a program's key and tries the new one; whoever only asks with it whose it is is left out."
-- next = "trailquery run timeline_key {created_key}"
-- example = "trailquery run key_used_by_its_maker --within 7d"
--
-- [params.within]
-- type = "interval"
-- default = "1d"
-- about = "Uses no later than this after the key was made count; a user made in the week before is new, and left out"
--
-- [columns]
-- event_time = "When the key was made (UTC)"
-- actor = "Who made it"
-- key_for = "The user it is for, who was never seen at that address before"
-- client_ip = "The address it was made and used from"
-- made_with = "Kind of client program it was made with"
-- used_with = "Kinds of client program it was used with from there, sorted"
-- created_key = "The key"
-- first_used = "Its first use from there (UTC)"
-- uses = "Uses from there"
-- failed = "Of these, refused or failed"
-- actions = "What it was used for from there, sorted"
-- account_id = "The account of the user"
-- event_ids = "The making and those uses, sorted"
-- ///
SELECT
    made.event_time, made.actor, made.target AS key_for, made.client_ip, made.client AS made_with,
    set_of(used.client) AS used_with,
    made.issued_key_id AS created_key, min(used.event_time) AS first_used, count(*) AS uses,
    count(*) FILTER (WHERE used.outcome <> 'success') AS failed, set_of(used.action) AS actions,
    made.account_id,
    list_sort(list_distinct(list_append(list(used.event_id), made.event_id))) AS event_ids
FROM credentials_for_others AS made
INNER JOIN history AS used
    ON
        made.issued_key_id = used.access_key_id
        AND made.for_user = used.user_name
        AND made.client_ip = used.client_ip
        AND used.event_time <= made.event_time + $within
WHERE
    coalesce(made.user_created_at < made.event_time - INTERVAL 7 DAY, TRUE)
    AND made.user_seen_there >= made.event_time
GROUP BY
    made.event_time, made.event_id, made.actor, made.target, made.client_ip, made.client,
    made.issued_key_id, made.account_id
HAVING bool_or(used.action <> 'sts:GetCallerIdentity')
ORDER BY made.event_time, created_key, made.event_id
