-- /// trailquery
-- title = "Tags over time"
-- question = "Who tagged or untagged this resource, and with what?"
-- category = "management"
-- kind = "question"
-- mitre = []
-- example = "trailquery run tag_history --resource i-0123456789abcdef0 --key Owner"
--
-- [params.resource]
-- type = "text"
-- default = ""
-- about = "Only this resource, by name, id or ARN; empty is all"
--
-- [params.key]
-- type = "text"
-- default = ""
-- about = "Only calls that name this tag key, exactly; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- resources = "What was tagged, sorted"
-- tags = "The tags or, when taken away, their keys: JSON text as the service writes it; NULL where the call has none"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH tagged AS (
    SELECT
        *,
        json_first(
            request, [
                '$.tagSet.items', '$.Tagging.TagSet.Tag', '$.tagging.TagSet.Tag', '$.tags',
                '$.Tags', '$.tagsList', '$.tagList', '$.resourceTags', '$.tagsToAdd', '$.addTags',
                '$.tagsToUpdate', '$.tagKeys', '$.TagKeys', '$.tagKeyList', '$.resourceTagKeys',
                '$.tagsToRemove', '$.removeTagKeys', '$.tagsToDelete'
            ]
        ) AS tags
    FROM events
    WHERE access = 'write' AND regexp_matches(api, '^Tag|^Untag|Tags|Tagging$')
)

SELECT
    event_time, actor, client_ip, action,
    list_sort(list_distinct(list_transform(resources, lambda named: named.name))) AS resources,
    tags, outcome, error_code, account_id, region, event_id
FROM tagged
WHERE
    ($resource = '' OR mentions(resources, $resource))
    AND ($key = '' OR contains(tags, format('"{}"', $key)))
ORDER BY event_time, event_id
