-- /// trailquery
-- title = "Console sign-ins"
-- question = "Who signed in to the console or tried to, when, from where, how, and with MFA?"
-- category = "signin"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run console_logins --user alice --result Failure"
--
-- [params.user]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN or principal id; empty is everyone"
--
-- [params.result]
-- type = "choice"
-- choices = ["any", "Success", "Failure"]
-- default = "any"
-- about = "Only sign-ins that worked, or only those that did not"
--
-- [columns]
-- event_time = "When the sign-in ended (UTC)"
-- actor = "Who; (hidden user name) where AWS hides a mistyped name"
-- client_ip = "The browser's address"
-- how = "root, password, sso (Identity Center) or federated (SAML, or a sign-in URL made with a session)"
-- mfa = "yes, no, at-idp (the identity provider knows, AWS does not) or NULL where the record is silent"
-- result = "Success or Failure"
-- error_message = "Why it did not work"
-- account_id = "The account signed in to"
-- region = "The region of the sign-in endpoint, which is not a choice of the user's"
-- saml_provider = "The SAML provider"
-- login_to = "The page asked for"
-- user_agent = "The browser's own words; forgeable"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip,
    CASE
        WHEN identity_type = 'Root' THEN 'root'
        WHEN api = 'UserAuthentication' OR starts_with(role_name, 'AWSReservedSSO_') THEN 'sso'
        WHEN identity_type = 'IAMUser' THEN 'password'
        ELSE 'federated'
    END AS how,
    mfa, result, error_message, account_id, region, saml_provider, login_to, user_agent, event_id
FROM signin_events
WHERE
    (api IN ('ConsoleLogin', 'UserAuthentication')) IS TRUE
    AND $result IN ('any', result)
    AND (
        $user = ''
        OR $user IN (actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name)
    )
ORDER BY event_time, event_id
