-- /// trailquery
-- title = "Disk copied and mounted"
-- question = "Who made a volume from a snapshot and attached it to an instance within a day?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1578.001", "T1578.002"]
-- why = "A copy of another machine's disk, mounted on a machine of one's own, gives its files and password hashes without touching that machine. Harmless as restoring a backup, or where Kubernetes provides volumes from snapshots."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run volume_snapshots_mounted"
--
-- [columns]
-- event_time = "When the volume was attached, or was tried to be (UTC)"
-- actor = "Who attached it"
-- client_ip = "From which address"
-- instance = "The instance it was attached to"
-- volume = "The volume"
-- snapshot = "The snapshot it was made from"
-- copied_from = "The volume of which the snapshot is; NULL where its making is not held"
-- snapshot_by = "Who made the snapshot"
-- outcome = "Of the attaching: success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the instance"
-- event_ids = "The snapshot, the volume and the attaching, in this order, as far as they are held"
-- ///
WITH volumes AS (
    SELECT
        event_time AS made_at, event_id, json_extract_string(response, '$.snapshotId') AS snapshot,
        json_extract_string(response, '$.volumeId') AS volume
    FROM history
    WHERE action = 'ec2:CreateVolume'
),

snapshots AS (
    SELECT
        actor, event_id, json_extract_string(request, '$.volumeId') AS copied_from,
        json_extract_string(response, '$.snapshotId') AS snapshot
    FROM history
    WHERE action = 'ec2:CreateSnapshot'
)

SELECT
    attached.event_time, attached.actor, attached.client_ip,
    json_extract_string(attached.request, '$.instanceId') AS instance,
    volumes.volume, volumes.snapshot, snapshots.copied_from, snapshots.actor AS snapshot_by,
    attached.outcome, attached.error_code, attached.account_id,
    list_filter(
        [snapshots.event_id, volumes.event_id, attached.event_id], lambda id: id IS NOT NULL
    ) AS event_ids
FROM events AS attached
INNER JOIN volumes
    ON
        json_extract_string(attached.request, '$.volumeId') = volumes.volume
        AND attached.event_time BETWEEN volumes.made_at AND volumes.made_at + INTERVAL 1 DAY
LEFT JOIN snapshots ON volumes.snapshot = snapshots.snapshot
WHERE
    attached.action = 'ec2:AttachVolume'
    AND NOT attached.is_aws_call
    AND starts_with(volumes.snapshot, 'snap-')
ORDER BY attached.event_time, volumes.volume, instance
