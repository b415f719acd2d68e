-- /// trailquery
-- title = "Secrets read"
-- question = "Who read which secrets or decrypted parameters, how many, which for the first time, and who was refused?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1555.006", "T1552.001"]
-- example = "trailquery run secrets_read --min-secrets 5 --since 2024-03-01"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this actor, ARN, principal id or access key; empty is everyone"
--
-- [params.min_secrets]
-- type = "integer"
-- default = 1
-- about = "Different secrets, at or above which a session is listed"
--
-- [columns]
-- first_seen = "First read of the session in scope (UTC)"
-- last_seen = "Last read (UTC)"
-- actor = "Who read"
-- client_ips = "From which addresses, sorted"
-- secrets = "Number of different secrets and parameters asked for by name"
-- new_secrets = "Of these, never asked for by this identity before the scope, as far as the lake reaches back"
-- names = "Their names, sorted, without a leading /"
-- reads = "Number of calls; one call may ask for many secrets, or by a filter for unnamed ones"
-- denied = "Of these, refused"
-- account_id = "The account of the secrets"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The calls, sorted"
-- ///
WITH reads AS (
    SELECT
        *,
        list_transform(
            list_filter(
                resources,
                lambda one: one.type IN ('AWS::SecretsManager::Secret', 'AWS::SSM::Parameter')
            ),
            lambda one: ltrim(one.name, '/')
        ) AS named
    FROM events
    WHERE
        NOT is_aws_call
        AND $actor IN ('', actor, actor_arn, principal_key, user_name, role_name, access_key_id)
        AND (
            action IN ('secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue')
            OR json_extract_string(request, '$.withDecryption') = 'true'  -- only SSM has it
        )
),

asked AS (  -- one row a call and secret; a call that names none keeps its row
    SELECT *, unnest(CASE WHEN named = [] THEN [NULL] ELSE named END) AS secret
    FROM reads
),

known AS (
    SELECT DISTINCT principal_key, ltrim(unnest(resources).name, '/') AS secret
    FROM history
    WHERE
        service IN ('secretsmanager', 'ssm') AND access = 'read'
        AND event_time < (SELECT min(event_time) FROM events)
)

SELECT
    min(asked.event_time) AS first_seen, max(asked.event_time) AS last_seen, asked.actor,
    set_of(asked.client_ip) AS client_ips, count(DISTINCT asked.secret) AS secrets,
    count(DISTINCT asked.secret) FILTER (WHERE known.secret IS NULL) AS new_secrets,
    set_of(asked.secret) AS names, count(DISTINCT asked.event_id) AS reads,
    count(DISTINCT asked.event_id) FILTER (WHERE asked.outcome = 'denied') AS denied,
    asked.account_id, asked.session_id, set_of(asked.event_id) AS event_ids
FROM asked
LEFT JOIN known ON asked.principal_key = known.principal_key AND asked.secret = known.secret
GROUP BY asked.actor, asked.principal_key, asked.account_id, asked.session_id
HAVING count(DISTINCT asked.secret) >= $min_secrets OR $min_secrets <= 1
ORDER BY first_seen, asked.actor, asked.account_id, asked.session_id
