-- /// trailquery
-- title = "Access keys turned off, on or deleted"
-- question = "Which access keys were deactivated, reactivated or deleted, by whom and whose?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.001", "T1531"]
-- example = "trailquery run keys_status_changed --change reactivated"
--
-- [params.change]
-- type = "choice"
-- choices = ["any", "deactivated", "reactivated", "deleted"]
-- default = "any"
-- about = "Only this change"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- change = "deactivated, reactivated or deleted; NULL where the record says no status, as in many refusals"
-- key = "The access key; sessions made with it live on until they expire"
-- key_of = "The user it belongs to"
-- of_other_user = "The user is not the one who changed it"
-- actor = "Who changed it"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH status_changes AS (
    SELECT
        *,
        CASE
            WHEN api = 'DeleteAccessKey' THEN 'deleted'
            WHEN json_extract_string(request, '$.status') = 'Inactive' THEN 'deactivated'
            WHEN json_extract_string(request, '$.status') = 'Active' THEN 'reactivated'
        END AS change
    FROM management_events
    WHERE (action IN ('iam:UpdateAccessKey', 'iam:DeleteAccessKey')) IS TRUE
)

SELECT
    event_time, change,
    list_filter(resources, lambda named: named.type = 'AWS::IAM::AccessKey')[1].name AS key,
    target AS key_of,
    coalesce(target <> 'user/' || coalesce(user_name, ''), FALSE) AS of_other_user,
    actor, client_ip, client, outcome, error_code, account_id, session_id, event_id
FROM status_changes
WHERE $change IN ('any', change)
ORDER BY event_time, event_id
