-- Ways between the console and credentials for the API. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- is_portal_link: the access portal of Identity Center makes a link into the console, as it does for all its users,
-- every day: it called itself Jersey, and since 2026 Go-http-client.
CREATE MACRO is_portal_link(action, role_name, user_agent) AS
    action = 'signin:GetSigninToken'
    AND coalesce(starts_with(role_name, 'AWSReservedSSO_'), FALSE)
    AND regexp_matches(user_agent, '^(Jersey|Go-http-client)/');

-- noqa: enable=LT02,CP05

-- console_crossings: one row a call in scope that turns credentials for the API into a session of the console, that
-- into credentials, or the role of the console into another one, whether it worked or not; the everyday ways, by
-- password, provider or access portal, are none.
CREATE VIEW console_crossings AS
SELECT
    *,
    CASE
        WHEN action = 'signin:SwitchRole' THEN 'switch'
        WHEN action IN ('signin:GetSigninToken', 'signin:ConsoleLogin') THEN 'to-console'
        ELSE 'to-keys'
    END AS direction
FROM events
WHERE
    (action IN (
        'signin:SwitchRole',
        'signin:GetSigninToken',
        'signin:AuthorizeOAuth2Access', 'signin:CreateOAuth2Token',
        'cloudshell:CreateEnvironment', 'cloudshell:CreateSession',
        'signin:ConsoleLogin'
    )) IS TRUE
    AND coalesce(is_portal_link(action, role_name, user_agent), FALSE) = FALSE
    AND (
        action <> 'signin:ConsoleLogin'
        OR (  -- who comes from a provider has a SAML provider, who comes by a link has none
            identity_type IN ('AssumedRole', 'FederatedUser')
            AND NOT coalesce(starts_with(role_name, 'AWSReservedSSO_'), FALSE)
            AND json_extract_string(additional, '$.SamlProviderArn') IS NULL
        )
    );

COMMENT ON VIEW console_crossings IS
'Calls that lead from credentials for the API into the console, back, or to another role in it.';
COMMENT ON COLUMN console_crossings.direction IS
'to-console (a link made, or followed), to-keys (aws login, CloudShell) or switch.';
