-- address_changes: one row a call in scope that came from another address than the call before it with the same
-- credentials; private addresses are passed over. Whoever holds a token of the access portal of Identity Center gets
-- the credentials of its user's roles, so that calls with a token count as those with a key.
CREATE VIEW address_changes AS
WITH calls AS (
    SELECT
        *,
        coalesce(session_id, credential_id) AS session_or_token,
        lag(event_time) OVER of_credentials AS previous_time,
        lag(client_ip) OVER of_credentials AS previous_ip,
        lag(client) OVER of_credentials AS previous_client,
        lag(event_id) OVER of_credentials AS previous_event_id
    FROM events
    WHERE
        coalesce(session_id, credential_id) IS NOT NULL
        AND coalesce(is_whole_id(session_id), TRUE)
        AND is_internet(ip_scope)
    WINDOW
        of_credentials AS (
            PARTITION BY coalesce(session_id, credential_id) ORDER BY event_time, event_id
        )
)

SELECT * FROM calls
WHERE client_ip <> previous_ip;

COMMENT ON VIEW address_changes IS
'Calls that came from another address than the call before with the same credentials.';
COMMENT ON COLUMN address_changes.session_or_token IS
'The session, all its keys together, of a long-term key the key; else the credential_id of a '
'token.';
COMMENT ON COLUMN address_changes.previous_time IS 'When the call before completed (UTC).';
COMMENT ON COLUMN address_changes.previous_ip IS 'Its address.';
COMMENT ON COLUMN address_changes.previous_client IS 'Its kind of client program; forgeable.';
COMMENT ON COLUMN address_changes.previous_event_id IS 'Its event.';
