-- /// trailquery
-- title = "Configuration of trails over time"
-- question = "How was each trail configured, change by change: bucket, key, regions, selectors, insights, on or off?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1562.008"]
-- example = "trailquery run trail_configuration --trail main"
--
-- [params.trail]
-- type = "text"
-- default = ""
-- about = "Only this trail or event data store, by name or ARN; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- trail = "The trail or event data store"
-- bucket = "The bucket it was to deliver to; NULL: not said, so unchanged"
-- kms_key = "The key it was to encrypt with; NULL: not said"
-- all_regions = "true or false as asked; NULL: not said"
-- whole_organization = "true or false as asked; NULL: not said"
-- signed = "Digest files were asked for, with which files can be verified; NULL: not said"
-- selectors = "Which events it was to record, or which insights, JSON text as asked; NULL: not said"
-- outcome = "success, denied, error or dry-run: only after success was it so"
-- error_code = "Why it did not work"
-- account_id = "The account of the trail"
-- region = "The region of the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target AS trail,
    json_extract_string(request, '$.s3BucketName') AS bucket,
    json_extract_string(request, '$.kmsKeyId') AS kms_key,
    json_first(request, ['$.isMultiRegionTrail', '$.multiRegionEnabled']) AS all_regions,
    json_first(request, ['$.isOrganizationTrail', '$.organizationEnabled']) AS whole_organization,
    json_extract_string(request, '$.enableLogFileValidation') AS signed,
    json_first(
        request, ['$.eventSelectors', '$.advancedEventSelectors', '$.insightSelectors']
    ) AS selectors,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    service = 'cloudtrail'
    AND regexp_matches(
        api,
        '(Trail|Logging|(Event|Insight)Selectors|EventConfiguration|EventDataStore(Ingestion)?)$'
    )
    AND access = 'write'
    AND (
        $trail IN ('', target, split_part(target, '/', 2))
        OR len(list_filter(resources, lambda named: $trail IN (named.name, named.arn))) > 0
    )
ORDER BY event_time, event_id
