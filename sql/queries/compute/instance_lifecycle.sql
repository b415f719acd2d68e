-- /// trailquery
-- title = "Life of an instance"
-- question = "What happened to this instance from launch to end, and who did it?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1578"]
-- example = "trailquery run instance_lifecycle i-0123456789abcdef0"
--
-- [params.instance]
-- type = "text"
-- about = "The instance, by id"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- target = "What the call was aimed at: the instance, or its volume, address, command"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the instance"
-- region = "The region of the instance"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target, outcome, error_code, account_id, region, event_id
FROM events
WHERE
    access = 'write'
    AND list_contains(list_transform(resources, lambda named: named.name), $instance)
ORDER BY event_time, event_id
