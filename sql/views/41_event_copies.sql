-- event_copies: one row a copy of an event that was read, with the file it lay in and the verdict on that file.
CREATE VIEW event_copies AS
WITH copies AS (
    SELECT event_id, account_id, 'shown' AS kind, source_file, position, file_sha256
    FROM history
    UNION ALL
    SELECT
        event_id, account_id, if(raw IS NULL, 'equal to the byte', 'equal') AS kind, source_file,
        position, file_sha256
    FROM stored.sightings
    UNION ALL
    SELECT event_id, account_id, 'differs' AS kind, source_file, position, file_sha256
    FROM variants
)

SELECT copies.*, coalesce(verdicts.verdict, 'not checked') AS verdict
FROM copies LEFT JOIN stored.file_verdicts AS verdicts
    ON copies.file_sha256 = verdicts.file_sha256;

COMMENT ON VIEW event_copies IS
'Every copy of every event that was read, whatever the scope, with the verdict on its file.';
COMMENT ON COLUMN event_copies.event_id IS 'The event''s id.';
COMMENT ON COLUMN event_copies.account_id IS 'The account that received the event.';
COMMENT ON COLUMN event_copies.kind IS
'shown (the one in history), equal to the byte, equal (the same in another order or spelling) or '
'differs (see variants).';
COMMENT ON COLUMN event_copies.source_file IS 'The log file it was read from.';
COMMENT ON COLUMN event_copies.position IS 'Its place in that file, from 0.';
COMMENT ON COLUMN event_copies.file_sha256 IS 'SHA-256 of the bytes of that file, hex.';
COMMENT ON COLUMN event_copies.verdict IS
'What trailquery verify found of the file: intact, pending, unverifiable, unlisted, changed; or '
'not checked.';
