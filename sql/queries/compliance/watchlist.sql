-- /// trailquery
-- title = "Calls that attackers abuse"
-- question = "Which calls of the watch-list of abused APIs were made, by tactic: by whom, how often, and where was that seen?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run watchlist --tactic 'Defense Evasion'"
--
-- [params.tactic]
-- type = "choice"
-- choices = ["all", "Persistence", "Privilege Escalation", "Defense Evasion", "Credential Access", "Discovery", "Lateral Movement", "Exfiltration", "Impact"]
-- default = "all"
-- about = "Only calls that serve this tactic of ATT&CK"
--
-- [params.in_incidents_only]
-- type = "boolean"
-- default = false
-- about = "Only calls that published incidents tell of"
--
-- [params.worked_only]
-- type = "boolean"
-- default = false
-- about = "Leave out attempts that were refused or failed"
--
-- [columns]
-- tactic = "What an attacker is after with it"
-- action = "The call, service:api; most are ordinary administration as well"
-- why = "What it gives an attacker"
-- actor = "User, role (all its sessions), root"
-- calls = "How often"
-- failed = "Of these, refused or failed"
-- first_seen = "The first call (UTC)"
-- last_seen = "The last call (UTC)"
-- client_ips = "Addresses it came from, sorted"
-- technique = "Technique of ATT&CK"
-- seen_in_incidents = "Published incidents in which it was used"
-- sources = "Their write-ups; the page of the technique where there is none"
-- event_ids = "The events, sorted"
-- ///
SELECT
    api_watchlist.tactic, events.action, api_watchlist.why,
    max(coalesce(events.role_name, events.actor)) AS actor, count(*) AS calls,
    count(*) FILTER (WHERE events.outcome <> 'success') AS failed,
    min(events.event_time) AS first_seen, max(events.event_time) AS last_seen,
    set_of(events.client_ip) AS client_ips,
    api_watchlist.technique, api_watchlist.seen_in_incidents, api_watchlist.sources,
    list_sort(list(events.event_id)) AS event_ids
FROM events INNER JOIN api_watchlist ON events.action = api_watchlist.action
WHERE
    NOT events.is_aws_call
    AND $tactic IN ('all', api_watchlist.tactic)
    AND (NOT $in_incidents_only OR len(api_watchlist.seen_in_incidents) > 0)
    AND (NOT $worked_only OR events.outcome = 'success')
GROUP BY
    api_watchlist.tactic, events.action, api_watchlist.why, events.principal_key,
    api_watchlist.technique, api_watchlist.seen_in_incidents, api_watchlist.sources
ORDER BY api_watchlist.tactic, calls, events.action, events.principal_key
