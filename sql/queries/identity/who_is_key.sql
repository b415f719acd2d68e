-- /// trailquery
-- title = "Whose access key"
-- question = "Whose access key is this, how was it issued, and when and from where was it first and last used?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004", "T1552"]
-- example = "trailquery run who_is_key AKIAIOSFODNN7EXAMPLE"
--
-- [params.key]
-- type = "text"
-- about = "Access key id, long-term (AKIA) or temporary (ASIA); all the lake holds counts, whatever the scope"
--
-- [columns]
-- owner = "User or role/session that used it; of a key never used, whom it was issued to"
-- account_id = "The owner's account"
-- issued_at = "When it was handed out (UTC); NULL if that event is not held"
-- issued_by = "Who asked for it"
-- issued_from = "From which address"
-- issued_action = "With which call"
-- issued_event_id = "In which event"
-- first_used = "Its first use held (UTC)"
-- last_used = "Its last use held (UTC)"
-- first_foreign_use = "Its first use from an address that did not use it in the first 24 hours of its use (UTC)"
-- foreign_ip = "That address"
-- uses = "Events signed with it"
-- denied = "Of these, refused"
-- client_ips = "Addresses that used it, sorted"
-- clients = "Kinds of client program, sorted"
-- services = "Services called, sorted"
-- ///
WITH uses AS (
    SELECT
        *, client_ip IS NOT NULL AND min(event_time) OVER (PARTITION BY client_ip)
        >= min(event_time) OVER () + INTERVAL 24 HOUR AS is_foreign
    FROM history
    WHERE access_key_id = $key
),

use AS (
    SELECT
        max_by(actor, (event_time, event_id)) AS actor,
        max_by(actor_account_id, (event_time, event_id)) AS account_id,
        min(event_time) AS first_used, max(event_time) AS last_used,
        min(event_time) FILTER (WHERE is_foreign) AS first_foreign_use,
        min_by(client_ip, (event_time, event_id)) FILTER (WHERE is_foreign) AS foreign_ip,
        count(*) AS uses, count(*) FILTER (WHERE outcome = 'denied') AS denied,
        set_of(client_ip) AS client_ips, set_of(client) AS clients, set_of(service) AS services
    FROM uses
),

issue AS (
    SELECT
        event_time, actor, account_id, source_ip_address, action, event_id,
        coalesce(issued_arn, target) AS issued_to
    FROM history
    WHERE issued_key_id = $key
    ORDER BY event_time, event_id
    LIMIT 1
)

SELECT
    coalesce(use.actor, issue.issued_to) AS owner,
    coalesce(use.account_id, issue.account_id) AS account_id,
    issue.event_time AS issued_at, issue.actor AS issued_by, issue.source_ip_address AS issued_from,
    issue.action AS issued_action, issue.event_id AS issued_event_id, use.first_used, use.last_used,
    use.first_foreign_use, use.foreign_ip, use.uses, use.denied, use.client_ips, use.clients,
    use.services
FROM use LEFT JOIN issue ON TRUE
WHERE use.uses > 0 OR issue.event_id IS NOT NULL
ORDER BY issued_event_id
