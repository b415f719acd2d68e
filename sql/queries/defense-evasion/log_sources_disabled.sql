-- /// trailquery
-- title = "Log sources cut off"
-- question = "Which other logs were cut: of flows, DNS, APIs, buckets, load balancers, firewalls, VPNs, directories, clusters, databases, search domains, brokers, file servers, models, or Security Lake's?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.008"]
-- why = "The source writes nothing more, while it goes on serving. Harmless where it is taken down altogether: look for the deletion of the network, cluster or web ACL right after."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run log_sources_disabled"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What logged, or where it logged to"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM impaired_defenses AS cut
WHERE
    defense = 'log source' AND NOT is_aws_call
    AND NOT EXISTS (  -- tools say of each new load balancer what it does not log, and try out flow logs
        SELECT 1 FROM history AS made
        WHERE
            (made.api IN ('CreateFlowLogs', 'CreateLoadBalancer')) IS TRUE
            AND (made.principal_key, made.account_id) = (cut.principal_key, cut.account_id)
            AND made.client = cut.client
            AND regexp_extract(made.target, '[^/]+$') = regexp_extract(cut.target, '[^/]+$')
            AND NOT contains(cut.target, ' ')  -- fl-0abc1234 and 2 more
            AND cut.event_time BETWEEN made.event_time
            AND made.event_time + to_hours(CASE made.service WHEN 'ec2' THEN 24 ELSE 1 END)
    )
    AND NOT EXISTS (  -- and they empty a bucket of its settings before they delete it
        SELECT 1 FROM history AS gone
        WHERE
            gone.action = 's3:DeleteBucket' AND gone.outcome = 'success'
            AND gone.bucket = cut.bucket
            AND gone.event_time BETWEEN cut.event_time AND cut.event_time + INTERVAL 1 HOUR
    )
ORDER BY event_time, event_id
