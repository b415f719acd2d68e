-- /// trailquery
-- title = "Ways back in that an identity left"
-- question = "What did this identity, or a session that came of it, make that outlives its credentials, and is it gone?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1098.001", "T1136.003", "T1546", "T1525"]
-- example = "trailquery run persistence_left_behind alice"
--
-- [params.actor]
-- type = "text"
-- about = "User, role, role/session, ARN, principal id, access key or session id"
--
-- [params.include_descendants]
-- type = "boolean"
-- default = true
-- about = "Also what sessions did that were opened with its credentials, however far down"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What was made or changed"
-- outlives = "What kind of way back it is: identity, credential, rights, trust, code, trigger, machine, network, sharing"
-- removed_at = "First later removal of the same held, in scope or not (UTC); NULL if none"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH kinds (outlives, pattern) AS (
    VALUES
    ('identity', '^(iam|sso-directory|identitystore):Create(User|Role)$'),
    ('credential', 'AccessKey|LoginProfile|SSHPublicKey|ServiceSpecificCredential|MFADevice'),
    ('credential', 'SigningCertificate|:UpdatePassword|BearerToken|^ec2:(Import|Create)KeyPair'),
    ('trust', 'AssumeRolePolicy|SAMLProvider|OpenIDConnectProvider|ExternalIdP|^rolesanywhere:'),
    ('rights', '^iam:(Attach|Put|Create|SetDefault).*Policy(Version)?$|^iam:AddUserToGroup'),
    ('rights', '^sso:(Attach|Create|Put)|^identitystore:CreateGroupM|^eks:.*Access(Entry|Policy)$'),
    ('code', '^(codebuild|codepipeline|cloudformation|glue|sagemaker|bedrock):(Create|Update)'),
    ('code', '^lambda:(Create(Function$|Alias)|UpdateFunction|Publish)|^ecr:PutImage$'),
    ('code', '^ssm:(Create|Update)(Document|Association)'),
    ('trigger', '^events:Put(Rule|Targets)|^(scheduler|states|pipes):(Create|Update)'),
    ('trigger', '^lambda:CreateEventSource|^s3:PutBucketNotification|^sns:Subscribe'),
    ('machine', '^ec2:(RunInstances|ModifyInstanceAttribute|AssociateIamInstanceProfile)'),
    ('machine', '^ec2:(EnableSerial|CreateLaunchTemplate)|^ecs:(RunTask|CreateService)$'),
    ('network', '^ec2:(AuthorizeSecurityGroupIngress|Create(VpcPeering|Vpn|ClientVpn))'),
    ('sharing', '^(ec2|rds):Modify.*(Snapshot|Image).*Attribute|^ram:CreateResourceShare'),
    -- a resource's policy: those that iam and sso put are rights
    ('sharing', '^lambda:CreateFunctionUrl|^[^i].*([^o]|[^s]o):Put[A-Za-z]*Policy$'),
    ('sharing', '^(kms:CreateGrant|ecr:SetRepositoryPolicy|(lambda|sns|sqs):AddPermission)')
),

reached AS (
    SELECT DISTINCT lineage.session_id
    FROM events INNER JOIN session_lineage AS lineage
        ON events.session_id = lineage.ancestor_session_id
    WHERE
        (lineage.depth = 0 OR $include_descendants)
        AND $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id, events.session_id
        )
)

SELECT
    event_time, actor, client_ip, client, action, target, outlives,
    (
        SELECT min(later.event_time) FROM history AS later
        WHERE
            later.event_time > made.event_time AND later.account_id = made.account_id
            AND later.service = made.service AND made_thing(later.api) = made_thing(made.api)
            AND replace(later.target, ' -', ' +') = made.target
            AND later.outcome = 'success' AND (undoes(later.api) OR contains(later.target, ' -'))
    ) AS removed_at,
    account_id, region, event_id
FROM changes AS made
INNER JOIN reached ON made.session_id = reached.session_id
INNER JOIN kinds ON regexp_matches(made.action, kinds.pattern)
WHERE
    NOT undoes(api) AND NOT contains(coalesce(target, ''), ' -')  -- taken out of a list
    AND (action <> 'ec2:ModifyInstanceAttribute' OR contains(request, '"userData"'))
ORDER BY event_time, event_id
