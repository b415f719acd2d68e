-- Calls that hand out credentials. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- hands_out_credentials: a call of this API answers with an access key, or with a token that becomes one.
-- Source: API references of STS, IAM, AWS Sign-In, IAM Identity Center, Cognito, IAM Roles Anywhere, EKS Auth, S3,
-- Systems Manager, DataZone, Lake Formation, Deadline Cloud, GameLift.
CREATE MACRO hands_out_credentials(action) AS
    (action IN (
        'sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity',
        'sts:AssumeRoot', 'sts:GetSessionToken', 'sts:GetFederationToken',
        'sts:GetDelegatedAccessToken', 'iam:CreateAccessKey',
        'signin:GetSigninToken', 'signin:CreateOAuth2Token', 'sso:GetRoleCredentials',
        'cognito-identity:GetCredentialsForIdentity', 'rolesanywhere:CreateSession',
        'eks-auth:AssumeRoleForPodIdentity', 's3:GetDataAccess', 's3express:CreateSession',
        'ssm:GetAccessToken', 'datazone:GetEnvironmentCredentials',
        'lakeformation:AssumeDecoratedRoleWithSAML',
        'lakeformation:GetTemporaryDataLocationCredentials',
        'lakeformation:GetTemporaryGluePartitionCredentials',
        'lakeformation:GetTemporaryGlueTableCredentials',
        'deadline:AssumeFleetRoleForRead', 'deadline:AssumeFleetRoleForWorker',
        'deadline:AssumeQueueRoleForRead', 'deadline:AssumeQueueRoleForUser',
        'deadline:AssumeQueueRoleForWorker', 'gamelift:GetComputeAccess',
        'gamelift:RequestUploadCredentials'
    )) IS TRUE;

-- is_whole_id: an access key or session id that tells one from another; not masked, cut short or a placeholder.
CREATE MACRO is_whole_id(id) AS
    regexp_full_match(id, '[A-Za-z0-9]{16,128}') AND NOT contains(upper(id), 'XXXXXXXX');

-- noqa: enable=LT02,CP05

-- credential_issuance: one row a call that asked for credentials, whether it got them or not.
CREATE VIEW credential_issuance AS
WITH asked AS (
    SELECT
        *,
        coalesce(
            requested_role_arn,
            list_filter(resources, lambda named: named.type = 'AWS::IAM::Role')[1].arn
        ) AS asked_role_arn
    FROM events
    WHERE hands_out_credentials(action)
)

SELECT
    event_time AS issued_at,
    action,
    outcome,
    error_code,
    actor,
    actor_arn,
    principal_key,
    CASE WHEN is_whole_id(session_id) THEN session_id END AS parent_session_id,
    CASE WHEN is_whole_id(access_key_id) THEN access_key_id END AS parent_access_key_id,
    CASE WHEN is_whole_id(issued_key_id) THEN issued_key_id END AS child_access_key_id,
    issued_arn AS child_arn,
    asked_role_arn AS role_arn,
    coalesce(
        regexp_extract(asked_role_arn, '([^/]+)$', 1),
        CASE action
            WHEN 'sso:GetRoleCredentials'
                THEN coalesce((service_details ->> '$.role_name'), (request ->> '$.roleName'))
        END
    ) AS role_name,
    coalesce(
        (request ->> '$.roleSessionName'),
        CASE action
            WHEN 'sts:GetFederationToken' THEN (request ->> '$.name')
            WHEN 'sso:GetRoleCredentials' THEN user_name
        END
    ) AS session_name,
    coalesce(
        (request ->> '$.sourceIdentity'),
        (response ->> '$.sourceIdentity'),
        CASE service WHEN 'sts' THEN source_identity END
    ) AS source_identity,
    coalesce(
        (request ->> '$.principalArn'),
        (request ->> '$.trustAnchorArn'),
        (response ->> '$.provider'),
        identity_provider
    ) AS identity_provider,
    (request ->> '$.externalId') AS external_id,
    (request ->> '$.serialNumber') AS mfa_serial,
    (request ->> '$.policy') AS session_policy,
    list_filter(
        list_concat(
            json_extract_string(request, '$.policyArns[*].arn'),
            json_extract_string(request, ['$.taskPolicyArn.arn'])
        ),
        lambda arn: arn IS NOT NULL
    ) AS session_policy_arns,
    try_cast((request ->> '$.durationSeconds') AS INTEGER) AS duration_seconds,
    issued_expires_at AS expires_at,
    client_ip,
    is_aws_call,
    shared_event_id,
    event_id,
    account_id,
    region
