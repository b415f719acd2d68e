-- /// trailquery
-- title = "Queries on data stores"
-- question = "Who ran queries in Athena, Redshift, RDS Data, Timestream, CloudTrail Lake or CloudWatch Logs, or took the keys to data from Lake Formation?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1213.006", "T1530"]
-- example = "trailquery run query_service_reads --actor alice"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- target = "The workgroup, cluster, database or query"
-- statement = "The query, where the record has it: Athena and others hide it"
-- output_to = "Where Athena is told to write the result"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target,
    json_first(request, ['$.queryString', '$.queryStatement', '$.sql']) AS statement,
    json_extract_string(request, '$.resultConfiguration.outputLocation') AS output_to,
    outcome, error_code, account_id, event_id
FROM events
WHERE
    regexp_matches(
        action,
        '^athena:(StartQueryExecution|GetQueryResults|CreateNamedQuery)$|^timestream:Query$'
        || '|^cloudtrail:(StartQuery|GetQueryResults)$|^logs:StartQuery$'
        || '|^(redshift-data|rdsdata(api)?):((Batch)?Execute|GetStatementResult)'
        || '|^lakeformation:Get(DataAccess|Temporary\w+Credentials)$'
    )
    AND (
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
    )
ORDER BY event_time, event_id
