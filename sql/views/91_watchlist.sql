-- APIs that attackers abuse, and published incidents in which they did. The rows are ours: facts of the write-ups
-- named in `reported_incidents`, and of MITRE ATT&CK 17.1. (Addresses of pages cannot be broken.)
-- noqa: disable=LT05,RF01

-- reported_incidents: one row a published write-up.
CREATE VIEW reported_incidents AS
WITH reported (incident, title, source) AS (
    VALUES
    (
        'danger-dev', 'DangerDev: mail fraud and mining, 2023',
        'https://www.invictus-ir.com/news/the-curious-case-of-dangerdev-protonmail-me'
    ),
    (
        'gui-vil', 'GUI-vil: mining from the console, 2023',
        'https://permiso.io/blog/s/unmasking-guivil-new-cloud-threat-actor'
    ),
    (
        'lucr-3', 'LUCR-3 (Scattered Spider), 2023',
        'https://permiso.io/blog/lucr-3-scattered-spider-getting-saas-y-in-the-cloud'
    ),
    (
        'muddled-libra', 'Muddled Libra: data theft, 2024',
        'https://unit42.paloaltonetworks.com/muddled-libra-evolution-to-cloud/'
    ),
    (
        'sugarcrm', 'SugarCRM zero-day and access keys, 2023',
        'https://unit42.paloaltonetworks.com/sugarcrm-cloud-incident-black-hat/'
    ),
    (
        'scarleteel', 'SCARLETEEL: from a container to stolen code, 2023',
        'https://sysdig.com/blog/cloud-breach-terraform-data-theft/'
    ),
    (
        'llmjacking', 'LLMjacking: models used with stolen keys, 2024',
        'https://sysdig.com/blog/llmjacking-stolen-cloud-credentials-used-in-new-ai-attack/'
    ),
    (
        'codefinger', 'Codefinger: objects encrypted for ransom, 2025',
        'https://www.halcyon.ai/blog/abusing-aws-native-services-ransomware-encrypting-s3-buckets-with-sse-c'
    ),
    (
        'env-extortion', 'Extortion with keys from .env files, 2024',
        'https://unit42.paloaltonetworks.com/large-scale-cloud-extortion-operation/'
    ),
    (
        'java-ghost', 'JavaGhost: phishing over SES, 2025',
        'https://unit42.paloaltonetworks.com/javaghost-cloud-phishing/'
    ),
    (
        'ecs-mining', 'Mining on ECS, 2024',
        'https://securitylabs.datadoghq.com/articles/tales-from-the-cloud-trenches-ecs-crypto-mining/'
    ),
    (
        'cloud-ransom', 'Ransom for deleted buckets, 2024',
        'https://www.invictus-ir.com/news/ransomware-in-the-cloud'
    ),
    (
        'federation', 'Federated sessions that outlive their key, 2023',
        'https://www.crowdstrike.com/blog/how-adversaries-persist-with-aws-user-federation/'
    )
)

SELECT * FROM reported;

