-- Schema `live` works everything out from the stored events alone (no setting changes it); `derived` answers from files below lake/cache where there
-- are any, else from `live`; the views of the same names tell what the columns mean. Of one day's events and of no
-- other: session_days (a session and a key of it), openings (events that open sessions), principal_days.
CREATE SCHEMA live;
CREATE SCHEMA derived;

CREATE VIEW live.session_days AS
SELECT
    event_date,
    session_id,
    access_key_id,
    min(actor) AS actor,
    min(actor_arn) AS actor_arn,
    min(principal_key) AS principal_key,
    min(identity_type) AS identity_type,
    min(actor_account_id) AS actor_account_id,
    min(account_id) AS account_id,
    min(role_arn) AS role_arn,
    min(session_name) AS session_name,
    min(source_identity) AS source_identity,
    min(key_kind) AS key_kind,
    min(session_created_at) AS session_created_at,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    coalesce(list(DISTINCT client_ip) FILTER (WHERE client_ip IS NOT NULL), []) AS client_ips,
    coalesce(list(DISTINCT client) FILTER (WHERE client IS NOT NULL), []) AS clients,
    bool_or(session_mfa) AS mfa,
    bool_or(
        from_console_session OR category = 'signin' OR is_console_host(invoked_by)
    ) AS from_console,
    bool_or(is_service_linked(role_arn)) AS is_service_linked,
    bool_and(invoked_by IS NOT NULL AND NOT is_console_host(invoked_by)) AS is_forwarded,
    max(invoked_by) AS forwarded_by
FROM stored.events
WHERE session_id IS NOT NULL
GROUP BY event_date, session_id, access_key_id;

CREATE VIEW derived.session_days AS SELECT * FROM live.session_days;

CREATE VIEW live.openings AS
SELECT
    event_date,
    event_id,
    event_time,
    category,
    service,
    action,
    actor,
    actor_arn,
    identity_type,
    session_id,
    session_created_at,
    CASE WHEN identity_type <> 'AWSService' THEN shared_event_id END AS shared_event_id, -- a service's own half names no caller
    issued_key_id,
    issued_arn,
    switch_from
FROM stored.events
WHERE
    outcome = 'success'
    AND (
        hands_out_credentials(action)
        OR (action IN ('signin:ConsoleLogin', 'signin:SwitchRole') AND session_id IS NOT NULL)
    );

CREATE VIEW derived.openings AS SELECT * FROM live.openings;

-- session_links: one row a session: which call opened it, from which session, and how that is known.
-- The key tells it best: a call answered with a key that the session uses. Where that key is masked or not recorded,
-- ARN and second tell it, one second more or less: STS stamps a session with the second of the call, and all keys of
-- one console sign-in bear that of the sign-in. A call that answered with another key than those of the session is no
-- candidate, but for Identity Center: it may exchange the key that it got by SAML for another one of the same second.
-- Where the best evidence leaves several callers, none is chosen.
CREATE VIEW live.session_links AS
WITH uses AS MATERIALIZED (
    SELECT
        session_id,
        access_key_id,
        min(actor) AS actor,
        min(actor_arn) AS actor_arn,
        min(key_kind) AS key_kind,
        min(session_created_at) AS created_at,
        bool_or(is_service_linked) AS is_service_linked,
        bool_and(is_forwarded) AS is_forwarded,
        max(forwarded_by) AS forwarded_by
    FROM derived.session_days
    GROUP BY session_id, access_key_id
),

used AS MATERIALIZED (
    SELECT
        session_id,
        min(actor) AS actor,
        min(actor_arn) AS actor_arn,
        date_trunc('second', min(created_at)) AS created_at,
        coalesce(min(key_kind) = 'long-term', FALSE) AS is_long_term,
        count(access_key_id) > 0 AS has_key,
        coalesce(bool_or(is_whole_id(access_key_id)), FALSE) AS has_whole_key,
        coalesce(bool_or(is_service_linked), FALSE) AS is_service_linked,
        bool_and(is_forwarded) AS is_forwarded,
        max(forwarded_by) AS forwarded_by
    FROM uses
    GROUP BY session_id
),

