-- /// trailquery
-- title = "Disks, images and databases shared with outsiders"
-- question = "Which snapshots and images were shared with accounts that are not ours, or with everyone?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1537"]
-- why = "Whoever may use a snapshot or image copies the whole disk or database into an account of theirs, where nobody here sees it read. Harmless where the account is a partner's, or one of yours that trailquery does not know: name it in [accounts]."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run snapshots_shared_out"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who shared it"
-- client_ip = "From which address"
-- action = "The call, service:api"
-- snapshot = "The snapshot or image"
-- shared_with = "Accounts, organizations or all (everyone), outside ours, sorted"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the snapshot or image"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH shares AS (
    SELECT
        *, unnest(list_concat(
            json_extract_string(request, '$.*.add.items[*].*'),
            json_extract_string(request, '$.valuesToAdd[*]'),
            json_extract_string(request, ['$.accountWithRestoreAccess'])
        )) AS taker
    FROM management_events
    WHERE (action IN (
        'ec2:ModifySnapshotAttribute', 'ec2:ModifyImageAttribute',
        'ec2:ModifyFpgaImageAttribute', 'rds:ModifyDBSnapshotAttribute',
        'rds:ModifyDBClusterSnapshotAttribute', 'redshift:AuthorizeSnapshotAccess'
    )) IS TRUE
)

SELECT
    event_time, actor, client_ip, action, split_part(target, ' ', 1) AS snapshot,
    set_of(taker) AS shared_with, outcome, error_code, account_id, region, event_id
FROM shares
WHERE
    NOT is_own_account(regexp_replace(taker, '^arn:.*:([0-9]{12}):.*', '\1'))
    -- a service does so by design: GuardDuty scans disks in an account of its own
    AND NOT is_service_linked(role_arn)
GROUP BY
    event_time, actor, client_ip, action, target, outcome, error_code, account_id, region, event_id
ORDER BY event_time, event_id
