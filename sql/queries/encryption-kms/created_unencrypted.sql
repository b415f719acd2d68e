-- /// trailquery
-- title = "Storage made without encryption"
-- question = "Which volumes, snapshots, databases and file systems were made without encryption, and by whom?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1578.005"]
-- example = "trailquery run created_unencrypted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- action = "The call, service:api"
-- target = "What was made"
-- account_id = "The account that has it"
-- region = "The region that has it"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT event_time, actor, client_ip, action, target, account_id, region, event_id
FROM changes
WHERE
    (service IN ('ec2', 'rds', 'elasticfilesystem', 'redshift', 'elasticache')) IS TRUE
    AND regexp_matches(api, '^(Create|Copy|Restore)')
    AND regexp_matches(
        response, '"(encrypted|storageEncrypted|atRestEncryptionEnabled)" ?: ?"?false'
    )
ORDER BY event_time, event_id
