-- /// trailquery
-- title = "Access keys created"
-- question = "Which access keys were created, by whom and for whom, and was each used later and from where?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.001"]
-- example = "trailquery run keys_created --for-other-user"
--
-- [params.for_other_user]
-- type = "boolean"
-- default = false
-- about = "Only keys that someone made for another user"
--
-- [columns]
-- event_time = "When the key was created, or was tried to be (UTC)"
-- actor = "Who created it"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- key_for = "The user it is for"
-- for_other_user = "The user is not the one who created it"
-- outcome = "success, denied, error or dry-run"
-- created_key = "The new key; NULL if there is none"
-- first_used = "Its first use held, in scope or not (UTC); NULL if never"
-- last_used = "Its last use held (UTC)"
-- uses = "Events signed with it"
-- used_from = "Addresses that used it, sorted"
-- account_id = "The account of the user"
-- event_id = "The event of the creation; see: trailquery run event"
-- ///
WITH creations AS (
    SELECT
        *, coalesce(target <> 'user/' || coalesce(user_name, ''), FALSE) AS for_other_user
    FROM management_events
    WHERE action = 'iam:CreateAccessKey'
),

uses AS (
    SELECT
        access_key_id, min(event_time) AS first_used, max(event_time) AS last_used,
        count(*) AS uses, set_of(client_ip) AS used_from
    FROM history
    WHERE access_key_id IN (SELECT issued_key_id FROM creations)
    GROUP BY access_key_id
)

SELECT
    creations.event_time, creations.actor, creations.client_ip, creations.client,
    creations.target AS key_for, creations.for_other_user, creations.outcome,
    creations.issued_key_id AS created_key, uses.first_used, uses.last_used,
    coalesce(uses.uses, 0) AS uses, coalesce(uses.used_from, []) AS used_from,
    creations.account_id, creations.event_id
FROM creations LEFT JOIN uses ON creations.issued_key_id = uses.access_key_id
WHERE creations.for_other_user OR NOT $for_other_user
ORDER BY creations.event_time, creations.event_id
