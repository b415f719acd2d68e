-- call_origins: one row a call by others than AWS and each thing that tells whence or with what it was made, whatever the
-- scope; filter origin_kind.
CREATE VIEW call_origins AS
SELECT
    history.*,
    kinds.origin_kind,
    CASE kinds.origin_kind
        WHEN 'ip' THEN history.client_ip
        WHEN 'network' THEN address_block(history.client_ip, 3)
        WHEN 'as_name' THEN history.as_name
        WHEN 'country' THEN history.country
        WHEN 'client' THEN history.client
        WHEN 'user_agent' THEN history.user_agent
        WHEN 'region' THEN history.region
    END AS origin
FROM history
CROSS JOIN (
    VALUES ('ip'), ('network'), ('as_name'), ('country'), ('client'), ('user_agent'), ('region')
) AS kinds (origin_kind)
WHERE NOT history.is_aws_call AND origin IS NOT NULL;

COMMENT ON VIEW call_origins IS
'Calls by others than AWS, once for each thing that tells whence or with what they were made, '
'whatever the scope; filter origin_kind.';
COMMENT ON COLUMN call_origins.origin_kind IS
'ip, network, as_name, country, client, user_agent or region.';
COMMENT ON COLUMN call_origins.origin IS
'The address, its /24 or /48, the owner of its network, its country, the kind of client, the user '
'agent, the region.';
