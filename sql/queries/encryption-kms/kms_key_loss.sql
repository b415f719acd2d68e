-- /// trailquery
-- title = "Encryption keys taken out of use"
-- question = "Were KMS keys disabled or scheduled for deletion, was their imported material removed or replaced, are they kept outside AWS, or given to others alone?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1485", "T1486"]
-- why = "Whatever a key encrypts is unreadable while it is disabled, and lost for good once it is deleted; there are 7 to 30 days to cancel. What is encrypted with material that someone brought along, or with a key that only others may use, is theirs to give back. Harmless when a system is retired on purpose, or where keys are brought along by design; keys made less than a day before are left out when they are disabled or dropped, as tests do."
-- next = "trailquery run timeline_resource {key_id}"
-- example = "trailquery run kms_key_loss --min-age-hours 0"
--
-- [params.min_age_hours]
-- type = "integer"
-- default = 24
-- about = "Hours since the key was made, below which disabling or dropping it is left out; a key made before all that is held counts as old"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- key_id = "The key, or the key store"
-- pending_days = "Days until it is deleted, as asked for; AWS takes 30 where none are"
-- created_at = "When the key was made (UTC); NULL if that is not held"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account of the key"
-- region = "The region of the key"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH creations AS (
    SELECT target, min(event_time) AS created_at
    FROM history
    WHERE action = 'kms:CreateKey'
    GROUP BY target
)

SELECT
    event_time, actor, client_ip, client, action, regexp_extract(target, '[^/]+$') AS key_id,
    try_cast(json_extract_string(request, '$.pendingWindowInDays') AS INTEGER) AS pending_days,
    created_at, outcome, error_code, account_id, region, event_id
FROM events LEFT JOIN creations USING (target)
WHERE
    NOT is_aws_call
    AND CASE
        WHEN action IN ('kms:DisableKey', 'kms:ScheduleKeyDeletion')
            THEN coalesce(event_time >= created_at + to_hours($min_age_hours), TRUE)
        WHEN action IN ('kms:CreateCustomKeyStore', 'kms:UpdateCustomKeyStore')
            THEN contains(lower(request), '"xksproxyuri')
        WHEN action = 'kms:PutKeyPolicy' THEN shuts_owner_out(event_id)
        ELSE action IN (
            'kms:DeleteImportedKeyMaterial', 'kms:ImportKeyMaterial',
            'kms:DisconnectCustomKeyStore', 'kms:DeleteCustomKeyStore'
        )
    END
ORDER BY event_time, event_id
