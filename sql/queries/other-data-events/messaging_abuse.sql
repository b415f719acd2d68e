-- /// trailquery
-- title = "Mail and messages prepared for abuse, queues emptied"
-- question = "Who added senders or mailboxes, raised or reopened sending limits, or purged queues?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1496.003", "T1566", "T1485"]
-- why = "Stolen accounts send spam and phishing in your name: senders are verified, the sandbox is left, spending on SMS is raised. A purged queue loses what waited in it. Harmless where the team that sends your mail sets up a domain."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run messaging_abuse"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The sender, queue or number"
-- request = "What was asked for, JSON text as sent"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account that sends"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, request, outcome, error_code, account_id,
    region, event_id
FROM events
WHERE
    (action IN (
        'ses:PutAccountDetails', 'ses:PutAccountSendingAttributes',
        'ses:UpdateAccountSendingEnabled', 'ses:UpdateConfigurationSetSendingEnabled',
        'ses:PutConfigurationSetSendingOptions', 'ses:VerifyEmailIdentity',
        'ses:VerifyEmailAddress', 'ses:VerifyDomainIdentity', 'ses:CreateEmailIdentity',
        'sns:SetSMSAttributes', 'sns:CreateSMSSandboxPhoneNumber',
        'connect:ClaimPhoneNumber', 'sms-voice:CreateVerifiedDestinationNumber',
        'sms-voice:RequestPhoneNumber', 'sms-voice:RequestSenderId',
        'sms-voice:SetMediaMessageSpendLimitOverride',
        'sms-voice:SetTextMessageSpendLimitOverride', 'sms-voice:SetVoiceMessageSpendLimitOverride',
        'sqs:PurgeQueue', 'workmail:CreateOrganization', 'workmail:RegisterMailDomain',
        'workmail:RegisterToWorkMail'
    )) IS TRUE
    AND NOT regexp_matches(coalesce(request, ''), '"(sendingE|e)nabled" ?: ?false')
    AND NOT is_aws_call
ORDER BY event_time, event_id
