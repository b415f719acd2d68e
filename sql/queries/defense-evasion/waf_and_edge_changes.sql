-- /// trailquery
-- title = "Edge and firewall changes"
-- question = "What changed at the edge: web ACLs, Shield, firewalls, CDN distributions, load-balancer listeners?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1562.007"]
-- example = "trailquery run waf_and_edge_changes"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The web ACL, firewall, distribution, listener ..."
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    (
        service IN (
            'cloudfront', 'fms', 'network-firewall', 'shield', 'waf', 'waf-regional', 'wafv2'
        )
        OR action IN (
            'elasticloadbalancing:ApplySecurityGroupsToLoadBalancer',
            'elasticloadbalancing:CreateListener',
            'elasticloadbalancing:CreateLoadBalancerListeners', 'elasticloadbalancing:CreateRule',
            'elasticloadbalancing:DeleteListener',
            'elasticloadbalancing:DeleteLoadBalancerListeners', 'elasticloadbalancing:DeleteRule',
            'elasticloadbalancing:ModifyListener', 'elasticloadbalancing:ModifyRule',
            'elasticloadbalancing:SetRulePriorities', 'elasticloadbalancing:SetSecurityGroups'
        )
        OR (service = 'route53resolver' AND contains(api, 'Firewall'))
    )
    AND access = 'write'
    AND access_level IS DISTINCT FROM 'tagging'
    AND api <> 'CreateInvalidation'  -- part of every deployment
    AND NOT is_aws_call
ORDER BY event_time, event_id
