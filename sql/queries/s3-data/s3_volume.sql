-- /// trailquery
-- title = "Data moved out of S3"
-- question = "Who took how much data out of S3 per hour: calls, distinct objects, bytes?"
-- category = "data"
-- kind = "question"
-- mitre = ["T1530", "T1567.002"]
-- example = "trailquery run s3_volume --bucket payroll --by actor --min-bytes 1000000000"
--
-- [params.bucket]
-- type = "text"
-- default = ""
-- about = "Only this bucket; empty is all"
--
-- [params.by]
-- type = "choice"
-- choices = ["actor", "bucket", "client_ip", "action"]
-- default = "actor"
-- about = "Of what each row is the sum"
--
-- [params.min_bytes]
-- type = "integer"
-- default = 0
-- about = "Bytes out in an hour, at or above which it is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- subject = "The actor, bucket, address or action summed up"
-- bytes_out = "Bytes sent to callers; refused calls count nothing"
-- bytes_in = "Bytes received from callers"
-- calls = "Calls that worked"
-- objects = "Distinct objects named"
-- buckets = "Distinct buckets, sorted"
-- client_ips = "Distinct addresses, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start,
    CASE $by
        WHEN 'actor' THEN actor
        WHEN 'bucket' THEN bucket
        WHEN 'client_ip' THEN client_ip
        ELSE action
    END AS subject,
    coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out,
    coalesce(sum(bytes_in), 0)::BIGINT AS bytes_in, count(*) AS calls,
    count(DISTINCT bucket || '/' || object_key) AS objects, set_of(bucket) AS buckets,
    coalesce(set_of(client_ip), []) AS client_ips
FROM data_events
WHERE service = 's3' AND outcome = 'success' AND $bucket IN ('', bucket)
GROUP BY
    date_trunc('hour', event_time),
    CASE $by
        WHEN 'actor' THEN actor
        WHEN 'bucket' THEN bucket
        WHEN 'client_ip' THEN client_ip
        ELSE action
    END
HAVING coalesce(sum(bytes_out), 0) >= $min_bytes
ORDER BY bytes_out DESC, hour_start ASC, subject ASC