FROM asked;

COMMENT ON VIEW credential_issuance IS
'One row a call that asked for credentials, whether it got them or not.';
COMMENT ON COLUMN credential_issuance.issued_at IS
'When the call completed (UTC): the second with which STS stamps the session.';
COMMENT ON COLUMN credential_issuance.action IS 'service:api of the call.';
COMMENT ON COLUMN credential_issuance.outcome IS 'success, denied or error.';
COMMENT ON COLUMN credential_issuance.error_code IS 'The error of a call that got none.';
COMMENT ON COLUMN credential_issuance.actor IS 'Who asked, readable.';
COMMENT ON COLUMN credential_issuance.actor_arn IS 'The ARN of who asked.';
COMMENT ON COLUMN credential_issuance.principal_key IS
'The durable identity of who asked, for grouping.';
COMMENT ON COLUMN credential_issuance.parent_session_id IS
'The session that asked; NULL where it has none or its key is redacted.';
COMMENT ON COLUMN credential_issuance.parent_access_key_id IS
'The access key that signed the call; NULL where it is redacted.';
COMMENT ON COLUMN credential_issuance.child_access_key_id IS
'The access key handed out; NULL where it is not recorded or redacted.';
COMMENT ON COLUMN credential_issuance.child_arn IS
'The ARN that the credentials act as; of a new key''s user without the user''s path.';
COMMENT ON COLUMN credential_issuance.role_arn IS
'The role asked for; NULL of Identity Center, which tells a permission set.';
COMMENT ON COLUMN credential_issuance.role_name IS
'Its name; of Identity Center the permission set, whose role is AWSReservedSSO_ and that name.';
COMMENT ON COLUMN credential_issuance.session_name IS
'The session name, chosen by who asked; of Identity Center the user, where the record has a name.';
COMMENT ON COLUMN credential_issuance.source_identity IS
'The source identity set now or carried on from the session that asked.';
COMMENT ON COLUMN credential_issuance.identity_provider IS
'The SAML or OIDC provider or the trust anchor that vouched for the caller.';
COMMENT ON COLUMN credential_issuance.external_id IS
'The external id sent along: a third party acts for its customer.';
COMMENT ON COLUMN credential_issuance.mfa_serial IS 'The MFA device whose code was sent along.';
COMMENT ON COLUMN credential_issuance.session_policy IS
'The policy that narrows the session, JSON text as sent.';
COMMENT ON COLUMN credential_issuance.session_policy_arns IS
'The managed policies that narrow the session.';
COMMENT ON COLUMN credential_issuance.duration_seconds IS
'How long the credentials were asked to last.';
COMMENT ON COLUMN credential_issuance.expires_at IS
'When the credentials end (UTC): deleting the key that asked for them ends them no sooner.';
COMMENT ON COLUMN credential_issuance.client_ip IS 'The address of who asked.';
COMMENT ON COLUMN credential_issuance.is_aws_call IS
'AWS asked by itself, for a service or an instance.';
COMMENT ON COLUMN credential_issuance.shared_event_id IS
'Shared by the two halves of a call between accounts.';
COMMENT ON COLUMN credential_issuance.event_id IS 'The event.';
COMMENT ON COLUMN credential_issuance.account_id IS 'The account that recorded it.';
COMMENT ON COLUMN credential_issuance.region IS 'The region that recorded it.';
