-- /// trailquery
-- title = "Administration or database port opened to the Internet"
-- question = "Who opened a port for administration or data, or every port, to the whole Internet?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.007", "T1133"]
-- why = "Such a port is found by scanners within minutes; harmless where a narrower firewall stands before it. Web and mail ports do not count."
-- next = "trailquery run security_group_changes --group {group_id}"
-- example = "trailquery run port_opened_to_world"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api"
-- group_id = "The security group, or its name where the call used that"
-- rules = "The rules: protocol, ports and network, sorted"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the group"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, group_id,
    set_of(format('{}/{}-{} {}', protocol, from_port, to_port, peer)) AS rules,
    outcome, error_code, account_id, region, event_id
FROM security_group_rule_changes
WHERE
    is_world
    AND change <> 'remove'
    AND direction IS DISTINCT FROM 'egress'
    AND len(
        list_filter(
            -- files, shells, Windows, databases, caches, queues, search, containers, remote desktops
            [
                20, 21, 22, 23, 111, 135, 139, 389, 445, 873, 1433, 1434, 1521, 2049, 2181, 2375,
                2376, 2379, 2380, 3306, 3389, 5432, 5439, 5601, 5672, 5900, 5984, 5985, 5986, 6379,
                6443, 7687, 8086, 8500, 9042, 9092, 9200, 9300, 10250, 11211, 15672, 27017, 27018,
                27019
            ],
            lambda port: port BETWEEN from_port AND to_port
        )
    ) > 0
GROUP BY
    event_time, actor, client_ip, action, group_id, outcome, error_code, account_id, region,
    event_id
ORDER BY event_time, event_id
