-- /// trailquery
-- title = "What the lake covers"
-- question = "Which hours are covered of each account, region and trail, and which are missing, off or were not collected?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run coverage --since 2024-03-01"
--
-- [params.status]
-- type = "list"
-- default = []
-- about = "Only these: delivered, proven quiet, quiet, missing, logging off, not collected, pruned, not due; empty is all"
--
-- [columns]
-- account_id = "The account"
-- region = "The region"
-- trail = "The trail, where digests name it"
-- status = "delivered, proven quiet (a signed digest lists no file), quiet (one not verified), missing, logging off, not collected, pruned, or not due: too new to tell"
-- first_hour = "The first of the hours on end that are so (UTC)"
-- last_hour = "The last of them"
-- hours = "How many there are"
-- files = "Log files held that were delivered in them"
-- events = "Events of these hours in the account and region, of whichever trail"
-- categories = "Categories held of them, sorted: without data, calls on objects and functions are unseen"
-- reason = "Why it is so"
-- ///
WITH numbered AS (
    SELECT
        *, epoch(hour)::BIGINT // 3600
        - row_number() OVER (
            PARTITION BY prefix, organization_id, account_id, region, trail, status
            ORDER BY hour
        ) AS run
    FROM coverage_hours
    WHERE len($status) = 0 OR list_contains($status, status)
)

SELECT
    account_id, region, trail, status,
    min(hour) AS first_hour, max(hour) AS last_hour, count(*) AS hours, sum(files)::BIGINT AS files,
    sum(events)::BIGINT AS events,
    list_sort(list_distinct(flatten(list(categories)))) AS categories, min(reason) AS reason
FROM numbered
GROUP BY prefix, organization_id, account_id, region, trail, status, run
ORDER BY account_id, region, trail, first_hour, prefix
