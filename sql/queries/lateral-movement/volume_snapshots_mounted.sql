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
SELECT
    attached.event_time, attached.actor, attached.client_ip,
    json_extract_string(attached.request, '$.instanceId') AS instance, made.target AS volume,
    json_extract_string(made.response, '$.snapshotId') AS snapshot,
    json_extract_string(taken.request, '$.volumeId') AS copied_from, taken.actor AS snapshot_by,
    attached.outcome, attached.error_code, attached.account_id,
    list_filter([taken.event_id, made.event_id, attached.event_id], lambda id: id IS NOT NULL)
        AS event_ids
FROM events AS attached
INNER JOIN history AS made ON json_extract_string(attached.request, '$.volumeId') = made.target
LEFT JOIN history AS taken
    ON
        json_extract_string(made.response, '$.snapshotId') = taken.target
        AND taken.action = 'ec2:CreateSnapshot'
WHERE
    attached.action = 'ec2:AttachVolume'
    AND NOT attached.is_aws_call
    AND made.action = 'ec2:CreateVolume'
    AND contains(made.response, '"snap-')
    AND attached.event_time BETWEEN made.event_time AND made.event_time + INTERVAL 1 DAY
ORDER BY attached.event_time, volume, instance
