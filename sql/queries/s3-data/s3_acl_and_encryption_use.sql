-- /// trailquery
-- title = "Requests that need ACLs or old ways"
-- question = "Which requests still rely on ACLs, old signatures, old TLS, or a key of the caller's own?"
-- category = "data"
-- kind = "question"
-- example = "trailquery run s3_acl_and_encryption_use --bucket reports"
--
-- [params.bucket]
-- type = "text"
-- default = ""
-- about = "Only this bucket; empty is all"
--
-- [columns]
-- bucket = "The bucket"
-- actor = "The caller, readable: user, role/session, anonymous"
-- action = "The call, service:api"
-- needs_acl = "Only an ACL allowed it: switching ACLs off would refuse it"
-- signature = "SigV2 or SigV4; NULL of an anonymous call"
-- tls_version = "TLS version of the call"
-- encryption = "SSE_S3, SSE_KMS, SSE_C, with how it was chosen; NULL where the record is silent"
-- calls = "Calls that worked"
-- first_time = "The first of them (UTC)"
-- last_time = "The last (UTC)"
-- ///
WITH told AS (
    SELECT
        *, coalesce(json_extract_string(additional, '$.aclRequired') = 'Yes', FALSE) AS needs_acl,
        json_extract_string(additional, '$.SignatureVersion') AS signature,
        json_extract_string(additional, '$.SSEApplied') AS encryption
    FROM data_events
    WHERE service = 's3' AND outcome = 'success' AND $bucket IN ('', bucket)
)

SELECT
    bucket, actor, action, needs_acl, signature, tls_version, encryption,
    count(*) AS calls, min(event_time) AS first_time, max(event_time) AS last_time
FROM told
WHERE
    needs_acl
    OR signature = 'SigV2'
    OR tls_version IN ('TLSv1', 'TLSv1.1')
    OR encryption = 'SSE_C'
GROUP BY bucket, actor, action, needs_acl, signature, tls_version, encryption
ORDER BY calls DESC, bucket, actor, action, needs_acl, signature, tls_version, encryption