-- api_watchlist: one row an action worth watching. Most of them are ordinary administration as well.
CREATE VIEW api_watchlist AS
WITH watched (action, tactic, technique, why, seen_in_incidents) AS (
    VALUES
    (
        'iam:CreateUser', 'Persistence', 'T1136.003',
        'a user of the attacker''s own',
        ['danger-dev', 'gui-vil', 'lucr-3', 'ecs-mining', 'cloud-ransom']
    ),
    (
        'iam:CreateLoginProfile', 'Persistence', 'T1098.001',
        'a console password for a user that had none',
        ['danger-dev', 'gui-vil', 'lucr-3', 'ecs-mining']
    ),
    (
        'iam:UpdateLoginProfile', 'Persistence', 'T1098.001',
        'somebody else''s console password is replaced',
        []
    ),
    (
        'iam:CreateAccessKey', 'Persistence', 'T1098.001',
        'a long-term key that survives the one that leaked',
        ['danger-dev', 'gui-vil']
    ),
    (
        'iam:CreateServiceSpecificCredential', 'Persistence', 'T1098.001',
        'a password for CodeCommit, Keyspaces or Bedrock',
        []
    ),
    (
        'iam:CreateRole', 'Persistence', 'T1136.003',
        'a role that an account of the attacker''s may assume',
        ['danger-dev', 'env-extortion']
    ),
    (
        'iam:UpdateAssumeRolePolicy', 'Persistence', 'T1098.003',
        'somebody else may now assume the role',
        []
    ),
    (
        'iam:CreateSAMLProvider', 'Persistence', 'T1484.002',
        'whoever holds its key signs in as anyone it is trusted for',
        []
    ),
    (
        'iam:UpdateSAMLProvider', 'Persistence', 'T1484.002',
        'the trusted signing key is replaced',
        []
    ),
    (
        'iam:CreateOpenIDConnectProvider', 'Persistence', 'T1484.002',
        'tokens of another issuer are trusted',
        []
    ),
    (
        'rolesanywhere:CreateTrustAnchor', 'Persistence', 'T1098.001',
        'a certificate authority may hand out roles',
        []
    ),
    (
        'sts:GetFederationToken', 'Persistence', 'T1550.001',
        'a session that outlives the deletion of its key',
        ['federation', 'java-ghost']
    ),
    (
        'lambda:AddPermission', 'Persistence', 'T1098',
        'another account may invoke or read the function',
        []
    ),
    (
        'lambda:CreateFunctionUrlConfig', 'Persistence', 'T1546',
        'the function answers to the Internet',
        []
    ),
    (
        'lambda:UpdateFunctionCode', 'Persistence', 'T1525',
        'code is exchanged in a function that is trusted',
        []
    ),
    ('lambda:PublishLayerVersion', 'Persistence', 'T1525', 'code that other functions load', []),
    (
        'ec2:ImportKeyPair', 'Persistence', 'T1098.004',
        'an SSH key of the attacker''s for new instances',
        []
    ),
    ('ec2:CreateKeyPair', 'Persistence', 'T1098.004', 'an SSH key for new instances', []),
    (
        'iam:AttachUserPolicy', 'Privilege Escalation', 'T1098.003',
        'mostly AdministratorAccess',
        ['danger-dev', 'ecs-mining']
    ),
    (
        'iam:AttachRolePolicy', 'Privilege Escalation', 'T1098.003',
        'mostly AdministratorAccess',
        ['danger-dev', 'env-extortion']
    ),
    ('iam:AttachGroupPolicy', 'Privilege Escalation', 'T1098.003', 'every member gains it', []),
    (
        'iam:PutUserPolicy', 'Privilege Escalation', 'T1098.003',
        'a policy that no list of managed ones shows',
        ['danger-dev', 'gui-vil']
    ),
    (
        'iam:PutRolePolicy', 'Privilege Escalation', 'T1098.003',
        'a policy that no list of managed ones shows',
        []
    ),
    ('iam:PutGroupPolicy', 'Privilege Escalation', 'T1098.003', 'every member gains it', []),
    (
        'iam:CreatePolicyVersion', 'Privilege Escalation', 'T1098.003',
        'all who have the policy gain what the new version says',
        []
    ),
    (
        'iam:SetDefaultPolicyVersion', 'Privilege Escalation', 'T1098.003',
        'an older, wider version is in force again',
        []
    ),
    (
        'iam:AddUserToGroup', 'Privilege Escalation', 'T1098.003',
        'the group''s permissions come along',
        []
    ),
    (
        'iam:DeleteUserPermissionsBoundary', 'Privilege Escalation', 'T1098',
        'the lid on what the user may do is off',
        []
    ),
    (
        'iam:DeleteRolePermissionsBoundary', 'Privilege Escalation', 'T1098',
        'the lid on what the role may do is off',
        []
    ),
    (
        'sts:AssumeRoot', 'Privilege Escalation', 'T1078.004',
        'root of a member account, for a task',
        []
    ),
    (
        'sso:CreateAccountAssignment', 'Privilege Escalation', 'T1098.003',
        'a permission set in one more account',
        []
    ),
    (
        'account-access:CreateEntitlement', 'Privilege Escalation', 'T1098.003',
        'a role for one more user or group of Identity Center',
        []
    ),
    (
        'eks:CreateAccessEntry', 'Privilege Escalation', 'T1098.006',
        'an IAM identity gets into the cluster',
        []
    ),
    (
        'eks:AssociateAccessPolicy', 'Privilege Escalation', 'T1098.006',
        'mostly the cluster''s administrator',
        []
    ),
    (
        'ec2:AssociateIamInstanceProfile', 'Privilege Escalation', 'T1098.003',
        'the instance gets a stronger role',
        []
    ),
    (
        'ec2:ReplaceIamInstanceProfileAssociation', 'Privilege Escalation', 'T1098.003',
        'the instance gets a stronger role',
        []
    ),
    (
        'ec2:ModifyInstanceAttribute', 'Privilege Escalation', 'T1037',
        'user data runs as root at the next start',
        []
    ),
    (
        'cloudtrail:StopLogging', 'Defense Evasion', 'T1562.008',
        'nothing more is recorded by this trail',
        ['lucr-3']
    ),
    (
        'cloudtrail:DeleteTrail', 'Defense Evasion', 'T1562.008',
        'nothing more is recorded by this trail',
        ['lucr-3']
    ),
    (
        'cloudtrail:UpdateTrail', 'Defense Evasion', 'T1562.008',
        'one region only, or another bucket',
        []
    ),
    (
        'cloudtrail:PutEventSelectors', 'Defense Evasion', 'T1562.008',
        'reads only, or no management events',
        []
    ),
    (
        'guardduty:DeleteDetector', 'Defense Evasion', 'T1562.001',
        'no findings any more',
        ['lucr-3']
    ),
    (
        'guardduty:UpdateDetector', 'Defense Evasion', 'T1562.001',
        'the detector can be suspended',
        []
    ),
    (
        'guardduty:CreateFilter', 'Defense Evasion', 'T1562.001',
        'findings can be archived unseen',
        []
    ),
    ('securityhub:DisableSecurityHub', 'Defense Evasion', 'T1562.001', 'no findings any more', []),
    (
        'config:StopConfigurationRecorder', 'Defense Evasion', 'T1562.008',
        'changes of resources leave no history',
        []
    ),
    (
        'config:DeleteConfigurationRecorder', 'Defense Evasion', 'T1562.008',
        'changes of resources leave no history',
        []
    ),
    ('ec2:DeleteFlowLogs', 'Defense Evasion', 'T1562.008', 'traffic leaves no trace', []),
    ('logs:DeleteLogGroup', 'Defense Evasion', 'T1070', 'the logs are gone at once', []),
    (
        'bedrock:DeleteModelInvocationLoggingConfiguration', 'Defense Evasion', 'T1562.008',
        'prompts leave no trace',
        []
    ),
    (
        'organizations:LeaveOrganization', 'Defense Evasion', 'T1562.001',
        'the organisation''s policies and trail no longer hold',
        ['java-ghost']
    ),
    (
        'account:EnableRegion', 'Defense Evasion', 'T1535',
        'a region that nobody watches',
        ['java-ghost']
    ),
    ('iam:DeactivateMFADevice', 'Defense Evasion', 'T1556.006', 'the password alone is enough', []),
    (
        'iam:DeleteUser', 'Defense Evasion', 'T1070',
        'the traces of a made user',
        ['danger-dev', 'gui-vil']
    ),
    (
        'iam:DeleteAccessKey', 'Defense Evasion', 'T1070',
        'the traces of a made key',
        ['danger-dev', 'gui-vil']
    ),
    (
        'iam:DeleteLoginProfile', 'Defense Evasion', 'T1070',
        'the traces of a made password',
        ['gui-vil']
    ),
    (
        'iam:DeleteUserPolicy', 'Defense Evasion', 'T1070',
        'the traces of a given permission',
        ['danger-dev', 'gui-vil']
    ),
    (
        'secretsmanager:GetSecretValue', 'Credential Access', 'T1555.006',
        'passwords and keys of everything else',
        ['lucr-3', 'muddled-libra']
    ),
    (
        'secretsmanager:BatchGetSecretValue', 'Credential Access', 'T1555.006',
        'twenty secrets at a time',
        []
    ),
    (
        'ec2:GetPasswordData', 'Credential Access', 'T1552',
        'administrator passwords of Windows instances',
        []
    ),
    (
        'signin:GetSigninToken', 'Credential Access', 'T1550.001',
        'a console session from keys, without a password',
        ['federation', 'java-ghost']
    ),
    (
        'lambda:GetFunction', 'Credential Access', 'T1552.001',
        'code and environment variables, with what is written into them',
        ['scarleteel']
    ),
    ('cloudtrail:LookupEvents', 'Discovery', 'T1654', 'what the defenders can see', ['gui-vil']),
    ('organizations:ListAccounts', 'Discovery', 'T1087.004', 'where else to go', ['sugarcrm']),
    (
        'organizations:DescribeOrganization', 'Discovery', 'T1526',
        'whose account this is',
        ['sugarcrm']
    ),
    ('resource-explorer-2:Search', 'Discovery', 'T1580', 'everything in one call', ['ecs-mining']),
    (
        'bedrock:GetModelInvocationLoggingConfiguration', 'Discovery', 'T1526',
        'whether prompts are recorded',
        ['llmjacking']
    ),
    ('ses:GetSendQuota', 'Discovery', 'T1526', 'how much mail the account may send', []),
    ('servicequotas:ListServiceQuotas', 'Discovery', 'T1526', 'how much can be mined', []),
    ('ec2:GetConsoleScreenshot', 'Discovery', 'T1580', 'what stands on the screen', []),
    ('ssm:SendCommand', 'Lateral Movement', 'T1651', 'commands as root on instances', []),
    (
        'ssm:StartSession', 'Lateral Movement', 'T1021.007',
        'a shell on an instance, without a port',
        []
    ),
    (
        'ec2-instance-connect:SendSSHPublicKey', 'Lateral Movement', 'T1021.004',
        'an SSH key for a minute',
        []
    ),
    (
        'ec2-instance-connect:SendSerialConsoleSSHPublicKey', 'Lateral Movement', 'T1021.008',
        'a console that no firewall stands before',
        ['lucr-3']
    ),
    (
        'ec2:EnableSerialConsoleAccess', 'Lateral Movement', 'T1021.008',
        'the serial console is opened for the account',
        ['lucr-3']
    ),
    (
        'cloudshell:CreateEnvironment', 'Lateral Movement', 'T1059.009',
        'a shell inside AWS, from AWS''s addresses',
        ['lucr-3']
    ),
    (
        'ec2:ModifySnapshotAttribute', 'Exfiltration', 'T1537',
        'a copy of the disk for another account',
        []
    ),
    (
        'ec2:ModifyImageAttribute', 'Exfiltration', 'T1537',
        'a copy of the machine for another account',
        []
    ),
    (
        'rds:ModifyDBSnapshotAttribute', 'Exfiltration', 'T1537',
        'a copy of the database for another account',
        []
    ),
    (
        'rds:CreateDBSnapshot', 'Exfiltration', 'T1530',
        'the database to be carried away',
        ['sugarcrm']
    ),
    (
        'rds:ModifyDBInstance', 'Exfiltration', 'T1098',
        'a new master password, or a public address',
        ['sugarcrm']
    ),
    ('ec2:CreateInstanceExportTask', 'Exfiltration', 'T1537', 'the machine into a bucket', []),
    (
        's3:PutBucketPolicy', 'Exfiltration', 'T1537',
        'the bucket for another account or everyone',
        []
    ),
    ('s3:PutBucketReplication', 'Exfiltration', 'T1537', 'every new object to another bucket', []),
    (
        's3:DeleteBucketPublicAccessBlock', 'Exfiltration', 'T1562.007',
        'the bucket can be made public',
        []
    ),
    (
        's3:DeleteAccountPublicAccessBlock', 'Exfiltration', 'T1562.007',
        'every bucket can be made public',
        []
    ),
    (
        'transfer:CreateServer', 'Exfiltration', 'T1537',
        'a server to fetch buckets from',
        ['muddled-libra']
    ),
    (
        'transfer:CreateUser', 'Exfiltration', 'T1537',
        'a login to fetch buckets with',
        ['muddled-libra']
    ),
    (
        'ec2:AuthorizeSecurityGroupIngress', 'Exfiltration', 'T1562.007',
        'a port opened for the attacker',
        []
    ),
    ('ec2:CreateTrafficMirrorSession', 'Exfiltration', 'T1040', 'a copy of the traffic', []),
    (
        'ec2:RunInstances', 'Impact', 'T1496.001',
        'large instances that mine',
        ['danger-dev', 'gui-vil']
    ),
    ('ecs:RegisterTaskDefinition', 'Impact', 'T1496.001', 'a container that mines', ['ecs-mining']),
    ('ecs:CreateCluster', 'Impact', 'T1496.001', 'where containers mine', ['ecs-mining']),
    (
        'ecs:CreateService', 'Impact', 'T1496.001',
        'containers that mine and come back',
        ['ecs-mining']
    ),
    (
        'lambda:CreateFunction', 'Impact', 'T1496.001',
        'functions that scan or mine',
        ['env-extortion']
    ),
    (
        'bedrock:InvokeModel', 'Impact', 'T1496.004',
        'models used at the account''s cost',
        ['llmjacking']
    ),
    ('ses:VerifyEmailIdentity', 'Impact', 'T1496.004', 'mail in the account''s name', []),
    (
        'ses:CreateEmailIdentity', 'Impact', 'T1496.004',
        'mail in the account''s name',
        ['java-ghost']
    ),
    (
        'route53domains:RegisterDomain', 'Impact', 'T1583.001',
        'a domain for phishing, paid by the account',
        ['danger-dev']
    ),
    ('route53:CreateHostedZone', 'Impact', 'T1583.001', 'DNS for phishing', ['danger-dev']),
    ('s3:PutBucketLifecycle', 'Impact', 'T1485.001', 'objects expire within days', ['codefinger']),
    (
        's3:PutBucketVersioning', 'Impact', 'T1490',
        'deleted objects cannot be had back',
        ['cloud-ransom']
    ),
    ('s3:DeleteBucket', 'Impact', 'T1485', 'data destroyed', []),
    ('kms:ScheduleKeyDeletion', 'Impact', 'T1485', 'what it encrypted is lost with the key', []),
    ('kms:DisableKey', 'Impact', 'T1486', 'what it encrypted cannot be read', []),
    ('kms:PutKeyPolicy', 'Impact', 'T1486', 'who may use the key, perhaps the attacker alone', []),
    ('backup:DeleteRecoveryPoint', 'Impact', 'T1490', 'the backup is gone', []),
    ('backup:DeleteBackupVault', 'Impact', 'T1490', 'the backups are gone', []),
    (
        'rds:DeleteDBInstance', 'Impact', 'T1485',
        'data destroyed, without a last snapshot if so asked',
        []
    ),
    ('ec2:DeleteSnapshot', 'Impact', 'T1490', 'the backup is gone', []),
    (
        'servicequotas:RequestServiceQuotaIncrease', 'Impact', 'T1496.001',
        'room for more instances',
        []
    )
)