issued AS MATERIALIZED (
    SELECT
        event_id,
        event_time,
        action,
        actor,
        identity_type,
        shared_event_id,
        CASE WHEN is_whole_id(issued_key_id) THEN issued_key_id END AS key_id,
        CASE WHEN action <> 'iam:CreateAccessKey' THEN issued_arn END AS arn,
        CASE WHEN is_whole_id(session_id) THEN session_id END AS caller_session_id,
        CASE
            WHEN is_whole_id(session_id) THEN NULL
            WHEN session_id IS NOT NULL THEN 'key redacted'
            WHEN
                service IN ('sso', 'cognito-identity', 'rolesanywhere')
                OR identity_type IN (
                    'SAMLUser', 'WebIdentityUser', 'IdentityCenterUser', 'Directory'
                )
                THEN 'identity provider'
            WHEN identity_type = 'AWSService' THEN 'issued by an AWS service'
            WHEN identity_type = 'AWSAccount' THEN 'caller in another account'
            ELSE 'caller unknown'
        END AS origin
    FROM derived.openings
    WHERE hands_out_credentials(action)
),

-- A call for a role of another account is recorded in both: only the caller's account sees who called.
calls AS MATERIALIZED (
    SELECT
        issued.event_time,
        issued.action,
        issued.key_id,
        issued.arn,
        half.event_id IS NOT NULL AS is_half,
        coalesce(half.event_id, issued.event_id) AS event_id,
        coalesce(half.actor, issued.actor) AS actor,
        coalesce(half.caller_session_id, issued.caller_session_id) AS caller_session_id,
        CASE WHEN half.event_id IS NULL THEN issued.origin ELSE half.origin END AS origin
    FROM issued
    LEFT JOIN issued AS half
        ON
            issued.identity_type = 'AWSAccount'
            AND half.identity_type NOT IN ('AWSAccount', 'AWSService')
            AND issued.shared_event_id = half.shared_event_id
            AND issued.action = half.action
),

sign_ins AS MATERIALIZED (
    SELECT
        session_id,
        event_id,
        event_time,
        action,
        actor,
        actor_arn,
        date_trunc('second', session_created_at) AS created_at,
        identity_type IN ('IAMUser', 'Root') AS is_user
    FROM derived.openings
    WHERE category = 'signin' AND (action IN ('signin:ConsoleLogin', 'signin:SwitchRole')) IS TRUE
),

switches AS (
    SELECT
        session_id,
        event_id,
        event_time,
        action,
        switch_from
    FROM derived.openings
    WHERE action = 'signin:SwitchRole'
),

-- What stamps a session with its second, and the rank that such evidence has.
stamps AS (
    SELECT
        arn,
        date_trunc('second', event_time) AS stamped_at,
        key_id,
        3 AS rank,
        CASE WHEN is_half THEN 'shared-event' ELSE 'arn+time' END AS link,
        event_id,
        event_time,
        action,
        actor,
        caller_session_id,
        origin
    FROM calls
    WHERE arn IS NOT NULL
    UNION ALL
    SELECT
        actor_arn AS arn,
        created_at AS stamped_at,
        NULL AS key_id,
        CASE WHEN is_user THEN 3 ELSE 6 END AS rank,
        'console-login' AS link,
        event_id,
        event_time,
        action,
        actor,
        session_id AS caller_session_id,
        NULL AS origin
    FROM sign_ins
),

near AS (
    SELECT
        *,
        created_at + to_seconds(unnest([-1, 0, 1])) AS stamped_at
    FROM used
    WHERE NOT is_long_term
),

