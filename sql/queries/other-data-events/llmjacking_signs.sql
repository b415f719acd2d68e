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
WITH calls AS (
    SELECT *, regexp_matches(api, '^(InvokeModel|Converse)') AS is_invocation
    FROM events
    WHERE
        service = 'bedrock'
        -- no console signs with a long-term key, whatever it calls itself
        AND (coalesce(client, '') NOT IN ('console', 'browser') OR key_kind = 'long-term')
        AND NOT is_aws_call
        AND regexp_matches(
            api,
            '^(InvokeModel|Converse|(Get|Delete|Put)ModelInvocationLoggingConfiguration$'
            || '|PutUseCaseForModelAccess|PutFoundationModelEntitlement'
            || '|CreateFoundationModelAgreement)'
        )
)

SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor, key_kind,
    set_of(client_ip) AS client_ips,
    list_sort(coalesce(list(DISTINCT api) FILTER (WHERE NOT is_invocation), [])) AS prepared_by,
    list_sort(
        list_filter(
            list(DISTINCT json_extract_string(request, '$.modelId')),
            lambda model: model IS NOT NULL
        )
    ) AS models,
    set_of(region) AS regions, count(*) FILTER (WHERE is_invocation) AS invocations,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, session_id,
    list_sort(list(event_id)) AS event_ids
FROM calls
GROUP BY actor, key_kind, session_id
HAVING
    (bool_or(is_invocation) AND NOT bool_and(is_invocation))
    OR count(DISTINCT region) FILTER (
        WHERE
        is_invocation
        AND (outcome = 'success' OR error_class IN ('denied', 'invalid', 'not-found'))
    ) - count(DISTINCT region) FILTER (WHERE outcome = 'success') >= $min_regions
ORDER BY first_time, actor, session_id
