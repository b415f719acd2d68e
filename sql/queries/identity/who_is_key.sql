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
SELECT
    owner, account_id, issued_at, issued_by, issued_from, issued_action, issued_event_id,
    first_used, last_used, first_foreign_use, foreign_ip, uses, denied,
    client_ips, clients, services
FROM access_keys
WHERE access_key_id = $key
ORDER BY issued_event_id
