-- /// trailquery
-- title = "Sign-ins through Identity Center"
-- question = "Who signed in through IAM Identity Center, with which factors, from where, and to which account and role?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run sso_signins --user carol@example.com"
--
-- [params.user]
-- type = "text"
-- default = ""
-- about = "Only this user: the id, or the name in the events that name it; empty is everyone"
--
-- [columns]
-- event_time = "When the step ended (UTC)"
-- actor = "Who: sso/ and the name or, where the record has none, the id"
-- step = "CredentialChallenge asks, CredentialVerification tries, UserAuthentication is in; CreateToken and RegisterClient are the CLI's; Federate and GetRoleCredentials go to an account"
-- factor = "PASSWORD, TOTP, WEBAUTHN, EXTERNAL_IDP ...; of CreateToken the grant, such as device_code"
-- to_account = "The account gone to"
-- permission_set = "The permission set taken there"
-- client_ip = "The address of browser or CLI"
-- client = "browser, cli, sdk or other; forgeable"
-- outcome = "success, denied, error or dry-run"
-- error_message = "Why it did not work"
-- account_id = "The account of Identity Center"
-- region = "Its region"
-- on_behalf_of_user = "The user's id"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, api AS step,
    coalesce(
        json_extract_string(additional, '$.CredentialType'),
        regexp_extract(json_extract_string(request, '$.grantType'), '[^:]+$')
    ) AS factor,
    coalesce(
        json_extract_string(service_details, '$.account_id'),
        json_extract_string(request, '$.accountId')
    ) AS to_account,
    coalesce(
        json_extract_string(service_details, '$.role_name'),
        json_extract_string(request, '$.roleName')
    ) AS permission_set,
    client_ip, client, outcome, error_message, account_id, region, on_behalf_of_user, event_id
FROM events
WHERE
    (service IN ('signin', 'sso', 'sso-oauth')) IS TRUE
    AND (api IN (
        'Authenticate', 'CredentialChallenge', 'CredentialVerification', 'UserAuthentication',
        'RegisterClient', 'StartDeviceAuthorization', 'CreateToken', 'CreateTokenWithIAM',
        'Federate', 'GetRoleCredentials', 'Logout'
    )) IS TRUE
    AND ($user = '' OR $user IN (user_name, principal_key, on_behalf_of_user))
ORDER BY event_time, event_id