SELECT
    watched.*,
    coalesce(
        nullif(
            list_transform(
                list_filter(
                    told.incidents,
                    lambda one: list_contains(watched.seen_in_incidents, one.incident)
                ),
                lambda one: one.source
            ),
            []
        ),
        ['https://attack.mitre.org/techniques/' || replace(watched.technique, '.', '/') || '/']
    ) AS sources
FROM watched
CROSS JOIN (
    SELECT
        list_sort(
            list(struct_pack(incident := reported.incident, source := reported.source))
        ) AS incidents
    FROM reported_incidents AS reported
) AS told;

COMMENT ON VIEW reported_incidents IS
'Published incidents in which APIs of api_watchlist were abused.';
COMMENT ON COLUMN reported_incidents.incident IS 'Its short name.';
COMMENT ON COLUMN reported_incidents.title IS
'What it was, in our words, and when it was published.';
COMMENT ON COLUMN reported_incidents.source IS 'The write-up.';
COMMENT ON VIEW api_watchlist IS
'APIs that attackers abuse; most are ordinary administration as well.';
COMMENT ON COLUMN api_watchlist.action IS 'The call, service:api, as CloudTrail names it.';
COMMENT ON COLUMN api_watchlist.tactic IS
'What an attacker is after with it: a tactic of ATT&CK.';
COMMENT ON COLUMN api_watchlist.technique IS 'Technique of ATT&CK 17.1.';
COMMENT ON COLUMN api_watchlist.why IS 'What it gives an attacker.';
COMMENT ON COLUMN api_watchlist.seen_in_incidents IS
'Published incidents in which it was used, by the short names of reported_incidents.';
COMMENT ON COLUMN api_watchlist.sources IS
'The write-ups of these; the page of the technique where there is none.';
