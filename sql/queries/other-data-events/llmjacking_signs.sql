-- /// trailquery
-- title = "Signs of stolen AI use"
-- question = "Did someone look whether prompts are logged, switch that off, or open access to models, and then call them, or try models in region after region in vain?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1496.004", "T1562.008"]
-- why = "Who resells model calls on a stolen key first checks that nobody reads along and which models are open where; who builds an application knows its region, and scanners of settings never call a model. The console, which checks by itself, is left out; a browser's name with a long-term key is none. Harmless in a script that sets up and tries out a new account."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run llmjacking_signs"
--
-- [params.min_regions]
-- type = "integer"
-- default = 3
-- about = "Regions in which models were asked and none answered, at or above which that alone is a sign; throttled calls do not count"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- key_kind = "long-term (AKIA), temporary (ASIA) or other"
-- client_ips = "The caller's addresses, sorted"
-- prepared_by = "What it called beside the models, sorted"
-- models = "The models called, sorted"
-- regions = "Where, sorted"
-- invocations = "Calls of models"
-- refused = "Of all these calls, those that were refused or failed"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor, key_kind,
    set_of(client_ip) AS client_ips,
    coalesce(set_of(CASE WHEN model_use <> 'model' THEN api END), []) AS prepared_by,
    coalesce(set_of(model), []) AS models, set_of(region) AS regions,
    count(*) FILTER (WHERE model_use = 'model') AS invocations,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, session_id,
    list_sort(list(event_id)) AS event_ids
FROM model_calls
WHERE
    model_use IN ('model', 'access', 'logging')
    -- no console signs with a long-term key, whatever it calls itself
    AND (coalesce(client, '') NOT IN ('console', 'browser') OR key_kind = 'long-term')
GROUP BY actor, key_kind, session_id
HAVING
    (invocations > 0 AND len(prepared_by) > 0)
    OR count(DISTINCT region) FILTER (
        WHERE
        model_use = 'model'
        AND (outcome = 'success' OR error_class IN ('denied', 'invalid', 'not-found'))
    ) - count(DISTINCT region) FILTER (WHERE outcome = 'success') >= $min_regions
ORDER BY first_time, actor, session_id
