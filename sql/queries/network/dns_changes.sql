-- /// trailquery
-- title = "Changes of DNS"
-- question = "Who changed DNS zones, records, resolver rules or domains, or tried to?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1584.001", "T1565.002"]
-- example = "trailquery run dns_changes --zone Z0123456789ABCDEFGHIJ"
--
-- [params.zone]
-- type = "text"
-- default = ""
-- about = "Only this hosted zone, by id; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- target = "The zone, rule or domain"
-- changes = "The records changed: action, type and name, in the order sent; empty for other calls"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        *, json_extract_string(request, '$.hostedZoneId') AS zone,
        json_extract_string(request, '$.changeBatch.changes[*].action') AS verbs,
        json_extract_string(request, '$.changeBatch.changes[*].resourceRecordSet.type') AS types,
        json_extract_string(request, '$.changeBatch.changes[*].resourceRecordSet.name') AS names
    FROM events
    WHERE (service IN ('route53', 'route53domains', 'route53resolver')) IS TRUE AND access = 'write'
)

SELECT
    event_time, actor, client_ip, action, target,
    coalesce(
        list_transform(
            list_zip(verbs, types, names),
            lambda change: format('{} {} {}', change[1], change[2], change[3])
        ),
        []
    ) AS changes,
    outcome, error_code, account_id, event_id
FROM calls
WHERE $zone = '' OR zone = $zone OR ends_with(zone, '/' || $zone)
ORDER BY event_time, event_id
