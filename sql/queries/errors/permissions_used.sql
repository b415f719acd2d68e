-- /// trailquery
-- title = "Permissions an identity really uses"
-- question = "Which actions on which resources does this role or user really use, to write a narrower policy?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run permissions_used deploy-role --since 2024-01-01"
--
-- [params.who]
-- type = "text"
-- about = "User, role, role/session, ARN, principal id or access key"
--
-- [columns]
-- service = "The service"
-- action = "The call as CloudTrail names it; the permission mostly has the same name: s3:ListBuckets needs s3:ListAllMyBuckets"
-- access_level = "list, read, write, tagging or permissions-management, as IAM classes it"
-- worked = "How often it worked: the permission is used; 0 here and in denied: it failed for another reason, which does not tell that the permission can go"
-- denied = "How often it was refused: the permission is wanted"
-- targets = "What it was aimed at where it worked, sorted, at most 50"
-- target_count = "How many different targets; object-level calls show only if a trail records them"
-- passed_roles = "Roles it handed to a service, which needs iam:PassRole, sorted"
-- regions = "Regions, sorted: all regions where it is global"
-- first_used = "The first call (UTC)"
-- last_used = "The last call (UTC)"
-- ///
SELECT
    service, action, any_value(access_level) AS access_level,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    coalesce(set_of(CASE outcome WHEN 'success' THEN target END)[1:50], []) AS targets,
    count(DISTINCT target) FILTER (WHERE outcome = 'success') AS target_count,
    coalesce(set_of(CASE WHEN service <> 'sts' THEN requested_role_arn END), []) AS passed_roles,
    set_of(region) AS regions, min(event_time) AS first_used, max(event_time) AS last_used
FROM events
WHERE
    $who IN (
        actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name, access_key_id
    )
    AND (category IN ('management', 'data')) IS TRUE
GROUP BY service, action
ORDER BY service, action
