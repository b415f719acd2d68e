-- /// trailquery
-- title = "Shared disks taken by outsiders"
-- question = "Which of our snapshots did an account that is not ours copy, or make a volume of?"
-- category = "service"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1537"]
-- why = "Sharing a snapshot only opens the door: this is the copy itself, in an account where nobody here sees it read. Harmless where the account is a partner's (name it in [accounts]), or where you publish images for everyone."
-- next = "trailquery run timeline_resource {snapshot}"
-- example = "trailquery run snapshots_taken"
--
-- [columns]
-- first_taken = "The first copy or volume (UTC)"
-- last_taken = "The last (UTC)"
-- snapshot = "The snapshot"
-- taken_by = "The accounts that took it, sorted"
-- copies = "Copies begun"
-- volumes = "Volumes made"
-- account_id = "The account of the snapshot"
-- region = "The region of the snapshot"
-- event_ids = "The events, sorted"
-- ///
WITH lent AS (
    -- a service does so by design: GuardDuty scans disks in an account of its own
    SELECT DISTINCT account_id, region, split_part(target, ' ', 1) AS snapshot
    FROM history
    WHERE action = 'ec2:ModifySnapshotAttribute' AND is_service_linked(role_arn)
)

SELECT
    min(event_time) AS first_taken, max(event_time) AS last_taken, target AS snapshot,
    set_of(actor_account_id) AS taken_by,
    count(*) FILTER (WHERE api = 'SharedSnapshotCopyInitiated') AS copies,
    count(*) FILTER (WHERE api = 'SharedSnapshotVolumeCreated') AS volumes, account_id, region,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    (action IN ('ec2:SharedSnapshotCopyInitiated', 'ec2:SharedSnapshotVolumeCreated')) IS TRUE
    AND actor_account_id NOT IN (SELECT ours.account_id FROM own_accounts AS ours)
    AND (account_id, region, target) NOT IN (SELECT (account_id, region, snapshot) FROM lent)
GROUP BY target, account_id, region
ORDER BY first_taken, snapshot, account_id
