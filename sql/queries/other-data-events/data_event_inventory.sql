-- /// trailquery
-- title = "Data events held"
-- question = "Which data events do we hold at all: services, resources, reads and writes, from when to when?"
-- category = "data"
-- kind = "question"
-- example = "trailquery run data_event_inventory"
--
-- [columns]
-- account_id = "The account that recorded them"
-- region = "The region that recorded them"
-- service = "The service"
-- data_type = "CloudFormation type of what was touched"
-- resource = "The bucket, table or function; what is not listed, no trail recorded"
-- days = "Days (UTC) with any"
-- reads = "Reads"
-- writes = "Writes; none beside many reads, or the other way round, may be a selector that takes one kind only"
-- first_time = "The first (UTC)"
-- last_time = "The last (UTC)"
-- ///
SELECT
    account_id, region, service, data_type, coalesce(bucket, target) AS resource,
    count(DISTINCT event_date) AS days, count(*) FILTER (WHERE access = 'read') AS reads,
    count(*) FILTER (WHERE access = 'write') AS writes,
    min(event_time) AS first_time, max(event_time) AS last_time
FROM data_events
GROUP BY account_id, region, service, data_type, coalesce(bucket, target)
ORDER BY account_id, region, service, data_type, resource
