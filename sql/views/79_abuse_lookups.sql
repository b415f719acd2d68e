-- abuse_lookups: one row a call, in scope, that looks up what the account could be abused for: whether it may send mail
-- or text messages, which models it may call, its quotas, its sister accounts, what it spends. Programs seldom ask,
-- owners now and then; of costs, which reports ask for every day, only the first day of each identity counts.
CREATE VIEW abuse_lookups AS
WITH lookups (action, abuse_kind) AS (
    VALUES
    ('ses:GetSendQuota', 'mail'),
    ('ses:GetAccount', 'mail'),
    ('ses:GetAccountSendingEnabled', 'mail'),
    ('ses:GetSendStatistics', 'mail'),
    ('ses:ListIdentities', 'mail'),
    ('ses:ListEmailIdentities', 'mail'),
    ('ses:ListVerifiedEmailAddresses', 'mail'),
    ('ses:GetIdentityVerificationAttributes', 'mail'),
    ('sns:GetSMSAttributes', 'text messages'),
    ('sns:GetSMSSandboxAccountStatus', 'text messages'),
    ('sns:ListOriginationNumbers', 'text messages'),
    ('sms-voice:DescribeAccountAttributes', 'text messages'),
    ('sms-voice:DescribeAccountLimits', 'text messages'),
    ('sms-voice:DescribeSpendLimits', 'text messages'),
    ('sms-voice:DescribePhoneNumbers', 'text messages'),
    ('bedrock:ListFoundationModels', 'models'),
    ('bedrock:GetFoundationModelAvailability', 'models'),
    ('bedrock:GetUseCaseForModelAccess', 'models'),
    ('bedrock:ListFoundationModelAgreementOffers', 'models'),
    ('bedrock:ListInferenceProfiles', 'models'),
    ('bedrock:GetModelInvocationLoggingConfiguration', 'models'),
    ('organizations:ListRoots', 'organization'),
    ('organizations:ListAccounts', 'organization'),
    ('organizations:ListAccountsForParent', 'organization'),
    ('organizations:ListOrganizationalUnitsForParent', 'organization'),
    ('organizations:ListDelegatedAdministrators', 'organization'),
    ('ce:GetCostAndUsage', 'costs'),
    ('ce:GetCostForecast', 'costs')
)

SELECT
    management_events.*,
    coalesce(lookups.abuse_kind, 'quotas') AS abuse_kind
FROM management_events LEFT JOIN lookups ON management_events.action = lookups.action
WHERE
    NOT management_events.is_aws_call
    AND (
        lookups.action IS NOT NULL
        OR (management_events.service = 'servicequotas' AND management_events.access = 'read')
    )
    AND (
        management_events.service <> 'ce'
        OR (
            coalesce(management_events.client, '') NOT IN ('console', 'browser')  -- ask unbidden
            AND NOT EXISTS (
                SELECT 1 FROM history AS earlier
                WHERE
                    earlier.service = 'ce'
                    AND earlier.principal_key = management_events.principal_key
                    AND earlier.event_date < management_events.event_date
            )
        )
    );

COMMENT ON VIEW abuse_lookups IS
'Calls of others than AWS that look up what the account could be abused for, whether they were '
'answered or not.';
COMMENT ON COLUMN abuse_lookups.abuse_kind IS
'What for: mail, text messages, models, quotas (of any service), organization (other accounts), '
'costs.';
