-- What a baseline stands on. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- held_days: one row an account and day (UTC) of which history has events.
CREATE VIEW held_days AS
SELECT DISTINCT account_id, event_date FROM history;

-- days_held: how many of the `days` days before `day` history has events of the account of; nothing is new to an
-- account whose days before are not held. (Its columns have names that those of a caller cannot have.)
CREATE MACRO days_held(account, day, days) AS (
    SELECT count(*)
    FROM (SELECT account_id AS held_account, event_date AS held_date FROM held_days) AS held
    WHERE
        held_account = account
        AND held_date < day
        AND held_date >= day - to_days(days)
);

-- held_before: the same in words, 12 of 14 days held; NULL where they are fewer than `at_least`, which counts as `days`
-- if it is more. Whoever tells what is new says nothing of an account where this is NULL.
CREATE MACRO held_before(account, day, days, at_least) AS (
    SELECT
        CASE
            WHEN counted.held >= least(at_least, days)
                THEN format('{} of {} days held', counted.held, days)
        END
    FROM (SELECT days_held(account, day, days) AS held) AS counted
);

COMMENT ON VIEW held_days IS 'Days of which the lake has events, by account, whatever the scope.';
COMMENT ON COLUMN held_days.account_id IS 'The account that received the events.';
COMMENT ON COLUMN held_days.event_date IS 'The day (UTC).';
