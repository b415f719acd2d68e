-- /// trailquery
-- title = "Domain unlocked, moved or redirected"
-- question = "Who unlocked a domain, asked for its transfer code, moved or deleted it, or gave it other name servers or contacts?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1584.001", "T1098"]
-- why = "Who holds the domain reads its mail and answers for its sites. Harmless when it is your own move of the domain, which happens seldom enough to know of."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run domain_moved"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api"
-- domain = "The domain; NULL where the call does not tell"
-- given_to = "The account or registrar (its tag) it was to be moved to, or the new name servers; NULL where neither is said"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, json_extract_string(request, '$.domainName') AS domain,
    coalesce(
        json_first(request, ['$.accountId', '$.target']),
        nullif(array_to_string(json_extract_string(request, '$.nameservers[*].name'), ', '), '')
    ) AS given_to,
    outcome, error_code, account_id, event_id
FROM events
WHERE
    (action IN (
        'route53domains:DisableDomainTransferLock',
        'route53domains:RetrieveDomainAuthCode',
        'route53domains:TransferDomainToAnotherAwsAccount',
        'route53domains:UpdateDomainContact',
        'route53domains:UpdateDomainNameservers',
        'route53domains:PushDomain',
        'route53domains:DeleteDomain'
    )) IS TRUE
ORDER BY event_time, event_id
