-- sessions: one row a session: one issued set of credentials, a long-term key, or a console sign-in with all its keys.
CREATE VIEW live.sessions AS
WITH seen AS (
    SELECT
        session_id,
        min(actor) AS actor,
        min(actor_arn) AS actor_arn,
        min(principal_key) AS principal_key,
        min(identity_type) AS identity_type,
        coalesce(min(actor_account_id), min(account_id)) AS account_id,
        min(role_arn) AS role_arn,
        min(session_name) AS session_name,
        min(source_identity) AS source_identity,
        min(key_kind) AS key_kind,
        min(session_created_at) AS session_created_at,
        list_sort(
            list(DISTINCT access_key_id) FILTER (WHERE access_key_id IS NOT NULL)
        ) AS access_key_ids,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        sum(events)::BIGINT AS events,
        sum(writes)::BIGINT AS writes,
        sum(denied)::BIGINT AS denied,
        list_sort(list_distinct(flatten(list(client_ips)))) AS client_ips,
        list_sort(list_distinct(flatten(list(clients)))) AS clients,
        bool_or(mfa) AS mfa,
        bool_or(from_console) AS from_console,
        bool_and(is_forwarded) AS is_forwarded
    FROM derived.session_days
    GROUP BY session_id
)

SELECT
    seen.session_id,
    seen.actor,
    seen.principal_key,
    seen.identity_type,
    seen.actor_arn,
    seen.role_arn,
    seen.source_identity,
    seen.account_id,
    CASE
        WHEN seen.key_kind = 'long-term' THEN 'long-term-key'
        WHEN
            is_service_linked(seen.role_arn)
            OR starts_with(seen.actor, 'AWSServiceRoleFor')
            THEN 'service-linked'
        WHEN
            seen.is_forwarded
            AND coalesce(links.origin, '') NOT IN ('issued by an AWS service', 'identity provider')
            THEN 'forwarded'
        WHEN links.issued_by_action = 'sts:AssumeRoot' THEN 'assumed-root'
        WHEN seen.identity_type IN ('Root', 'IAMUser') AND seen.from_console THEN 'console'
        WHEN seen.identity_type IN ('Root', 'IAMUser') THEN 'session-token'
        WHEN seen.identity_type = 'FederatedUser' THEN 'federation-token'
        WHEN is_instance_id(seen.session_name) THEN 'ec2-instance'
        WHEN starts_with(seen.actor, 'AWSReservedSSO_') THEN 'identity-center'
        WHEN seen.identity_type = 'AssumedRole' THEN 'assumed-role'
        ELSE 'other'
    END AS session_kind,
    CASE
        WHEN seen.key_kind = 'long-term' THEN links.issued_at
        ELSE coalesce(seen.session_created_at, links.issued_at)
    END AS created_at,
    seen.first_seen,
    seen.last_seen,
    seen.events,
    seen.writes,
    seen.denied,
    coalesce(seen.access_key_ids, []) AS access_key_ids,
    seen.client_ips,
    seen.clients,
    seen.mfa,
    seen.from_console,
    links.parent_session_id,
    links.issued_by_event_id,
    links.issued_by_action,
    links.issued_by,
    links.link,
    links.certainty,
    links.origin,
    links.candidate_event_ids
FROM seen
LEFT JOIN derived.session_links AS links ON seen.session_id = links.session_id;

CREATE VIEW derived.sessions AS SELECT * FROM live.sessions;

CREATE VIEW sessions AS SELECT * FROM derived.sessions;

COMMENT ON VIEW sessions IS
'One row a session: one issued credential set, one long-term key, or one console sign-in with all '
'its keys.';
COMMENT ON COLUMN sessions.session_id IS
'The session, as in history: one issued credential set, or the access key itself.';
COMMENT ON COLUMN sessions.actor IS 'The caller, readable: root, user, role/session, federated/x.';
COMMENT ON COLUMN sessions.principal_key IS
'The durable identity behind the session, for grouping.';
COMMENT ON COLUMN sessions.identity_type IS
'Kind of caller: Root, IAMUser, AssumedRole, FederatedUser, ...';
COMMENT ON COLUMN sessions.actor_arn IS 'The caller''s ARN; a role session has one of its own.';
COMMENT ON COLUMN sessions.role_arn IS 'The role behind the session, with its path.';
COMMENT ON COLUMN sessions.source_identity IS
'Name set when the first role was assumed; it survives role chains.';
COMMENT ON COLUMN sessions.account_id IS
'The account of the caller, whichever accounts the calls went to.';
COMMENT ON COLUMN sessions.session_kind IS
'long-term-key, console, session-token, federation-token, assumed-role, assumed-root, '
'ec2-instance, identity-center, service-linked, forwarded (only calls of AWS services on the '
'identity''s behalf: no person) or other.';
COMMENT ON COLUMN sessions.created_at IS
'When the credentials were issued (UTC); of a long-term key only where its CreateAccessKey is '
'held.';
COMMENT ON COLUMN sessions.first_seen IS 'Time of its first event (UTC).';
COMMENT ON COLUMN sessions.last_seen IS 'Time of its last event (UTC).';
COMMENT ON COLUMN sessions.events IS 'Number of its events.';
COMMENT ON COLUMN sessions.writes IS 'Number of its writes that worked.';
COMMENT ON COLUMN sessions.denied IS 'Number of its calls that were refused.';
COMMENT ON COLUMN sessions.access_key_ids IS
'The access keys it used, sorted; a console sign-in has many.';
COMMENT ON COLUMN sessions.client_ips IS
'The addresses it called from, sorted; AWS services calling on its behalf have none.';
COMMENT ON COLUMN sessions.clients IS 'The kinds of client it called with, sorted.';
COMMENT ON COLUMN sessions.mfa IS
'Whether AWS says it was opened with MFA; false for every role session.';
COMMENT ON COLUMN sessions.from_console IS
'Whether a console sign-in belongs to it, or AWS says that its credentials came from the console.';
COMMENT ON COLUMN sessions.parent_session_id IS
'The session that asked for these credentials; NULL where origin says why there is none.';
COMMENT ON COLUMN sessions.issued_by_event_id IS
'The event that opened the session, the half of the caller''s account if it is held; NULL where '
'several fit.';
COMMENT ON COLUMN sessions.issued_by_action IS
'service:api of the call that opened the session; NULL where several kinds of call fit.';
COMMENT ON COLUMN sessions.issued_by IS
'Who made that call, readable; NULL where it may have been several.';
COMMENT ON COLUMN sessions.link IS
'How it is known: access-key, arn+time, console-login or shared-event (the caller''s half of a '
'call between accounts).';
COMMENT ON COLUMN sessions.certainty IS
'proven (the call answered with a key that the session uses) or inferred (identity and second '
'agree).';
COMMENT ON COLUMN sessions.origin IS
'Why there is no parent, in the words of session_links.origin; NULL where there is one.';
COMMENT ON COLUMN sessions.candidate_event_ids IS
'Every event that may have opened the session on the best evidence held, sorted; more than one '
'where it is ambiguous.';

