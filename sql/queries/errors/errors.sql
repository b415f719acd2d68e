-- /// trailquery
-- title = "What fails"
-- question = "What fails, how often, for whom: by class, call and code?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run errors --class throttled"
--
-- [params.class]
-- type = "choice"
-- choices = ["all", "denied", "auth-failed", "throttled", "limit", "not-found", "conflict", "invalid", "server", "dry-run", "other"]
-- default = "all"
-- about = "Only errors of this class"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id, access key or service; empty is everyone, AWS too"
--
-- [columns]
-- error_class = "Why, in one word"
-- action = "The call, service:api"
-- error_code = "The service's code for it"
-- errors = "How often it failed so"
-- calls = "How often it was called, by the same"
-- actors = "How many identities it failed for"
-- most_by = "The identity it failed for most: user, role (all its sessions), service"
-- first_seen = "The first failure (UTC)"
-- last_seen = "The last failure (UTC)"
-- last_message = "The message of the last one"
-- last_event_id = "The last one; see: trailquery run event"
-- ///
WITH called AS (
    SELECT *, coalesce(role_name, actor) AS who
    FROM events
    WHERE
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
),

calls AS (SELECT action, count(*) AS calls FROM called GROUP BY action)

SELECT
    called.error_class, called.action, called.error_code,
    count(*) AS errors, any_value(calls.calls) AS calls,
    count(DISTINCT called.principal_key) AS actors, mode(called.who ORDER BY called.who) AS most_by,
    min(called.event_time) AS first_seen, max(called.event_time) AS last_seen,
    max_by(called.error_message, (called.event_time, called.event_id)) AS last_message,
    max_by(called.event_id, (called.event_time, called.event_id)) AS last_event_id
FROM called INNER JOIN calls ON called.action = calls.action
WHERE called.outcome <> 'success' AND $class IN ('all', called.error_class)
GROUP BY called.error_class, called.action, called.error_code
ORDER BY errors DESC, called.action, called.error_code, called.error_class
