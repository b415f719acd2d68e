-- /// trailquery
-- title = "Commands and shells on machines"
-- question = "Who ran commands, opened shells, tunnels or desktops on which machines and clusters, or moved files through CloudShell?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1651", "T1021.004", "T1021.007", "T1021.008"]
-- example = "trailquery run remote_execution --actor alice"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who called"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The machine, task or cluster; of a command by tags the document"
-- document = "The SSM document: AWS-RunShellScript, AWS-StartPortForwardingSession, ...; what was run is hidden by AWS"
-- sent_to = "Of a command by tags, resource groups or ids: which, JSON text as sent; NULL where it names machines"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    json_extract_string(request, '$.documentName') AS document,
    json_extract_string(request, '$.targets') AS sent_to,
    outcome, error_code, account_id, region, event_id
FROM machine_entries
WHERE
    $actor IN (
        '', actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
        access_key_id
    )
    AND event_id IN (SELECT events.event_id FROM events)
ORDER BY event_time, event_id
