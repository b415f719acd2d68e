-- identity_center_events: one row an event behind which stands a user of Identity Center: in the access portal (until
-- July 2025 of type Unknown), in a session of a permission set, or with an application on the user's behalf.
CREATE VIEW identity_center_events AS
SELECT
    *,
    nullif(regexp_extract(role_name, '^AWSReservedSSO_(.+)_[0-9a-f]{16}$', 1), '')
        AS permission_set,
    list_filter(
        [
            CASE WHEN starts_with(role_name, 'AWSReservedSSO_') THEN session_name END,
            CASE WHEN identity_type IN ('IdentityCenterUser', 'Unknown') THEN principal_key END,
            on_behalf_of_user
        ],
        lambda name: name IS NOT NULL
    ) AS center_users
FROM events
WHERE
    starts_with(role_name, 'AWSReservedSSO_')
    OR identity_type IN ('IdentityCenterUser', 'Unknown')
    OR on_behalf_of_user IS NOT NULL;

COMMENT ON VIEW identity_center_events IS
'Events behind which stands a user of Identity Center: sign-ins, sessions of permission sets, '
'applications on the user''s behalf.';
COMMENT ON COLUMN identity_center_events.permission_set IS
'The permission set of the session; NULL: in the access portal, or an application.';
COMMENT ON COLUMN identity_center_events.center_users IS
'The user''s names and ids, as this event tells them: a session the name, all others the id.';
