-- /// trailquery
-- title = "User made for one service used for more"
-- question = "Did a user that AWS made for a Bedrock API key or for sending mail call another service, or get a key, a password or rights?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1078.004", "T1098.001"]
-- why = "The console makes such a user to hold one credential of one service, and nobody works as it: calls elsewhere are signed with a key that someone added, and what is added is a way back in that looks like AWS's own doing. Harmless where someone took it for an ordinary user."
-- next = "trailquery run timeline_actor {service_user}"
-- example = "trailquery run service_user_astray"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: the user itself, or who gave it more"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- service_user = "The user: BedrockAPIKey-... or ses-smtp-user...."
-- action = "The call, service:api"
-- target = "What was acted on"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session, or key, it was called with"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        *, user_name LIKE 'BedrockAPIKey-%' AND NOT regexp_matches(service, '^bedrock|market')
        OR user_name LIKE 'ses-smtp-user.%' AND service <> 'ses' AS goes_astray,
        regexp_extract(target, '^user/(BedrockAPIKey-[^ ]+|ses-smtp-user[.][^ ]+)', 1) AS gets_more
    FROM events
    WHERE NOT is_aws_call
)

SELECT
    event_time, actor, client_ip, client,
    CASE WHEN goes_astray THEN user_name ELSE gets_more END AS service_user,
    action, target, outcome, error_code, account_id, session_id, event_id
FROM calls
WHERE
    goes_astray
    OR (
        gets_more <> ''
        AND action IN (
            'iam:CreateLoginProfile', 'iam:UpdateLoginProfile', 'iam:CreateAccessKey',
            'iam:AttachUserPolicy', 'iam:PutUserPolicy', 'iam:AddUserToGroup'
        )
        -- the console gives these itself: a key to send mail, a policy to call models
        AND NOT (action = 'iam:CreateAccessKey' AND starts_with(gets_more, 'ses'))
        AND NOT regexp_matches(request, 'AmazonBedrock|AmazonSesSendingAccess|AWSSESSendingGroup')
    )
ORDER BY event_time, event_id
