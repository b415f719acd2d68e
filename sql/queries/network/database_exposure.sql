-- /// trailquery
-- title = "Database opened to the Internet"
-- question = "Which databases were made reachable from the Internet: by the public flag, or by a group of their own?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1133", "T1190"]
-- why = "A database with a public address is one firewall rule and one password away from everyone. Harmless while its security groups let nobody in: see security_group_changes."
-- next = "trailquery run timeline_resource {database}"
-- example = "trailquery run database_exposure"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api: made, changed, restored, or a group opened"
-- database = "The database, cluster or workgroup, or the group that was opened"
-- opened_to = "public address, or the network let in"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the database"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        *,
        coalesce(
            json_extract_string(request, '$.publiclyAccessible'),
            json_extract_string(request, '$.publicConnectivity'),
            CASE  -- of one that is changed the answer tells what was so before, too
                WHEN regexp_matches(api, '^(Create|Restore)')
                    THEN json_extract_string(response, '$.publiclyAccessible')
            END
        ) AS public_address,
        json_extract_string(request, '$.cIDRIP') AS let_in
    FROM events
    WHERE
        service IN (
            'dms', 'lightsail', 'neptune-graph', 'rds', 'redshift', 'redshift-serverless',
            'timestream-influxdb'
        )
        AND NOT starts_with(api, 'Revoke')
)

SELECT
    event_time, actor, client_ip, action, target AS database,
    CASE public_address WHEN 'true' THEN 'public address' ELSE let_in END AS opened_to,
    outcome, error_code, account_id, region, event_id
FROM calls
WHERE public_address = 'true' OR is_world_network(let_in)
ORDER BY event_time, event_id
