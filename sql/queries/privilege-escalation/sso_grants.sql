-- /// trailquery
-- title = "Identity Center changed"
-- question = "Which permission sets, assignments, users or groups of Identity Center were changed, by whom?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.003", "T1136.003"]
-- example = "trailquery run sso_grants"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The permission set, user, group or application; of an entitlement the role"
-- given_to = "The user or group that got or lost something, by id or name"
-- in_account = "The account an assignment is for"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action,
    coalesce(json_extract_string(request, '$.entitlement.principalRole.roleArn'), target) AS target,
    coalesce(
        json_extract_string(request, '$.principalId'),
        json_extract_string(request, '$.memberId.userId'),
        json_extract_string(request, '$.member.memberId'),
        json_extract_string(request, '$.userName'),
        json_extract_string(request, '$.entitlement.principalRole.principal.identityCenter.*')[1]
    ) AS given_to,
    coalesce(
        json_extract_string(request, '$.targetId'),
        split_part(json_extract_string(request, '$.entitlement.principalRole.roleArn'), ':', 5)
    ) AS in_account,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    (service IN ('sso', 'sso-directory', 'identitystore', 'account-access')) IS TRUE
    AND access = 'write'
    AND category = 'management'
    -- the CLI's sign-in: see sso_signins
    AND api NOT IN ('CreateToken', 'RegisterClient', 'StartDeviceAuthorization')
    AND NOT is_aws_call
ORDER BY event_time, event_id
