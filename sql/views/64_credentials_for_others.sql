-- credentials_for_others: one row a call in scope for an access key or a console password of another user than the
-- caller, whether it worked or not; of that user, what is known whatever the scope.
CREATE VIEW credentials_for_others AS
WITH asked AS (
    SELECT
        *,
        split_part(target, '/', 2) AS for_user
    FROM management_events
    WHERE
        (action IN (
            'iam:CreateAccessKey', 'iam:CreateLoginProfile', 'iam:UpdateLoginProfile'
        )) IS TRUE
        AND target <> 'user/' || coalesce(user_name, '')
)

SELECT
    *,
    (
        SELECT max(created.event_time)
        FROM history AS created
        WHERE
            created.action = 'iam:CreateUser'
            AND created.outcome = 'success'
            AND created.account_id = asked.account_id
            AND created.target = asked.target
            AND created.event_time <= asked.event_time
    ) AS user_created_at,
    (
        SELECT min(seen.event_time)
        FROM history AS seen
        WHERE
            seen.actor_account_id = asked.account_id
            AND seen.user_name = asked.for_user
            AND seen.client_ip = asked.client_ip
    ) AS user_seen_there
FROM asked;

COMMENT ON VIEW credentials_for_others IS
'Calls for an access key or a console password of another user than the caller.';
COMMENT ON COLUMN credentials_for_others.for_user IS 'The name of that user.';
COMMENT ON COLUMN credentials_for_others.user_created_at IS
'When the user had been created, the last time (UTC); NULL where no event that is held tells.';
COMMENT ON COLUMN credentials_for_others.user_seen_there IS
'When the user itself was first seen at client_ip, be it later (UTC); NULL where never.';
