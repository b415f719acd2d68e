-- /// trailquery
-- title = "Buckets looked at one after another"
-- question = "Who listed the buckets and read the settings or contents of many of them?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1619", "T1580"]
-- example = "trailquery run s3_enumeration --min-buckets 20"
--
-- [params.min_buckets]
-- type = "integer"
-- default = 5
-- about = "Different buckets in one clock hour, at or above which a session is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- clients = "With which kinds of client, sorted"
-- listed_all = "It called ListBuckets, too"
-- buckets = "Number of different buckets"
-- bucket_names = "Their names, sorted"
-- actions = "What was read, sorted"
-- calls = "Number of reads"
-- denied = "Of these, refused"
-- account_id = "The account that was read"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The reads, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(client) AS clients, bool_or(api = 'ListBuckets') AS listed_all,
    count(DISTINCT bucket) AS buckets, set_of(bucket) AS bucket_names, set_of(api) AS actions,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'denied') AS denied, account_id, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    service = 's3'
    AND NOT is_aws_call
    AND (
        starts_with(api, 'List') OR starts_with(api, 'GetBucket')
        OR api IN ('GetAccelerateConfiguration', 'HeadBucket')
    )
GROUP BY date_trunc('hour', event_time), actor, principal_key, account_id, session_id
HAVING count(DISTINCT bucket) >= $min_buckets
ORDER BY hour_start, actor, account_id, session_id