CREATE VIEW live.principal_days AS
SELECT
    event_date,
    principal_key,
    min(identity_type) AS any_type,
    min(identity_type) FILTER (WHERE identity_type NOT IN ('AWSAccount', 'FederatedUser')) AS type,
    min(actor_account_id) AS actor_account_id,
    min(account_id) AS account_id,
    min(role_arn) AS role_arn,
    min(actor_arn) AS any_arn,
    min(actor_arn) FILTER (WHERE identity_type <> 'FederatedUser') AS arn,
    min(role_name) AS role_name,
    min(actor) AS any_name,
    min(actor) FILTER (WHERE identity_type NOT IN ('AWSAccount', 'FederatedUser')) AS name,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    list(DISTINCT session_id) AS sessions,
    list(DISTINCT client_ip) AS client_ips,
    list(DISTINCT region) AS regions,
    list(DISTINCT service) AS services,
    list(DISTINCT client) AS clients
FROM stored.events
WHERE principal_key IS NOT NULL
GROUP BY event_date, principal_key;

CREATE VIEW derived.principal_days AS SELECT * FROM live.principal_days;

-- principals: one row a durable identity, by its principal_key.
CREATE VIEW live.principals AS
SELECT
    principal_key,
    coalesce(min(type), min(any_type)) AS identity_type,
    coalesce(min(actor_account_id), min(account_id)) AS account_id,
    coalesce(min(role_arn), min(arn), min(any_arn)) AS arn,
    coalesce(min(role_name), min(name), min(any_name)) AS name,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    sum(events)::BIGINT AS events,
    sum(writes)::BIGINT AS writes,
    sum(denied)::BIGINT AS denied,
    len(list_distinct(flatten(list(sessions)))) AS sessions,
    len(list_distinct(flatten(list(client_ips)))) AS client_ips,
    len(list_distinct(flatten(list(regions)))) AS regions,
    len(list_distinct(flatten(list(services)))) AS services,
    list_sort(list_distinct(flatten(list(clients)))) AS clients
FROM derived.principal_days
GROUP BY principal_key;

CREATE VIEW derived.principals AS SELECT * FROM live.principals;

CREATE VIEW principals AS SELECT * FROM derived.principals;

COMMENT ON VIEW principals IS
'One row a durable identity: a user, a role, the root of an account, a service; in or out of '
'scope.';
COMMENT ON COLUMN principals.principal_key IS
'The identity: AIDA... or AROA... id, account:root, service.';
COMMENT ON COLUMN principals.identity_type IS
'Kind of identity; AWSAccount where only other accounts saw it, and so without its name.';
COMMENT ON COLUMN principals.account_id IS
'The account it belongs to; of a service or a stranger the first account that saw it.';
COMMENT ON COLUMN principals.arn IS 'Its ARN; of a role that of the role, not of its sessions.';
COMMENT ON COLUMN principals.name IS 'Its name, readable; of a role without the session name.';
COMMENT ON COLUMN principals.first_seen IS 'Time of its first event (UTC).';
COMMENT ON COLUMN principals.last_seen IS 'Time of its last event (UTC).';
COMMENT ON COLUMN principals.events IS 'Number of its events.';
COMMENT ON COLUMN principals.writes IS 'Number of its writes that worked.';
COMMENT ON COLUMN principals.denied IS 'Number of its calls that were refused.';
COMMENT ON COLUMN principals.sessions IS 'Number of its sessions.';
COMMENT ON COLUMN principals.client_ips IS 'Number of addresses it called from.';
COMMENT ON COLUMN principals.regions IS 'Number of regions that recorded it.';
COMMENT ON COLUMN principals.services IS 'Number of services it called.';
COMMENT ON COLUMN principals.clients IS 'The kinds of client it called with, sorted.';
