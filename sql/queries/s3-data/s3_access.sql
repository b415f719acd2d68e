-- /// trailquery
-- title = "Objects read, written and deleted"
-- question = "Who read, wrote or deleted which objects in this bucket or under this prefix?"
-- category = "data"
-- kind = "question"
-- mitre = ["T1530"]
-- example = "trailquery run s3_access --bucket payroll --prefix 2024/ --access read"
--
-- [params.bucket]
-- type = "text"
-- default = ""
-- about = "Only this bucket; empty is all"
--
-- [params.prefix]
-- type = "text"
-- default = ""
-- about = "Only objects whose key starts so; empty is all calls, those without a key too"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone, AWS too"
--
-- [params.access]
-- type = "choice"
-- choices = ["any", "read", "write", "delete"]
-- default = "any"
-- about = "Only calls of this kind"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, anonymous"
-- client_ip = "The caller's address"
-- action = "The call, service:api"
-- access = "read, write or delete"
-- bucket = "The bucket"
-- object_key = "The object's key; NULL where the record names none: DeleteObjects, listings"
-- bytes_out = "Bytes sent to the caller; NULL unless the call worked"
-- bytes_in = "Bytes received; NULL unless the call worked"
-- presigned = "The request was signed into a URL"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH object_calls AS (
    SELECT
        * EXCLUDE (access),
        CASE WHEN api IN ('DeleteObject', 'DeleteObjects') THEN 'delete' ELSE access END AS access
    FROM data_events
    WHERE service = 's3'
)

SELECT
    event_time, actor, client_ip, action, access, bucket, object_key, bytes_out, bytes_in,
    presigned, outcome, error_code, event_id
FROM object_calls
WHERE
    $bucket IN ('', bucket)
    AND ($prefix = '' OR starts_with(object_key, $prefix))
    AND $access IN ('any', access)
    AND (
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
    )
ORDER BY event_time, event_id
