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
WITH theirs AS (
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
        *,
        -- what a call that undoes it is named by
        CASE
            WHEN api = 'UpdateAssumeRolePolicy' THEN 'Role'
            ELSE regexp_replace(api, '^[A-Z][a-z]+', '')
        END AS noun,
        CASE
            WHEN regexp_matches(action, '^iam:Create(User|Role)$') THEN 'identity'
            WHEN
                regexp_matches(
                    action,
                    'AccessKey|LoginProfile|SSHPublicKey|ServiceSpecificCredential|MFADevice'
                    || '|SigningCertificate|:UpdatePassword|:CreateUser|BearerToken'
                )
                THEN 'credential'
            WHEN
                regexp_matches(
                    action,
                    'AssumeRolePolicy|SAMLProvider|OpenIDConnectProvider|ExternalIdP|rolesanywhere:'
                )
                THEN 'trust'
            WHEN
                regexp_matches(
                    action,
                    '^(iam|sso|identitystore|eks):(Add|Associate|Attach|Create|Put|SetDefault).*'
                    || '(Policy|PolicyVersion|Group|Membership|Assignment|PermissionSet|Entry)'
                )
                THEN 'rights'
            WHEN
                regexp_matches(
                    action,
                    '^(codebuild|codepipeline|cloudformation|glue|sagemaker|bedrock):'
                    || '(Create|Update)|^lambda:(Create|UpdateFunction|Publish)|^ecr:PutImage$'
                    || '|^ssm:(Create|Update)(Document|Association)'
                )
                THEN 'code'
            WHEN
                regexp_matches(
                    action,
                    '^events:Put(Rule|Targets)|^(scheduler|states|pipes):(Create|Update)'
                    || '|^s3:PutBucketNotification|^sns:Subscribe'
                )
                THEN 'trigger'
            WHEN
                regexp_matches(
                    action,
                    '^ec2:(RunInstances|ImportKeyPair|CreateKeyPair|EnableSerialConsoleAccess)'
                    || '|^ec2:(AssociateIamInstanceProfile|CreateLaunchTemplate)'
                    || '|^ecs:(RunTask|CreateService)$|^lightsail:Create'
                )
                OR (action = 'ec2:ModifyInstanceAttribute' AND contains(request, '"userData"'))
                THEN 'machine'
            WHEN
                regexp_matches(
                    action, '^ec2:(AuthorizeSecurityGroupIngress|Create(VpcPeering|Vpn|ClientVpn))'
                )
                THEN 'network'
            WHEN
                regexp_matches(
                    action,
                    '^(ec2|rds):Modify.*(Snapshot|Image).*Attribute|^ram:CreateResourceShare'
                    || '|:(AddPermission|Put.*Policy|CreateGrant)$'
                )
                THEN 'sharing'
        END AS outlives
    FROM changes
    WHERE
        session_id IN (SELECT session_id FROM sessions_of_theirs)
        AND NOT regexp_matches(api, '^(Delete|Deregister|Detach|Disassociate|Remove|Revoke)')
        AND NOT contains(coalesce(target, ''), ' -')  -- taken out of a list
),

removals AS (
    SELECT
        made.event_id,
        min(history.event_time) AS removed_at
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
    made.event_time,
    made.actor,
    made.client_ip,
    made.client,
    made.action,
    made.target,
    made.outlives,
    removals.removed_at,
    made.account_id,
    made.region,
    made.event_id
FROM made LEFT JOIN removals ON made.event_id = removals.event_id
WHERE made.outlives IS NOT NULL
ORDER BY event_time, event_id
