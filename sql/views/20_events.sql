-- events: one row an event of `history` that is in scope.
-- Each bound is one `IS NULL OR` on event_date, the form with which DuckDB leaves out whole partitions, and one
-- on event_time. An event without a time counts by its date, which is that of its delivery. A region scope keeps
-- global services and sign-ins, unless it is strict: they are recorded in a region that the caller did not choose.
CREATE VIEW events AS
SELECT * FROM history
WHERE
    (getvariable('scope_since') IS NULL OR event_date >= getvariable('scope_since')::DATE)
    AND (
        getvariable('scope_until') IS NULL
        OR event_date <= (getvariable('scope_until')::TIMESTAMP - INTERVAL 1 MICROSECOND)::DATE
    )
    AND (
        getvariable('scope_since') IS NULL
        OR event_time >= getvariable('scope_since')::TIMESTAMP
        OR event_time IS NULL
    )
    AND (
        getvariable('scope_until') IS NULL
        OR event_time < getvariable('scope_until')::TIMESTAMP
        OR event_time IS NULL
    )
    AND (
        coalesce(len(getvariable('scope_accounts')), 0) = 0
        OR list_contains(getvariable('scope_accounts'), account_id)
    )
    AND (
        coalesce(len(getvariable('scope_regions')), 0) = 0
        OR list_contains(getvariable('scope_regions'), region)
        OR (
            coalesce(getvariable('scope_strict_region'), FALSE) = FALSE
            AND (category = 'signin' OR is_global_service(service, region))
        )
    )
    AND (
        coalesce(getvariable('scope_only_intact'), FALSE) = FALSE
        OR integrity = 'intact'
    );

COMMENT ON VIEW events IS 'The events of history that are in scope, one row each.';
