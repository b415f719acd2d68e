-- /// trailquery
-- title = "Identity provider added, altered or removed"
-- question = "Which SAML or OIDC providers, Roles Anywhere anchors, trusts of directories or Identity Center sources were added, altered or removed?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1484.002", "T1098.003"]
-- why = "Whoever runs the provider, or holds the certificate, can make sign-ins as anyone the roles trust, without a key of ours; whoever removes it locks out all who come through it. Harmless in a planned change of the sign-in; issuers of EKS clusters and what Identity Center sets up for itself are left out."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run identity_provider_changes"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The provider, anchor, profile, revocation list or directory"
-- source = "Address of the issuer, where the request says it"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    json_extract_string(request, '$.url') AS source,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    access = 'write'
    AND access_level IS DISTINCT FROM 'tagging'
    AND regexp_matches(
        action,
        '^iam:.*(OpenIDConnect|SAML)Provider|^sso-directory:.*ExternalIdP'
        || '|^rolesanywhere:\w+(TrustAnchor|Profile|Crl|AttributeMapping)$'
        || '|^ds:(Create|Update|Delete)Trust$'
        || '|^sso:(\w+TrustedTokenIssuer|(A|Disa)ssociateDirectory)$'
    )
    AND NOT regexp_matches(coalesce(request, error_message, ''), '[:/]oidc[.-]eks[.]')
    -- Identity Center sets up a provider of its own in each account it lets people into
    AND invoked_by IS DISTINCT FROM 'sso.amazonaws.com'
ORDER BY event_time, event_id
