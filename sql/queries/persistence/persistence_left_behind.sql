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
    ('sharing', '^lambda:(AddPermission|CreateFunctionUrl)|^[^i][^:]*:Put[A-Za-z]*Policy$'),
    ('sharing', '^(kms:CreateGrant|ecr:SetRepositoryPolicy|(sns|sqs):AddPermission)')
),

kinds_of_actions AS (
    SELECT actions.action, min(kinds.outlives) AS outlives
    FROM (SELECT DISTINCT action FROM changes) AS actions
    INNER JOIN kinds ON regexp_matches(actions.action, kinds.pattern)
    GROUP BY actions.action
),

theirs AS (
    SELECT DISTINCT session_id
    FROM events
    WHERE
        $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id, session_id
        )
),

sessions_of_theirs AS (
    SELECT session_id FROM theirs
    UNION
    SELECT session_lineage.session_id
    FROM session_lineage
    INNER JOIN theirs ON session_lineage.ancestor_session_id = theirs.session_id
    WHERE $include_descendants
),

made AS (
    SELECT
        changes.*,
        kinds_of_actions.outlives,
        CASE  -- by which the call that undoes it goes
            WHEN changes.api = 'UpdateAssumeRolePolicy' THEN 'Role'
            ELSE regexp_replace(changes.api, '^[A-Z][a-z]+', '')
        END AS noun
    FROM changes
    INNER JOIN kinds_of_actions ON changes.action = kinds_of_actions.action
    WHERE
        changes.session_id IN (SELECT session_id FROM sessions_of_theirs)
        AND NOT regexp_matches(
            changes.api, '^(Delete|Deregister|Detach|Disassociate|Remove|Revoke)'
        )
        AND NOT contains(coalesce(changes.target, ''), ' -')  -- taken out of a list
        AND (
            changes.action <> 'ec2:ModifyInstanceAttribute'
            OR contains(changes.request, '"userData"')
        )
),

removals AS (
    SELECT made.event_id, min(history.event_time) AS removed_at
    FROM made
    INNER JOIN history
        ON
            made.target = replace(history.target, ' -', ' +')
            AND made.account_id = history.account_id
            AND made.service = history.service
            AND made.noun = regexp_replace(history.api, '^[A-Z][a-z]+', '')
            AND made.event_time < history.event_time
    WHERE
        history.outcome = 'success'
        AND (
            regexp_matches(
                history.api, '^(Delete|Deregister|Detach|Disassociate|Remove|Revoke|Terminate)'
            )
            OR contains(history.target, ' -')
        )
    GROUP BY made.event_id
)

SELECT
    made.event_time, made.actor, made.client_ip, made.client, made.action, made.target,
    made.outlives, removals.removed_at, made.account_id, made.region, made.event_id
FROM made LEFT JOIN removals ON made.event_id = removals.event_id
ORDER BY event_time, event_id
