-- /// trailquery
-- title = "AI models used"
-- question = "Who invokes which AI models of Bedrock, how often, from where, with which credentials, and who opened access to them?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1496.004"]
-- example = "trailquery run bedrock_usage --min-calls 100"
--
-- [params.min_calls]
-- type = "integer"
-- default = 1
-- about = "Calls of one session, at or above which it is listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- key_kind = "long-term (AKIA), temporary (ASIA) or other: models are seldom called with the keys of a user"
-- client_ips = "The caller's addresses, sorted"
-- models = "The models invoked, sorted"
-- regions = "Where, sorted"
-- invocations = "Calls that ask a model, an agent, its memory or a knowledge base"
-- by_api_key = "Of all these calls, with an API key of Bedrock in place of a signature: anyone who holds it can call, until it is deleted or, for a short one, 12 hours are over"
-- opened = "Calls that open access to models or buy capacity, sorted"
-- worked = "Calls that worked"
-- refused = "Calls that were refused or failed"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor, key_kind,
    set_of(client_ip) AS client_ips, coalesce(set_of(model), []) AS models,
    set_of(region) AS regions,
    count(*) FILTER (WHERE model_use IN ('model', 'agent')) AS invocations,
    count(*) FILTER (WHERE by_api_key) AS by_api_key,
    coalesce(set_of(CASE WHEN model_use IN ('access', 'capacity') THEN api END), []) AS opened,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, session_id,
    list_sort(list(event_id)) AS event_ids
FROM model_calls
WHERE model_use <> 'logging'
GROUP BY actor, key_kind, session_id
HAVING count(*) >= $min_calls
ORDER BY invocations DESC, first_time ASC, actor ASC, session_id ASC
