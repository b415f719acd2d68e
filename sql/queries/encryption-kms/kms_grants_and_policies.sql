-- /// trailquery
-- title = "Use of keys given away"
-- question = "Who was given use of which KMS key, by key policy or by grant, and are other accounts among them?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098", "T1486"]
-- example = "trailquery run kms_grants_and_policies --key 1234abcd-12ab-34cd-56ef-1234567890ab"
--
-- [params.key]
-- type = "text"
-- default = ""
-- about = "Only this key, by id; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- action = "kms:CreateGrant, kms:PutKeyPolicy, kms:CreateKey or kms:ReplicateKey, in another region"
-- target = "The key"
-- given_to = "Who may use it: principals of the statement, or the grantee"
-- operations = "What they may do"
-- external_accounts = "Accounts among them other than the key's, sorted"
-- is_public = "Everyone may"
-- outcome = "success, denied or error: only after success may they"
-- account_id = "The account of the key"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH gifts AS (
    SELECT
        event_time, actor, client_ip, action, target, principals AS given_to, actions AS operations,
        external_accounts, is_public, outcome, account_id, event_id
    FROM policy_statements
    WHERE
        (action IN ('kms:PutKeyPolicy', 'kms:CreateKey', 'kms:ReplicateKey')) IS TRUE
        AND effect = 'Allow'
    UNION ALL
    SELECT
        event_time, actor, client_ip, action, target,
        [json_extract_string(request, '$.granteePrincipal')] AS given_to,
        json_extract_string(request, '$.operations[*]') AS operations,
        list_filter(
            [split_part(json_extract_string(request, '$.granteePrincipal'), ':', 5)],
            lambda account: account NOT IN ('', account_id)
        ) AS external_accounts,
        FALSE AS is_public, outcome, account_id, event_id
    FROM events
    WHERE action = 'kms:CreateGrant' AND NOT is_aws_call
)

SELECT * FROM gifts
WHERE $key = '' OR contains(target, $key)
ORDER BY event_time, external_accounts, given_to, event_id
