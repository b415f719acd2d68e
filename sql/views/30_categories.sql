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
-- provider may have asked for it: AWS cannot see that, and writes No) or NULL where the step does not tell, as that of a
-- directory's user, who has no id, into a WorkSpace.
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
            OR (
                api = 'UserAuthentication' AND (additional ->> '$.CredentialType') = 'PASSWORD'
                AND coalesce(on_behalf_of_user, principal_id) IS NOT NULL
            )
            THEN 'no'
    END AS mfa,
    (additional ->> '$.SamlProviderArn') AS saml_provider,
    (additional ->> '$.LoginTo') AS login_to
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

COMMENT ON VIEW management_events IS 'Events of the control plane.';
COMMENT ON VIEW service_events IS 'Events that a service made by itself.';
COMMENT ON COLUMN service_events.details IS 'serviceEventDetails, JSON text.';
COMMENT ON VIEW data_events IS 'Calls on the data in a resource: objects, items, invocations.';
COMMENT ON COLUMN data_events.data_type IS 'CloudFormation type of what was touched.';
COMMENT ON COLUMN data_events.presigned IS 'The request was signed into a URL.';
COMMENT ON VIEW signin_events IS 'Steps of a sign-in.';
COMMENT ON COLUMN signin_events.result IS 'Success or Failure.';
COMMENT ON COLUMN signin_events.mfa IS
'yes, no, or at-idp where only the identity provider knows; NULL where the step does not tell.';
COMMENT ON COLUMN signin_events.saml_provider IS 'ARN of the SAML provider.';
COMMENT ON COLUMN signin_events.login_to IS 'The page the sign-in led to.';
COMMENT ON VIEW network_events IS
'Calls through a VPC endpoint, as the owner of the endpoint sees them.';
COMMENT ON COLUMN network_events.is_external_principal IS
'The caller is of another account, of whom CloudTrail names no more.';
COMMENT ON VIEW insight_events IS 'Insights, start and end paired.';
COMMENT ON COLUMN insight_events.insight_id IS 'What start and end share.';
COMMENT ON COLUMN insight_events.account_id IS 'The account of the insight.';
COMMENT ON COLUMN insight_events.region IS 'The region of the insight.';
COMMENT ON COLUMN insight_events.insight_type IS 'ApiCallRateInsight or ApiErrorRateInsight.';
COMMENT ON COLUMN insight_events.event_source IS 'The service whose calls were unusual.';
COMMENT ON COLUMN insight_events.event_name IS 'The API whose calls were unusual.';
COMMENT ON COLUMN insight_events.error_code IS 'The error whose rate was unusual.';
COMMENT ON COLUMN insight_events.started_at IS
'Start of the unusual activity (UTC); NULL when it began before the scope.';
COMMENT ON COLUMN insight_events.ended_at IS 'Its end (UTC); NULL while it goes on.';
COMMENT ON COLUMN insight_events.baseline_per_minute IS 'The usual rate, calls or errors a minute.';
COMMENT ON COLUMN insight_events.insight_per_minute IS
'The unusual rate, calls or errors a minute.';
COMMENT ON COLUMN insight_events.attributions IS
'Identities, user agents and error codes behind it, JSON text.';
COMMENT ON COLUMN insight_events.event_ids IS 'Its start and end records.';
