-- management_events: one row an event of the control plane.
CREATE VIEW management_events AS
SELECT * FROM events
WHERE category = 'management';

-- service_events: one row an event that a service made by itself; details is serviceEventDetails, JSON text.
CREATE VIEW service_events AS
SELECT *, service_details AS details FROM events
WHERE category = 'service';

-- data_events: one row a call on the data in a resource; data_type is the CloudFormation type of what was touched (the
-- object, else the bucket),
-- presigned says that the request was signed into a URL.
CREATE VIEW data_events AS
SELECT
    *,
    coalesce(
        list_filter(resources, lambda named: named.type <> 'AWS::S3::Bucket')[1].type,
        resources[1].type
    ) AS data_type,
    coalesce((additional ->> '$.AuthenticationMethod') = 'QueryString', FALSE) AS presigned
FROM events
WHERE category = 'data';

-- signin_events: one row a step of a sign-in. result is Success or Failure. mfa is yes, no, at-idp (the identity
-- provider may have asked for it: AWS cannot see that, and writes No) or NULL where the step does not tell.
-- Source: AWS Sign-In User Guide; IAM Identity Center User Guide, "Understanding sign-in events".
CREATE VIEW signin_events AS
SELECT
    *,
    CASE outcome WHEN 'success' THEN 'Success' ELSE 'Failure' END AS result,
    CASE
        WHEN
            lower(additional ->> '$.MFAUsed') = 'yes'
            OR (additional ->> '$.MFAIdentifier') IS NOT NULL
            OR regexp_matches((additional ->> '$.CredentialType'), 'TOTP|WEBAUTHN')
            THEN 'yes'
        WHEN
            identity_type IN ('AssumedRole', 'FederatedUser', 'SAMLUser', 'WebIdentityUser')
            OR (additional ->> '$.SamlProviderArn') IS NOT NULL
            OR (additional ->> '$.CredentialType') = 'EXTERNAL_IDP'
            THEN 'at-idp'
        WHEN
            lower(additional ->> '$.MFAUsed') = 'no'
            OR (api = 'UserAuthentication' AND (additional ->> '$.CredentialType') = 'PASSWORD')
            THEN 'no'
    END AS mfa,
    (additional ->> '$.SamlProviderArn') AS saml_provider,
    (additional ->> '$.LoginTo') AS login_to,
    (additional ->> '$.SwitchFrom') AS switch_from
FROM events
WHERE category = 'signin';

-- network_events: one row a call through a VPC endpoint, seen by the endpoint's owner; an external principal is
-- one of another account, of whom CloudTrail names no more than the account.
CREATE VIEW network_events AS
SELECT
    *,
    coalesce(
        identity_type = 'AWSAccount' AND actor_account_id IS DISTINCT FROM account_id, FALSE
    ) AS is_external_principal
FROM events
WHERE category = 'network';

-- insight_events: one row an insight: its Start and End record share one id. One that still goes on has no
-- ended_at; of one that began before the scope only the End is there. Rates are calls or errors a minute.
CREATE VIEW insight_events AS
SELECT
    coalesce(shared_event_id, event_id) AS insight_id,
    account_id,
    region,
    min(insight ->> '$.insightType') AS insight_type,
    min(insight ->> '$.eventSource') AS event_source,
    min(insight ->> '$.eventName') AS event_name,
    min(insight ->> '$.errorCode') AS error_code,
    min(event_time) FILTER (WHERE (insight ->> '$.state') = 'Start') AS started_at,
    max(event_time) FILTER (WHERE (insight ->> '$.state') = 'End') AS ended_at,
    max(
        try_cast((insight ->> '$.insightContext.statistics.baseline.average') AS DOUBLE)
    ) AS baseline_per_minute,
    max(
        try_cast((insight ->> '$.insightContext.statistics.insight.average') AS DOUBLE)
    ) AS insight_per_minute,
    max(insight ->> '$.insightContext.attributions') AS attributions,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE category = 'insight'
GROUP BY coalesce(shared_event_id, event_id), account_id, region;
