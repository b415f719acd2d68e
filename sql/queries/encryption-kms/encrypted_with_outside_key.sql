-- /// trailquery
-- title = "Encrypted with a key of another account"
-- question = "Which disks, snapshots, databases, secrets, queues, streams, logs or backups were put under a KMS key of an account that is not ours?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1486"]
-- why = "Who owns the key decides who reads what it encrypts, and takes it away with one call: a ransom without a line of malware, once the old copies are gone. Harmless where your organization keeps its keys in an account that trailquery does not know (name it in [accounts]). Buckets are in s3_ransom_signs."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run encrypted_with_outside_key"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- action = "The call, service:api"
-- some_targets = "Up to ten of the disks, databases, secrets and so on, sorted"
-- keys = "The keys, sorted"
-- key_account_id = "The account of the keys"
-- calls = "Such calls"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
WITH keyed AS (
    SELECT *, unnest(resources_of(resources, 'AWS::KMS::Key')) AS named
    FROM events
    WHERE service NOT IN ('kms', 's3') AND NOT is_aws_call
)

SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, action, coalesce(set_of(target), [])[:10] AS some_targets,
    set_of(named.arn) AS keys, named.account_id AS key_account_id, count(*) AS calls,
    set_of(outcome) AS outcomes, session_id, list_sort(list(event_id)) AS event_ids
FROM keyed
WHERE
    -- the key to encrypt with
    regexp_matches(named.via, '(?i)^request\..*(kms|keyId|encryptionKey|attributeValue)')
    AND NOT is_own_account(named.account_id)
GROUP BY actor, action, named.account_id, session_id
ORDER BY first_time, actor, action, key_account_id, session_id
