-- /// trailquery
-- title = "Root's credentials"
-- question = "Did anyone change root's password, address, MFA or keys, or open central access to root?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.001", "T1556.006", "T1531"]
-- why = "Who holds root's address, password and second factor holds the account, and can lock everyone else out. Harmless when its owner set up or rotated them; central access to root is turned on once, by the organization's administrator."
-- next = "trailquery run timeline_ip {client_ip}"
-- example = "trailquery run root_credential_changes"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who: root itself, or who asked for the account's address or central access to be changed"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api; PasswordRecovery is the way through root's e-mail, SetAccountPreferences sets name, e-mail or password"
-- target = "The user or device, where the record names one"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that recorded it"
-- session_id = "The session it happened in"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id,
    session_id, event_id
FROM events
WHERE
    action IN (
        'signin:PasswordUpdated', 'signin:EmailUpdated', 'signin:PasswordRecoveryRequested',
        'signin:PasswordRecoveryCompleted', 'account:StartPrimaryEmailUpdate',
        'account:AcceptPrimaryEmailUpdate', 'billingconsole:SetAccountPreferences',
        'billingconsole:SetSecurityQuestions', 'iam:EnableOrganizationsRootSessions',
        'iam:EnableOrganizationsRootCredentialsManagement'
    )
    OR (
        identity_type = 'Root'
        AND coalesce(json_extract_string(request, '$.userName'), 'AWS ROOT USER') = 'AWS ROOT USER'
        AND action IN (
            'iam:CreateAccessKey', 'iam:UpdateAccessKey', 'iam:DeleteAccessKey',
            'iam:EnableMFADevice', 'iam:DeactivateMFADevice', 'iam:ResyncMFADevice',
            'iam:DeleteVirtualMFADevice', 'iam:CreateLoginProfile', 'iam:UpdateLoginProfile',
            'iam:DeleteLoginProfile', 'iam:ChangePassword', 'iam:UploadSigningCertificate'
        )
    )
ORDER BY event_time, event_id
