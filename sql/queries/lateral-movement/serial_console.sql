-- /// trailquery
-- title = "Serial console of an instance used"
-- question = "Who allowed the EC2 serial console, or pushed a key to that of an instance?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1021.008", "T1021.004"]
-- why = "The serial console reaches an instance past security groups, network ACLs and the absence of a route, and is off until someone allows it for the whole account. Harmless when an administrator rescues a machine that cannot be reached otherwise."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run serial_console"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who called"
-- client_ip = "From which address"
-- action = "The call, service:api"
-- target = "The instance; NULL where the account is meant"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target, outcome, error_code, account_id, region, event_id
FROM management_events
WHERE
    (action IN (
        'ec2:EnableSerialConsoleAccess', 'ec2-instance-connect:SendSerialConsoleSSHPublicKey'
    )) IS TRUE
ORDER BY event_time, event_id
