-- unused_keys: one row a call that handed out an access key of which no use is held, whatever the scope: a key that may
-- still work, and whose holder may not have shown yet.
CREATE VIEW unused_keys AS
SELECT * FROM history
ANTI JOIN history AS used ON history.issued_key_id = used.access_key_id
WHERE issued_key_id IS NOT NULL;

COMMENT ON VIEW unused_keys IS
'Calls that handed out an access key (issued_key_id) of which no use is held, whatever the scope.';
