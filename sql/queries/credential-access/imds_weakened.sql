-- /// trailquery
-- title = "Version 1 of instance metadata allowed"
-- question = "Who let instances or notebooks that are there, or new instances by default, hand out their role's credentials to requests without a token?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1552.005"]
-- why = "With version 1 of the metadata service, a web server that can be made to fetch an address gives away its role's credentials. Harmless where old software needs it."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run imds_weakened"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The instance or notebook; NULL: the default of the account in this region"
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
    (action IN (
        'ec2:ModifyInstanceMetadataDefaults', 'ec2:ModifyInstanceMetadataOptions',
        'sagemaker:UpdateNotebookInstance'
    )) IS TRUE
    AND regexp_matches(
        request,
        '(?i)"httpTokens" ?: ?"optional"|"httpTokensEnforced" ?: ?"disabled"'
        || '|"minimumInstanceMetadataServiceVersion" ?: ?"1"'
    )
ORDER BY event_time, event_id
