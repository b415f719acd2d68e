-- footholds: one row a call of others than AWS, or an attempt, that leaves a way back in: what it makes or changes
-- outlives the credentials it was made with.
CREATE VIEW footholds AS
WITH kinds AS (
    SELECT kind, unnest(actions) AS action
    FROM (
        VALUES
        ('identity', [
            'amazonmq:CreateUser', 'appstream:CreateUser', 'cognito-idp:AdminCreateUser',
            'connect:CreateUser',
            'ds-data:CreateUser', 'elasticache:CreateUser', 'iam:CreateRole', 'iam:CreateUser',
            'identitystore:CreateUser', 'memorydb:CreateUser', 'quicksight:RegisterUser',
            'sso-directory:CreateUser', 'workdocs:CreateUser', 'workmail:CreateUser'
        ]),
        ('credential', [
            'amazonmq:UpdateUser', 'cognito-idp:AdminSetUserPassword', 'ds:ResetUserPassword',
            'ec2:CreateKeyPair', 'ec2:ImportKeyPair', 'elasticache:ModifyUser',
            'grafana:CreateWorkspaceApiKey', 'grafana:CreateWorkspaceServiceAccountToken',
            'iam:CreateAccessKey',
            'iam:CreateLoginProfile', 'iam:CreateServiceSpecificCredential',
            'iam:CreateVirtualMFADevice', 'iam:DeactivateMFADevice', 'iam:EnableMFADevice',
            'iam:ResetServiceSpecificCredential', 'iam:UpdateAccessKey', 'iam:UpdateLoginProfile',
            'iam:UpdateSSHPublicKey', 'iam:UpdateServiceSpecificCredential',
            'iam:UpdateSigningCertificate', 'iam:UploadSSHPublicKey',
            'iam:UploadSigningCertificate', 'kafka:BatchAssociateScramSecret',
            'lightsail:CreateBucketAccessKey', 'logs:PutBearerTokenAuthentication',
            'memorydb:UpdateUser',
            'sso-directory:CreateBearerToken', 'sso-directory:UpdatePassword',
            'workmail:ResetPassword'
        ]),
        ('trust', [
            'aoss:CreateSecurityConfig', 'aoss:UpdateSecurityConfig', 'ds:CreateTrust',
            'grafana:UpdateWorkspaceAuthentication', 'iam:AddClientIDToOpenIDConnectProvider',
            'iam:CreateOpenIDConnectProvider', 'iam:CreateSAMLProvider',
            'iam:UpdateAssumeRolePolicy', 'iam:UpdateOpenIDConnectProviderThumbprint',
            'iam:UpdateSAMLProvider', 'iot:CreateRoleAlias', 'iot:RegisterCACertificate',
            'iot:UpdateRoleAlias', 'rolesanywhere:CreateProfile', 'rolesanywhere:CreateTrustAnchor',
            'rolesanywhere:DisableCrl', 'rolesanywhere:EnableProfile',
            'rolesanywhere:EnableTrustAnchor', 'rolesanywhere:PutAttributeMapping',
            'rolesanywhere:UpdateCrl', 'rolesanywhere:UpdateProfile',
            'rolesanywhere:UpdateTrustAnchor',
            'sso-directory:CreateExternalIdPConfigurationForDirectory',
            'sso-directory:EnableExternalIdPConfigurationForDirectory',
            'sso-directory:ImportExternalIdPCertificate',
            'sso-directory:UpdateExternalIdPConfigurationForDirectory', 'sso:AssociateDirectory',
            'sso:CreateTrustedTokenIssuer', 'sso:UpdateTrustedTokenIssuer'
        ]),
        ('rights', [
            'account-access:CreateEntitlement', 'aoss:CreateAccessPolicy',
            'aoss:UpdateAccessPolicy',
            'cloud9:CreateEnvironmentMembership', 'cognito-idp:AdminAddUserToGroup',
            'cognito-idp:UpdateGroup', 'connect:UpdateUserSecurityProfiles',
            'ds-data:AddGroupMember', 'eks:AssociateAccessPolicy', 'eks:CreateAccessEntry',
            'eks:UpdateAccessEntry', 'grafana:UpdatePermissions', 'iam:AddUserToGroup',
            'iam:AttachGroupPolicy', 'iam:AttachRolePolicy', 'iam:AttachUserPolicy',
            'iam:CreatePolicy', 'iam:CreatePolicyVersion', 'iam:PutGroupPolicy',
            'iam:PutRolePolicy', 'iam:PutUserPolicy', 'iam:SetDefaultPolicyVersion',
            'identitystore:CreateGroupMembership', 'lakeformation:BatchGrantPermissions',
            'lakeformation:GrantPermissions', 'lakeformation:PutDataLakeSettings',
            'quicksight:CreateGroupMembership', 'quicksight:UpdateUser',
            'sso-directory:AddMemberToGroup',
            'sso:AttachCustomerManagedPolicyReferenceToPermissionSet',
            'sso:AttachManagedPolicyToPermissionSet', 'sso:CreateAccountAssignment',
            'sso:CreateApplication', 'sso:CreateApplicationAssignment', 'sso:CreatePermissionSet',
            'sso:PutApplicationAccessScope', 'sso:PutApplicationAuthenticationMethod',
            'sso:PutApplicationGrant', 'sso:PutInlinePolicyToPermissionSet',
            'sso:PutPermissionsPolicy', 'workmail:CreateImpersonationRole',
            'workmail:PutMailboxPermissions', 'workmail:UpdateImpersonationRole'
        ]),
        ('code', [
            'bedrock:CreateAgent', 'bedrock:CreateAgentActionGroup', 'bedrock:CreateFlow',
            'bedrock:UpdateAgent', 'bedrock:UpdateAgentActionGroup', 'bedrock:UpdateFlow',
            'cloudformation:ActivateType', 'cloudformation:CreateChangeSet',
            'cloudformation:CreateStack', 'cloudformation:CreateStackInstances',
            'cloudformation:CreateStackSet', 'cloudformation:RegisterType',
            'cloudformation:UpdateStack', 'cloudformation:UpdateStackInstances',
            'cloudformation:UpdateStackSet', 'codebuild:CreateProject', 'codebuild:CreateWebhook',
            'codebuild:UpdateProject', 'codebuild:UpdateProjectVisibility',
            'codebuild:UpdateWebhook', 'codepipeline:CreateCustomActionType',
            'codepipeline:CreatePipeline', 'codepipeline:UpdateActionType',
            'codepipeline:UpdatePipeline', 'ecr:PutImage', 'glue:CreateDevEndpoint',
            'glue:CreateJob', 'glue:CreateWorkflow', 'glue:UpdateDevEndpoint', 'glue:UpdateJob',
            'glue:UpdateJobFromSourceControl', 'glue:UpdateWorkflow', 'lambda:CreateAlias',
            'lambda:CreateFunction', 'lambda:PublishLayerVersion', 'lambda:PublishVersion',
            'lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration',
            'sagemaker:CreateApp', 'sagemaker:CreateCluster', 'sagemaker:CreateDomain',
            'sagemaker:CreateEndpoint', 'sagemaker:CreateModel',
            'sagemaker:CreateMonitoringSchedule', 'sagemaker:CreateNotebookInstance',
            'sagemaker:CreatePipeline', 'sagemaker:CreateSpace', 'sagemaker:CreateUserProfile',
            'sagemaker:UpdateCluster', 'sagemaker:UpdateEndpoint',
            'sagemaker:UpdateMonitoringSchedule', 'sagemaker:UpdateNotebookInstance',
            'sagemaker:UpdatePipeline', 'sagemaker:UpdateSpace', 'sagemaker:UpdateUserProfile',
            'states:CreateStateMachineAlias', 'states:UpdateStateMachineAlias'
        ]),
        ('trigger', [
            'codecommit:PutRepositoryTriggers', 'cognito-idp:CreateUserPool',
            'cognito-idp:UpdateUserPool', 'config:PutConfigRule', 'events:CreateApiDestination',
            'events:CreateConnection', 'events:CreateEventBus', 'events:EnableRule',
            'events:PutPermission', 'events:PutRule', 'events:PutTargets', 'glue:CreateTrigger',
            'glue:UpdateTrigger', 'iot:CreateTopicRule', 'iot:ReplaceTopicRule',
            'lambda:CreateEventSourceMapping', 'lambda:PutFunctionEventInvokeConfig',
            'lambda:UpdateEventSourceMapping', 'lambda:UpdateFunctionEventInvokeConfig',
            'logs:PutAccountPolicy', 'logs:PutDestination', 'logs:PutSubscriptionFilter',
            'pipes:CreatePipe', 'pipes:UpdatePipe', 's3:PutBucketNotification',
            'scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'secretsmanager:RotateSecret',
            'ses:CreateReceiptRule', 'ses:UpdateReceiptRule', 'sns:Subscribe',
            'states:CreateStateMachine', 'states:UpdateStateMachine'
        ]),
        ('automation', [
            'amplify:CreateApp', 'amplify:CreateWebhook', 'amplify:UpdateApp',
            'apigateway:CreateApi', 'apigateway:CreateApiKey', 'apigateway:CreateAuthorizer',
            'apigateway:CreateDeployment', 'apigateway:CreateRestApi', 'apigateway:CreateRoute',
            'apigateway:DeleteAuthorizer', 'apigateway:PutIntegration', 'apigateway:PutMethod',
            'apigateway:UpdateAuthorizer', 'apigateway:UpdateIntegration',
            'apigateway:UpdateMethod', 'apigateway:UpdateRestApi', 'apigateway:UpdateRoute',
            'apprunner:CreateService', 'apprunner:UpdateService', 'appsync:CreateApiKey',
            'appsync:CreateDataSource', 'appsync:CreateResolver', 'appsync:UpdateApiKey',
            'appsync:UpdateGraphqlApi', 'appsync:UpdateResolver',
            'chatbot:CreateMicrosoftTeamsChannelConfiguration',
            'chatbot:CreateSlackChannelConfiguration',
            'chatbot:UpdateMicrosoftTeamsChannelConfiguration',
            'chatbot:UpdateSlackChannelConfiguration', 'cognito-identity:SetIdentityPoolRoles',
            'cognito-identity:UpdateIdentityPool', 'cognito-idp:AddUserPoolClientSecret',
            'cognito-idp:CreateIdentityProvider', 'cognito-idp:CreateUserPoolClient',
            'cognito-idp:SetUserPoolMfaConfig', 'cognito-idp:UpdateIdentityProvider',
            'cognito-idp:UpdateUserPoolClient', 'sagemaker:CreateNotebookInstanceLifecycleConfig',
            'sagemaker:CreateStudioLifecycleConfig', 'sagemaker:UpdateDomain',
            'sagemaker:UpdateNotebookInstanceLifecycleConfig', 'ssm:CreateActivation',
            'ssm:CreateAssociation', 'ssm:CreateAssociationBatch', 'ssm:CreateDocument',
            'ssm:ModifyDocumentPermission', 'ssm:RegisterTaskWithMaintenanceWindow',
            'ssm:UpdateAssociation', 'ssm:UpdateDocument', 'ssm:UpdateDocumentDefaultVersion',
            'ssm:UpdateMaintenanceWindowTask', 'ssm:UpdateManagedInstanceRole',
            'ssm:UpdateServiceSetting', 'transfer:CreateServer', 'transfer:CreateUser'
        ]),
        ('machine', [
            'ec2:AssociateIamInstanceProfile', 'ec2:CreateLaunchTemplate',
            'ec2:CreateLaunchTemplateVersion', 'ec2:EnableSerialConsoleAccess',
            'ec2:ModifyInstanceAttribute', 'ec2:RunInstances', 'ecs:CreateService', 'ecs:RunTask'
        ]),
        ('network', [
            'ec2:AuthorizeSecurityGroupIngress', 'ec2:CreateClientVpnEndpoint',
            'ec2:CreateClientVpnRoute', 'ec2:CreateVpcPeeringConnection', 'ec2:CreateVpnConnection',
            'ec2:CreateVpnConnectionRoute', 'ec2:CreateVpnGateway'
        ]),
        ('sharing', [
            'acm-pca:PutPolicy', 'aps:PutResourcePolicy', 'backup:PutBackupVaultAccessPolicy',
            'bedrock:PutResourcePolicy', 'cloudhsm:PutResourcePolicy',
            'cloudtrail:PutResourcePolicy', 'codeartifact:PutDomainPermissionsPolicy',
            'codeartifact:PutRepositoryPermissionsPolicy', 'codebuild:PutResourcePolicy',
            'dsql:PutClusterPolicy', 'dynamodb:PutResourcePolicy', 'ec2:ModifyFpgaImageAttribute',
            'ec2:ModifyImageAttribute', 'ec2:ModifySnapshotAttribute', 'ec2:PutResourcePolicy',
            'ecr:PutRegistryPolicy', 'ecr:SetRepositoryPolicy',
            'elasticfilesystem:PutFileSystemPolicy', 'fsx:PutResourcePolicy',
            'glue:PutResourcePolicy', 'kafka:PutClusterPolicy', 'kinesis:PutResourcePolicy',
            'kms:CreateGrant', 'kms:PutKeyPolicy', 'lambda:AddLayerVersionPermission',
            'lambda:AddPermission', 'lambda:CreateFunctionUrlConfig',
            'lambda:UpdateFunctionUrlConfig', 'logs:PutDeliveryDestinationPolicy',
            'logs:PutDestinationPolicy', 'logs:PutResourcePolicy', 'mediastore:PutContainerPolicy',
            'network-firewall:PutResourcePolicy', 'oam:PutSinkPolicy',
            'organizations:PutResourcePolicy', 'osis:PutResourcePolicy', 'ram:CreateResourceShare',
            'rds:ModifyDBClusterSnapshotAttribute', 'rds:ModifyDBSnapshotAttribute',
            'redshift-serverless:PutResourcePolicy', 'redshift:PutResourcePolicy',
            'rekognition:PutProjectPolicy', 's3-outposts:PutAccessPointPolicy',
            's3-outposts:PutBucketPolicy', 's3:PutAccessGrantsInstanceResourcePolicy',
            's3:PutAccessPointPolicy', 's3:PutBucketPolicy', 's3:PutMultiRegionAccessPointPolicy',
            's3express:PutAccessPointPolicy', 's3express:PutBucketPolicy',
            's3tables:PutTableBucketPolicy', 's3tables:PutTablePolicy',
            's3vectors:PutVectorBucketPolicy', 'sagemaker:PutModelPackageGroupPolicy',
            'sagemaker:PutResourcePolicy', 'schemas:PutResourcePolicy',
            'secretsmanager:PutResourcePolicy', 'serverlessrepo:PutApplicationPolicy',
            'servicecatalog:PutResourcePolicy', 'ses:CreateEmailIdentityPolicy',
            'ses:PutIdentityPolicy', 'ses:UpdateEmailIdentityPolicy', 'sns:AddPermission',
            'sqs:AddPermission', 'ssm-incidents:PutResourcePolicy', 'ssm:PutResourcePolicy',
            'vpc-lattice:PutAuthPolicy', 'vpc-lattice:PutResourcePolicy'
        ])
    ) AS listed (kind, actions)
)