-- Of a session's candidates those of the lowest rank count.
candidates AS (
    SELECT
        uses.session_id,
        1 AS rank,
        CASE WHEN calls.is_half THEN 'shared-event' ELSE 'access-key' END AS link,
        calls.event_id,
        calls.event_time,
        calls.action,
        calls.actor,
        calls.caller_session_id,
        calls.origin
    FROM uses
    INNER JOIN calls ON uses.access_key_id = calls.key_id
    UNION ALL
    SELECT
        session_id,
        CASE WHEN is_user THEN 2 ELSE 5 END AS rank,
        'console-login' AS link,
        event_id,
        event_time,
        action,
        actor,
        NULL AS caller_session_id,
        'console sign-in' AS origin
    FROM sign_ins
    UNION ALL
    SELECT
        near.session_id,
        CASE
            WHEN stamps.key_id IS NULL OR NOT near.has_whole_key THEN stamps.rank
            ELSE 8
        END AS rank,
        stamps.link,
        stamps.event_id,
        stamps.event_time,
        stamps.action,
        stamps.actor,
        stamps.caller_session_id,
        stamps.origin
    FROM near
    INNER JOIN stamps ON near.actor_arn = stamps.arn AND near.stamped_at = stamps.stamped_at
    WHERE
        stamps.key_id IS NULL
        OR NOT near.has_whole_key
        OR contains(near.actor_arn, ':assumed-role/AWSReservedSSO_')
    UNION ALL
    -- A sign-in token is good for 15 minutes, for the identity that asked for it.
    SELECT
        sign_ins.session_id,
        4 AS rank,
        'console-login' AS link,
        calls.event_id,
        calls.event_time,
        calls.action,
        calls.actor,
        calls.caller_session_id,
        calls.origin
    FROM sign_ins
    INNER JOIN calls
        ON
            sign_ins.actor_arn = calls.arn
            AND calls.action = 'signin:GetSigninToken'
            AND calls.event_time
            BETWEEN sign_ins.event_time - INTERVAL 15 MINUTE AND sign_ins.event_time
    UNION ALL
    -- A console session, at most 12 hours old, switches to a role.
    SELECT
        switches.session_id,
        4 AS rank,
        'console-login' AS link,
        switches.event_id,
        switches.event_time,
        switches.action,
        sign_ins.actor,
        sign_ins.session_id AS caller_session_id,
        NULL AS origin
    FROM switches
    INNER JOIN sign_ins
        ON
            switches.switch_from = sign_ins.actor_arn
            AND sign_ins.action = 'signin:ConsoleLogin'
            AND sign_ins.event_time
            BETWEEN switches.event_time - INTERVAL 12 HOUR AND switches.event_time
    UNION ALL
    -- A service that forwards a call gets credentials of the second of that call.
    SELECT DISTINCT
        near.session_id,
        7 AS rank,
        'arn+time' AS link,
        NULL AS event_id,
        NULL AS event_time,
        NULL AS action,
        near.actor,
        history.session_id AS caller_session_id,
        NULL AS origin
    FROM near
    INNER JOIN stored.events AS history
        ON
            near.actor_arn = history.actor_arn
            AND near.forwarded_by = history.event_source
            AND near.stamped_at = date_trunc('second', history.event_time)
    WHERE
        near.is_forwarded
        AND (history.invoked_by IS NULL OR is_console_host(history.invoked_by))
        AND is_whole_id(history.session_id)
),

best AS (
    SELECT
        *,
        min(rank) OVER (PARTITION BY session_id) AS best_rank,
        row_number() OVER (
            PARTITION BY session_id
            ORDER BY rank, caller_session_id IS NULL, event_time, event_id
        ) AS place
    FROM candidates
    WHERE caller_session_id IS DISTINCT FROM session_id
),

-- A key proves the call; by time it is known only where there is no other.
answers AS MATERIALIZED (
    SELECT
        session_id,
        min(caller_session_id) AS parent_session_id,
        CASE
            WHEN min(rank) = 1 OR count(DISTINCT event_id) = 1
                THEN max(event_id) FILTER (WHERE place = 1)
        END AS event_id,
        CASE
            WHEN min(rank) = 1 OR count(DISTINCT event_id) = 1
                THEN max(event_time) FILTER (WHERE place = 1)
        END AS event_time,
        CASE
            WHEN min(rank) = 1 OR count(DISTINCT action) = 1
                THEN max(action) FILTER (WHERE place = 1)
        END AS action,
        CASE
            WHEN min(rank) = 1 OR count(DISTINCT actor) = 1
                THEN max(actor) FILTER (WHERE place = 1)
        END AS actor,
        min(link) AS link,
        if(min(rank) = 1, 'proven', 'inferred') AS certainty,
        coalesce(max(origin) FILTER (WHERE origin = 'identity provider'), max(origin)) AS origin,
        list_sort(list(DISTINCT event_id) FILTER (WHERE event_id IS NOT NULL)) AS event_ids,
        count(DISTINCT caller_session_id) + coalesce(
            bool_or(origin IN ('identity provider', 'issued by an AWS service')), FALSE
        )::INTEGER > 1 AS is_ambiguous
    FROM best
    WHERE rank = best_rank
    GROUP BY session_id
)

SELECT
    used.session_id,
    known.parent_session_id,
    known.event_id AS issued_by_event_id,
    known.action AS issued_by_action,
    known.actor AS issued_by,
    known.event_time AS issued_at,
    known.link,
    known.certainty,
    CASE
        WHEN known.parent_session_id IS NOT NULL THEN NULL
        WHEN known.session_id IS NOT NULL THEN known.origin
        WHEN open.session_id IS NOT NULL THEN 'ambiguous: several issuing events'
        WHEN NOT is_whole_id(used.session_id) OR (used.has_key AND NOT used.has_whole_key)
            THEN 'key redacted'
        WHEN used.is_long_term THEN 'long-term-key'
        WHEN used.is_service_linked THEN 'issued by an AWS service'
        WHEN used.is_forwarded THEN 'forwarded by an AWS service'
        ELSE 'issuing event not held'
    END AS origin,
    coalesce(known.event_ids, open.event_ids, []) AS candidate_event_ids
