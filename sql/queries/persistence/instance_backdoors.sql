-- /// trailquery
-- title = "Start script or serial console of a machine"
-- question = "Which instances and notebooks got a new start-up script, and who opened or enabled the serial console?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1059.009", "T1098.004", "T1578"]
-- why = "A changed start-up script runs as root at the next start, with the machine's role; the serial console gets past every security group. Harmless where it is how the machine is deployed or repaired."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run instance_backdoors"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The instance, notebook or its configuration; NULL for the setting of the account"
-- stopped_before = "It was stopped in the hour before: an instance's or notebook's script can only be changed then"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    changed.event_time, changed.actor, changed.client_ip, changed.client, changed.action,
    changed.target,
    (
        SELECT count(*) > 0
        FROM history AS stops
        WHERE
            (stops.action IN ('ec2:StopInstances', 'sagemaker:StopNotebookInstance')) IS TRUE
            AND mentions(stops.resources, split_part(changed.target, '/', -1))
            AND stops.event_time BETWEEN
            changed.event_time - INTERVAL 1 HOUR AND changed.event_time
    ) AS stopped_before,
    changed.outcome, changed.error_code, changed.account_id, changed.region, changed.event_id
FROM events AS changed
WHERE
    changed.action IN (
        'ec2-instance-connect:SendSerialConsoleSSHPublicKey', 'ec2:EnableSerialConsoleAccess',
        'sagemaker:UpdateNotebookInstanceLifecycleConfig'
    )
    OR (
        changed.action IN ('ec2:ModifyInstanceAttribute', 'sagemaker:UpdateNotebookInstance')
        AND regexp_matches(changed.request, '"(userData|lifecycleConfigName)"')
    )
ORDER BY event_time, event_id
