-- /// trailquery
-- title = "Tables read in bulk"
-- question = "Who scanned, exported, restored or ran SQL on which DynamoDB tables, and where did exports go?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1213.006", "T1530"]
-- example = "trailquery run dynamodb_reads --table orders"
--
-- [params.table]
-- type = "text"
-- default = ""
-- about = "Only this table, by name; empty is all"
--
-- [params.min_calls]
-- type = "integer"
-- default = 1
-- about = "Calls of one session on one table, at or above which they are listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- target = "The table"
-- actions = "The calls, sorted"
-- exported_to = "Buckets of exports, with the account that owns them where the call says so, sorted"
-- calls = "Calls: a scan makes one for each megabyte"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, target, set_of(action) AS actions,
    coalesce(
        set_of(
            json_extract_string(request, '$.s3Bucket')
            || coalesce(' of ' || json_extract_string(request, '$.s3BucketOwner'), '')
        ),
        []
    ) AS exported_to,
    count(*) AS calls, set_of(outcome) AS outcomes, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    (action IN (
        'dynamodb:Scan', 'dynamodb:ExecuteStatement', 'dynamodb:BatchExecuteStatement',
        'dynamodb:ExecuteTransaction', 'dynamodb:ExportTableToPointInTime',
        'dynamodb:RestoreTableFromBackup', 'dynamodb:RestoreTableToPointInTime'
    )) IS TRUE
    AND NOT is_aws_call
    AND ($table = '' OR mentions(resources, $table))
GROUP BY actor, target, session_id
HAVING count(*) >= $min_calls
ORDER BY first_time, target, actor, session_id
