-- What a baseline stands on. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- held_days: one row an account and day (UTC) of which history has events.
CREATE VIEW held_days AS
SELECT DISTINCT account_id, event_date FROM history;

-- days_held: how many of the `days` days before `day` history has events of the account of; nothing is new to an
-- account whose days before are not held.
CREATE MACRO days_held(account, day, days) AS (
    SELECT count(*)
    FROM held_days AS held
    WHERE
        held.account_id = account
        AND held.event_date < day
        AND held.event_date >= day - to_days(days)
);

COMMENT ON VIEW held_days IS 'Days of which the lake has events, by account, whatever the scope.';
COMMENT ON COLUMN held_days.account_id IS 'The account that received the events.';
COMMENT ON COLUMN held_days.event_date IS 'The day (UTC).';
