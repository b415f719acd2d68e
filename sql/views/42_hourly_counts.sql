-- counted_calls: one row a call by others than AWS and each way to count it: for the identity and for the service; as a
-- call, and as a write, an error (refusals too) or a refusal where it is one; whatever the scope.
CREATE VIEW counted_calls AS
SELECT
    history.*,
    owners.whose,
    kinds.what,
    CASE owners.whose
        WHEN 'identity' THEN history.principal_key
        ELSE history.service
    END AS who_key,
    CASE owners.whose
        WHEN 'identity' THEN coalesce(history.role_name, history.actor)
        ELSE history.service
    END AS who,
    date_trunc('hour', history.event_time) AS hour_start
FROM history
CROSS JOIN (VALUES ('identity'), ('service')) AS owners (whose)
CROSS JOIN (VALUES ('calls'), ('writes'), ('errors'), ('denied')) AS kinds (what)
WHERE
    NOT history.is_aws_call
    AND CASE kinds.what
        WHEN 'writes' THEN history.access = 'write'
        WHEN 'errors' THEN history.outcome <> 'success'
        WHEN 'denied' THEN history.outcome = 'denied'
        ELSE TRUE
    END;

-- hourly_counts: one row a clock hour and account, an identity or service, and a kind of call of which it had any.
CREATE VIEW hourly_counts AS
SELECT
    account_id,
    hour_start,
    whose,
    who_key,
    max(who) AS who,
    what,
    count(*) AS counted
FROM counted_calls
GROUP BY account_id, hour_start, whose, who_key, what;

COMMENT ON VIEW counted_calls IS
'Calls by others than AWS, once for each way to count them, whatever the scope; filter whose and '
'what.';
COMMENT ON COLUMN counted_calls.whose IS 'identity or service: for whom it counts.';
COMMENT ON COLUMN counted_calls.what IS
'calls, writes, errors (all that did not work, the refused too) or denied: as what it counts.';
COMMENT ON COLUMN counted_calls.who_key IS 'principal_key, or the service: to group by.';
COMMENT ON COLUMN counted_calls.who IS
'The identity, readable (of a role all its sessions), or the service.';
COMMENT ON COLUMN counted_calls.hour_start IS 'Start of its clock hour (UTC).';
COMMENT ON VIEW hourly_counts IS
'How many calls, writes, errors and refusals each identity and each service had in each clock '
'hour, AWS left out, whatever the scope; filter whose and what.';
COMMENT ON COLUMN hourly_counts.account_id IS 'The account that was acted on.';
COMMENT ON COLUMN hourly_counts.hour_start IS 'Start of the clock hour (UTC).';
COMMENT ON COLUMN hourly_counts.whose IS 'identity or service.';
COMMENT ON COLUMN hourly_counts.who_key IS 'principal_key, or the service.';
COMMENT ON COLUMN hourly_counts.who IS
'The identity, readable (of a role all its sessions), or the service.';
COMMENT ON COLUMN hourly_counts.what IS
'calls, writes, errors (all that did not work, the refused too) or denied.';
COMMENT ON COLUMN hourly_counts.counted IS 'How many; an hour without any has no row.';
