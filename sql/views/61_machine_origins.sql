-- Whence the credentials of machines are used. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- is_internet: the address is one of the Internet, whose place tells something; no private one, no name of a service.
CREATE MACRO is_internet(ip_scope) AS ip_scope IN ('public', 'aws', 'cloud', 'vpn', 'tor');

-- is_instance_id: the name is that of an EC2 instance, as EC2 names the sessions of instances.
CREATE MACRO is_instance_id(name) AS regexp_full_match(name, 'i-[0-9a-f]{8,17}');

-- is_instance_session: AWS says that the credentials came from an instance, or the session is named as one of its.
CREATE MACRO is_instance_session(session_name, imds_version) AS
    imds_version IS NOT NULL OR coalesce(is_instance_id(session_name), FALSE);

-- noqa: enable=LT02,CP05

-- machine_origins: one row an address of the Internet from which a session of a machine (an instance, a task or a
-- function) called, whatever the scope, and where else the same credentials were used then: one of the two took them.
CREATE VIEW machine_origins AS
WITH origins AS (
    SELECT
        used.session_id,
        used.client_ip,
        min(used.ip_scope) AS ip_scope,
        bool_or(
            is_instance_session(used.session_name, used.imds_version)
            OR used.credentials_issued_to IS NOT NULL
            -- records of old do not say whose a session is: the service that asked for its key does
            OR (given.actor = 'ecs-tasks.amazonaws.com') IS TRUE
        ) AS is_machine,
        -- and where that call is not held, the agent
        coalesce(bool_or(contains(used.user_agent, 'exec-env/AWS_Lambda')), FALSE) AS is_function,
        bool_or((given.actor = 'lambda.amazonaws.com') IS TRUE) AS is_of_function,
        min(used.event_time) AS first_used,
        max(used.event_time) AS last_used
    FROM history AS used
    LEFT JOIN history AS given ON used.access_key_id = given.issued_key_id
    WHERE is_internet(used.ip_scope) AND used.role_name IS NOT NULL
    GROUP BY used.session_id, used.client_ip
),

paired AS (
    SELECT
        origins.*,
        home.client_ip AS other_ip
    FROM origins
    LEFT JOIN origins AS home
        ON
            origins.session_id = home.session_id
            AND contains(origins.client_ip, ':') = contains(home.client_ip, ':')
            AND home.first_used < origins.first_used
            AND (
                (origins.is_machine AND home.last_used > origins.first_used)
                OR (
                    home.ip_scope = 'aws' AND origins.ip_scope <> 'aws'
                    AND (
                        home.is_of_function
                        OR (home.is_function AND NOT origins.is_function)
                    )
                )
            )
)

SELECT
    session_id,
    client_ip,
    min(ip_scope) AS ip_scope,
    min(first_used) AS first_used,
    max(last_used) AS last_used,
    coalesce(set_of(other_ip), []) AS other_ips,
    count(other_ip) > 0
    OR (bool_or(is_machine OR is_of_function) AND min(ip_scope) IN ('cloud', 'vpn', 'tor'))
        AS is_astray
FROM paired
WHERE is_machine OR is_function OR is_of_function OR other_ip IS NOT NULL
GROUP BY session_id, client_ip;

COMMENT ON VIEW machine_origins IS
'One row an address of the Internet from which a session of a machine (an instance, a task or a '
'function) called, whatever the scope.';
COMMENT ON COLUMN machine_origins.session_id IS
'The session, as in history: one issued credential set.';
COMMENT ON COLUMN machine_origins.client_ip IS 'The address.';
COMMENT ON COLUMN machine_origins.ip_scope IS
'aws, public, or cloud, vpn, tor: other providers'' networks.';
COMMENT ON COLUMN machine_origins.first_used IS 'The session''s first call from there (UTC).';
COMMENT ON COLUMN machine_origins.last_used IS 'Its last call from there (UTC).';
COMMENT ON COLUMN machine_origins.other_ips IS
'Addresses that used the same credentials before and after that first call, of a function those in '
'AWS where it had run, sorted; of IPv4 or IPv6 as this one.';
COMMENT ON COLUMN machine_origins.is_astray IS
'Somebody else uses the credentials, here or at other_ips: two addresses used them by turns, a '
'function''s were used out of AWS, or the network is another provider''s.';
