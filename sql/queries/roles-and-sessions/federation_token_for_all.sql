-- /// trailquery
-- title = "Federation tokens that narrow nothing"
-- question = "Who asked for a federation token whose policy allows everything?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1550.001", "T1098.001"]
-- why = "The token may all that the user may, opens the console, and goes on after the user's key is deleted. Harmless where people open the console so, as aws-vault does, or a portal of yours hands it out."
-- next = "trailquery run timeline_key {issued_key}"
-- example = "trailquery run federation_token_for_all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who asked: user or root"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- access_key_id = "The long-term key that signed the call"
-- target = "The name of the federated user, chosen by who asked"
-- rights = "AdministratorAccess, or own policy: a document with Allow * on *"
-- issued_key = "The access key handed out; see: trailquery run timeline_key"
-- expires_at = "When the token ends (UTC)"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH tokens AS (
    SELECT
        *,
        CASE
            WHEN
                list_filter(
                    resources,
                    lambda named: named.via = 'request.policyArns.arn'
                    AND ends_with(named.arn, ':iam::aws:policy/AdministratorAccess')
                ) <> []
                THEN 'AdministratorAccess'
            WHEN event_id IN (SELECT event_id FROM policy_statements WHERE is_admin)
                THEN 'own policy'
        END AS rights
    FROM events
    WHERE action = 'sts:GetFederationToken'
)

SELECT
    event_time, actor, client_ip, client, access_key_id, target, rights,
    issued_key_id AS issued_key, issued_expires_at AS expires_at, outcome, error_code, account_id,
    region, event_id
FROM tokens
WHERE rights IS NOT NULL
ORDER BY event_time, event_id
