-- /// trailquery
-- title = "Use of keys"
-- question = "Who decrypts and encrypts with this key, for what, and through which service?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1530"]
-- example = "trailquery run kms_use --key 1234abcd-12ab-34cd-56ef-1234567890ab"
--
-- [params.key]
-- type = "text"
-- default = ""
-- about = "Only this key, by id or ARN; empty is all"
--
-- [columns]
-- target = "The key, or alias, as the call or record names it"
-- actor = "The caller, readable: user, role/session, service"
-- invoked_by = "The service that called in the caller's name, such as s3.amazonaws.com"
-- action = "The call, service:api"
-- some_contexts = "Up to five encryption contexts, JSON text: the object, secret or volume it was for"
-- worked = "Calls that worked"
-- refused = "Calls that were refused or failed"
-- first_time = "The first (UTC)"
-- last_time = "The last (UTC)"
-- client_ips = "The caller's addresses, sorted; none where a service called"
-- ///
SELECT
    target, actor, invoked_by, action,
    coalesce(set_of(json_extract_string(request, '$.encryptionContext')), [])[:5] AS some_contexts,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS refused,
    min(event_time) AS first_time, max(event_time) AS last_time,
    coalesce(set_of(client_ip), []) AS client_ips
FROM events
WHERE
    service = 'kms'
    AND regexp_matches(
        api, '^(Decrypt|Encrypt|ReEncrypt|GenerateDataKey|Sign$|Verify|GenerateMac|DeriveShared)'
    )
    AND (
        $key = ''
        OR list_contains(
            list_transform(resources, lambda named: $key IN (named.name, named.arn)), TRUE
        )
    )
GROUP BY target, actor, invoked_by, action
ORDER BY worked DESC, target, actor, invoked_by, action
