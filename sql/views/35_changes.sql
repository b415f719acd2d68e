-- changes: one row an event that changed something: a write by someone other than AWS itself, and it worked.
CREATE VIEW changes AS
SELECT * FROM events
WHERE
    access = 'write'
    AND outcome = 'success'
    AND NOT is_aws_call
    AND (category IN ('management', 'signin', 'service')) IS TRUE;
COMMENT ON VIEW changes IS
'Writes to the control plane that worked and were made by someone other than AWS itself.';
