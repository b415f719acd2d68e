-- /// trailquery
-- title = "CloudTrail Insights"
-- question = "Which CloudTrail Insights fired: unusual rates of calls or errors, how far above the usual, by whom?"
-- category = "insight"
-- kind = "lead"
-- mitre = ["T1078.004"]
-- example = "trailquery run insights --min-times 10"
--
-- [params.min_times]
-- type = "number"
-- default = 0
-- about = "Leave out rates less than so many times the usual one"
--
-- [columns]
-- started_at = "Start of the unusual activity (UTC); NULL when it began before the scope"
-- ended_at = "Its end (UTC); NULL while it goes on"
-- insight_type = "ApiCallRateInsight or ApiErrorRateInsight"
-- action = "The call, service:api"
-- error_code = "The error whose rate was unusual; NULL for calls"
-- baseline_per_minute = "The usual rate, a minute"
-- insight_per_minute = "The unusual rate, a minute"
-- times = "How many times the usual rate; NULL where there was none"
-- identities = "ARNs of those behind it, the busiest first"
-- account_id = "The account"
-- region = "The region"
-- event_ids = "Its start and end records"
-- ///
SELECT
    started_at, ended_at, insight_type,
    split_part(event_source, '.', 1) || ':' || event_name AS action,
    error_code, baseline_per_minute, insight_per_minute,
    round(insight_per_minute / nullif(baseline_per_minute, 0), 1) AS times,
    coalesce(
        list_transform(
            list_filter(
                from_json(
                    attributions, '[{"attribute": "VARCHAR", "insight": [{"value": "VARCHAR"}]}]'
                ),
                lambda told: told.attribute = 'userIdentityArn'
            )[1].insight,
            lambda named: named.value
        ),
        []
    ) AS identities,
    account_id, region, event_ids
FROM insight_events
WHERE
    $min_times = 0
    OR baseline_per_minute = 0
    OR insight_per_minute >= $min_times * baseline_per_minute
ORDER BY coalesce(started_at, ended_at), insight_id, account_id, region