FROM used
LEFT JOIN answers AS known ON used.session_id = known.session_id AND NOT known.is_ambiguous
LEFT JOIN answers AS open ON used.session_id = open.session_id AND open.is_ambiguous;

CREATE VIEW derived.session_links AS SELECT * FROM live.session_links;

CREATE VIEW session_links AS SELECT * FROM derived.session_links;

COMMENT ON VIEW session_links IS
'One row a session: which call opened it, from which session, and how that is known; the lean half '
'of sessions.';
COMMENT ON COLUMN session_links.session_id IS
'The session, as in history: one issued credential set, or the access key itself.';
COMMENT ON COLUMN session_links.parent_session_id IS
'The session that asked for these credentials; NULL where origin says why there is none.';
COMMENT ON COLUMN session_links.issued_by_event_id IS
'The event that opened the session, the half of the caller''s account if it is held; NULL where '
'several fit.';
COMMENT ON COLUMN session_links.issued_by_action IS
'service:api of the call that opened the session; NULL where several kinds of call fit.';
COMMENT ON COLUMN session_links.issued_by IS
'Who made that call, readable; NULL where it may have been several.';
COMMENT ON COLUMN session_links.issued_at IS 'When that call completed (UTC).';
COMMENT ON COLUMN session_links.link IS
'How it is known: access-key, arn+time, console-login or shared-event (the caller''s half of a '
'call between accounts).';
COMMENT ON COLUMN session_links.certainty IS
'proven (the call answered with a key that the session uses) or inferred (identity and second '
'agree).';
COMMENT ON COLUMN session_links.origin IS
'Why there is no parent: long-term-key, console sign-in, identity provider, issued by an AWS '
'service, forwarded by an AWS service (its call on the identity''s behalf), caller in another '
'account, caller unknown, key redacted, ambiguous: several issuing events, or issuing event not '
'held; NULL where there is one.';
COMMENT ON COLUMN session_links.candidate_event_ids IS
'Every event that may have opened the session on the best evidence held, sorted; more than one '
'where it is ambiguous.';

-- session_lineage: one row a session and one of its ancestors, itself included at depth 0.
CREATE VIEW live.session_lineage AS
WITH RECURSIVE links AS MATERIALIZED (
    SELECT
        session_id,
        parent_session_id,
        origin
    FROM derived.session_links
),

chain AS (
    SELECT
        session_id,
        session_id AS ancestor_session_id,
        0 AS depth,
        [session_id] AS path,
        parent_session_id,
        origin
    FROM links
    UNION ALL
    SELECT
        chain.session_id,
        links.session_id AS ancestor_session_id,
        chain.depth + 1 AS depth,
        list_append(chain.path, links.session_id) AS path,
        links.parent_session_id,
        links.origin
    FROM chain
    INNER JOIN links ON chain.parent_session_id = links.session_id
    WHERE chain.depth < 12 AND NOT list_contains(chain.path, links.session_id)
)

SELECT
    session_id,
    ancestor_session_id,
    depth,
    path,
    CASE
        WHEN list_contains(path, parent_session_id) THEN 'cycle'
        WHEN parent_session_id IS NOT NULL AND depth = 12 THEN 'depth'
        WHEN parent_session_id IS NOT NULL THEN NULL
        WHEN
            origin IN (
                'long-term-key', 'console sign-in', 'identity provider', 'issued by an AWS service'
            )
            THEN 'origin'
        ELSE 'not held'
    END AS ends,
    origin
FROM chain;

CREATE VIEW derived.session_lineage AS SELECT * FROM live.session_lineage;

CREATE VIEW session_lineage AS SELECT * FROM derived.session_lineage;

COMMENT ON VIEW session_lineage IS
'One row a session and one of its ancestors: filter session_id for where it came from, '
'ancestor_session_id for all that came of it.';
COMMENT ON COLUMN session_lineage.session_id IS 'The session whose ancestors are listed.';
COMMENT ON COLUMN session_lineage.ancestor_session_id IS
'The ancestor; the session itself at depth 0.';
COMMENT ON COLUMN session_lineage.depth IS 'How many hand-outs lie between the two, at most 12.';
COMMENT ON COLUMN session_lineage.path IS 'The sessions from the one to the other, both included.';
COMMENT ON COLUMN session_lineage.ends IS
'How the chain ends here: origin (nothing lies above), not held (something does, which the records '
'do not tell), cycle (its parent is in the path already) or depth (twelve are enough); NULL where '
'it goes on.';
COMMENT ON COLUMN session_lineage.origin IS
'Of the ancestor that ends the chain: why it has no parent, in the words of session_links.origin.';
