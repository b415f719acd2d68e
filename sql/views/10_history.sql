-- history: one row an event (event_id, account_id), everything the lake holds, whatever the scope.
CREATE VIEW history AS
SELECT * FROM stored.enriched;

-- own_accounts: one row an account of ours: those of trailquery.toml, else the recipients seen in the lake.
CREATE VIEW own_accounts AS
SELECT account_id, account_name FROM stored.own_accounts;

-- is_own_account: the account is one of own_accounts; NULL where there is no account.
-- noqa: disable=LT02,CP05
CREATE MACRO is_own_account(account) AS
    CASE
        WHEN account IS NOT NULL THEN account IN (SELECT ours.account_id FROM own_accounts AS ours)
    END;

-- noqa: enable=LT02,CP05

COMMENT ON VIEW history IS 'Every event the lake holds, one row each, whatever the scope.';
COMMENT ON VIEW own_accounts IS
'Your accounts: [accounts] of trailquery.toml, else the recipients the lake has seen.';
COMMENT ON COLUMN own_accounts.account_id IS 'The account.';
COMMENT ON COLUMN own_accounts.account_name IS 'Your name of it.';
