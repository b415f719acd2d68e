-- /// trailquery
-- title = "Objects, versions and buckets deleted"
-- question = "Who deleted objects, versions or whole buckets, how many calls, and which keys can be told?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1485"]
-- example = "trailquery run s3_deletes --bucket payroll"
--
-- [params.bucket]
-- type = "text"
-- default = ""
-- about = "Only this bucket; empty is all"
--
-- [params.min_calls]
-- type = "integer"
-- default = 1
-- about = "Delete calls of one session on one bucket, at or above which they are listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- bucket = "The bucket"
-- object_calls = "DeleteObject calls: one object each"
-- batch_calls = "DeleteObjects calls: up to 1,000 objects each, whose keys the record does not name"
-- version_calls = "Calls for one version: what they delete cannot be brought back"
-- bypass_calls = "Calls that asked to pass over a lock in governance mode, where the record has that header"
-- bucket_calls = "Calls to delete the bucket itself"
-- some_keys = "Up to ten of the keys, sorted"
-- worked = "Calls that worked"
-- refused = "Calls that were refused or failed"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    coalesce(set_of(client_ip), []) AS client_ips, bucket,
    count(*) FILTER (WHERE api = 'DeleteObject') AS object_calls,
    count(*) FILTER (WHERE api = 'DeleteObjects') AS batch_calls,
    count(*) FILTER (WHERE json_extract_string(request, '$.versionId') IS NOT NULL)
        AS version_calls,
    count(*) FILTER (WHERE contains(request, '"x-amz-bypass-governance-retention"'))
        AS bypass_calls,
    count(*) FILTER (WHERE api = 'DeleteBucket') AS bucket_calls,
    coalesce(set_of(object_key), [])[:10] AS some_keys,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    (action IN ('s3:DeleteObject', 's3:DeleteObjects', 's3:DeleteBucket')) IS TRUE
    AND NOT is_aws_call
    AND $bucket IN ('', bucket)
GROUP BY actor, bucket, session_id
HAVING count(*) >= $min_calls
ORDER BY first_time, bucket, actor, session_id
