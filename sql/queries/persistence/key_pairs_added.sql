-- /// trailquery
-- title = "SSH keys added"
-- question = "Who made or imported key pairs, or put SSH keys on instances or users?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.004"]
-- example = "trailquery run key_pairs_added"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The key pair, instance or user"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    (
        (action IN (
            'ec2-instance-connect:SendSSHPublicKey',
            'ec2-instance-connect:SendSerialConsoleSSHPublicKey', 'ec2:CreateKeyPair',
            'ec2:ImportKeyPair', 'glue:UpdateDevEndpoint', 'iam:UploadSSHPublicKey',
            'lightsail:CreateKeyPair', 'lightsail:ImportKeyPair', 'transfer:ImportSshPublicKey'
        )) IS TRUE
        OR (
            (action IN ('glue:CreateDevEndpoint', 'transfer:CreateUser')) IS TRUE
            AND regexp_matches(request, '"(publicKeys?|sshPublicKeyBody)"')
        )
    )
    AND NOT is_aws_call
ORDER BY event_time, event_id
