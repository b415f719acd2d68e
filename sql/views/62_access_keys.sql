-- access_keys: one row an access key that was used or handed out, whatever the scope: whose, by which call, and where
-- and for what it was used. Foreign is an address that did not use the key in the first 24 hours of its use.
CREATE VIEW access_keys AS
WITH uses AS (
    SELECT
        *,
        client_ip IS NOT NULL
        AND min(event_time) OVER (PARTITION BY access_key_id, client_ip)
        >= min(event_time) OVER (PARTITION BY access_key_id) + INTERVAL 24 HOUR AS is_foreign
    FROM history
    WHERE access_key_id IS NOT NULL
),

used AS (
    SELECT
        access_key_id,
        max_by(actor, (event_time, event_id)) AS actor,
        max_by(actor_account_id, (event_time, event_id)) AS account_id,
        min(event_time) AS first_used,
        max(event_time) AS last_used,
        min(event_time) FILTER (WHERE is_foreign) AS first_foreign_use,
        min_by(client_ip, (event_time, event_id)) FILTER (WHERE is_foreign) AS foreign_ip,
        count(*) AS uses,
        count(*) FILTER (WHERE outcome = 'denied') AS denied,
        -- sorted, as set_of has them; but DISTINCT would be worked out where nobody asks for it, too
        map_keys(histogram(client_ip)) AS client_ips,
        map_keys(histogram(client)) AS clients,
        map_keys(histogram(service)) AS services
    FROM uses
    GROUP BY access_key_id
),

issued AS (
    SELECT
        issued_key_id AS access_key_id,
        min(event_time) AS issued_at,
        min_by(actor, (event_time, event_id)) AS issued_by,
        min_by(source_ip_address, (event_time, event_id)) AS issued_from,
        min_by(action, (event_time, event_id)) AS issued_action,
        min_by(event_id, (event_time, event_id)) AS issued_event_id,
        min_by(coalesce(issued_arn, target), (event_time, event_id)) AS issued_to,
        min_by(account_id, (event_time, event_id)) AS account_id,
        min(issued_expires_at) AS expires_at
    FROM history
    WHERE issued_key_id IS NOT NULL
    GROUP BY issued_key_id
)

SELECT
    coalesce(used.access_key_id, issued.access_key_id) AS access_key_id,
    coalesce(used.actor, issued.issued_to) AS owner,
    coalesce(used.account_id, issued.account_id) AS account_id,
    issued.issued_at,
    issued.issued_by,
    issued.issued_from,
    issued.issued_action,
    issued.issued_event_id,
    issued.expires_at,
    used.first_used,
    used.last_used,
    used.first_foreign_use,
    used.foreign_ip,
    coalesce(used.uses, 0) AS uses,
    coalesce(used.denied, 0) AS denied,
    used.client_ips,
    used.clients,
    used.services
FROM used FULL JOIN issued ON used.access_key_id = issued.access_key_id;

COMMENT ON VIEW access_keys IS
'One row an access key that was used or handed out: whose, by which call, and how it was used; '
'whatever the scope.';
COMMENT ON COLUMN access_keys.access_key_id IS
'The key, long-term (AKIA) or temporary (ASIA).';
COMMENT ON COLUMN access_keys.owner IS
'User or role/session that used it last; of a key never used, whom it was issued to.';
COMMENT ON COLUMN access_keys.account_id IS 'The owner''s account.';
COMMENT ON COLUMN access_keys.issued_at IS
'When it was handed out (UTC); NULL if that event is not held.';
COMMENT ON COLUMN access_keys.issued_by IS 'Who asked for it, readable.';
COMMENT ON COLUMN access_keys.issued_from IS 'From which address, as delivered.';
COMMENT ON COLUMN access_keys.issued_action IS 'With which call, service:api.';
COMMENT ON COLUMN access_keys.issued_event_id IS 'In which event, the first of several.';
COMMENT ON COLUMN access_keys.expires_at IS
'When it ends (UTC); NULL of a long-term key, and where that event is not held.';
COMMENT ON COLUMN access_keys.first_used IS 'Its first use held (UTC).';
COMMENT ON COLUMN access_keys.last_used IS 'Its last use held (UTC).';
COMMENT ON COLUMN access_keys.first_foreign_use IS
'Its first use from an address that did not use it in the first 24 hours of its use (UTC).';
COMMENT ON COLUMN access_keys.foreign_ip IS 'That address.';
COMMENT ON COLUMN access_keys.uses IS 'Events signed with it.';
COMMENT ON COLUMN access_keys.denied IS 'Of these, refused.';
COMMENT ON COLUMN access_keys.client_ips IS 'Addresses that used it, sorted.';
COMMENT ON COLUMN access_keys.clients IS 'Kinds of client program, sorted; forgeable.';
COMMENT ON COLUMN access_keys.services IS 'Services called, sorted.';