SELECT
    events.*,
    CASE
        WHEN
            events.action = 'cognito-idp:UpdateUserPool'
            AND NOT regexp_matches(coalesce(events.request, ''), '"lambdaConfig" ?: ?\{ ?"')
            THEN 'automation'
        ELSE kinds.kind
    END AS kind
FROM events INNER JOIN kinds ON events.action = kinds.action
WHERE
    NOT events.is_aws_call
    AND NOT contains(coalesce(events.target, ''), ' -')  -- taken out of a list
    AND (
        events.action <> 'ec2:ModifyInstanceAttribute'
        OR regexp_matches(
            events.request, '"userData"|"disableApi(Termination|Stop)" ?: ?\{ ?"value" ?: ?true'
        )
    )
    AND (
        events.action <> 'secretsmanager:RotateSecret'
        OR contains(events.request, '"rotationLambdaARN"')
    )
    AND (  -- most are about something else
        events.action NOT IN ('config:PutConfigRule', 'logs:PutAccountPolicy')
        OR regexp_matches(events.request, '"(CUSTOM_LAMBDA|SUBSCRIPTION_FILTER_POLICY)"')
    )
    AND (
        events.action <> 'cognito-idp:CreateUserPool'
        OR regexp_matches(events.request, '"lambdaConfig" ?: ?\{ ?"')
    );

COMMENT ON VIEW footholds IS
'Calls of others than AWS that leave a way back in: what they make outlives the credentials.';
COMMENT ON COLUMN footholds.kind IS
'What kind of way back it is: identity, credential, rights, trust, code, trigger, automation (SSM, '
'notebooks, APIs, app back ends), machine, network, sharing.';
