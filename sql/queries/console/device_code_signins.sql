-- /// trailquery
-- title = "Tokens by device code"
-- question = "Who got an Identity Center token by device code, and was it fetched elsewhere than the user signed in?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1566.002", "T1528"]
-- example = "trailquery run device_code_signins --elsewhere-only"
--
-- [params.within]
-- type = "interval"
-- default = "8h"
-- about = "How long before the token to look where the user was; a portal session lasts 8 hours unless set otherwise"
--
-- [params.elsewhere_only]
-- type = "boolean"
-- default = false
-- about = "Only tokens fetched from an address other than those of the user: a phished code, or a remote machine"
--
-- [columns]
-- event_time = "When the token was fetched (UTC)"
-- actor = "Whose token: sso/ and the user's name or id"
-- client_ip = "From which address it was fetched"
-- user_ips = "Where the user was seen in the time before, sorted; empty: not seen"
-- is_elsewhere = "The user was seen, and not at that address"
-- client = "cli, sdk, browser or other; forgeable"
-- user_agent = "The client's own words; forgeable"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of Identity Center"
-- on_behalf_of_user = "The user's id"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH tokens AS (
    SELECT *
    FROM events
    WHERE
        (service IN ('sso', 'sso-oauth')) IS TRUE
        AND api = 'CreateToken'
        AND ends_with(json_extract_string(request, '$.grantType'), ':device_code')
),

seen AS (
    SELECT tokens.event_id, set_of(steps.client_ip) AS user_ips
    FROM tokens INNER JOIN history AS steps
        ON
            tokens.principal_key = steps.principal_key
            AND steps.event_time BETWEEN tokens.event_time - $within AND tokens.event_time
    WHERE steps.client_ip IS NOT NULL AND steps.api <> 'CreateToken'
    GROUP BY tokens.event_id
)

SELECT
    event_time, actor, client_ip, coalesce(user_ips, []) AS user_ips,
    coalesce(NOT list_contains(user_ips, client_ip), FALSE) AS is_elsewhere, client, user_agent,
    outcome, error_code, account_id, on_behalf_of_user, event_id
FROM tokens LEFT JOIN seen USING (event_id)
WHERE is_elsewhere OR NOT $elsewhere_only
ORDER BY event_time, event_id
