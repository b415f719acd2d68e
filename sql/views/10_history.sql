-- history: one row an event (event_id, account_id), everything the lake holds, whatever the scope.
CREATE VIEW history AS
SELECT * FROM stored.events;

COMMENT ON VIEW history IS 'Every event the lake holds, one row each, whatever the scope.';
