-- /// trailquery
-- title = "Quotas raised and money committed"
-- question = "Who asked for higher quotas, bought reservations, accepted marketplace terms or reserved costly capacity?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1496", "T1578.005"]
-- why = "A stolen account is worth what it can run: thieves raise its limits first, and a commitment bought is billed for years. Harmless where the one who runs the platform or pays the bill did it."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run quota_and_spend"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The quota, offering or agreement"
-- request = "What was asked for, JSON text as sent"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account that pays"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, request, outcome, error_code, account_id,
    region, event_id
FROM events
WHERE
    action IN (
        'servicequotas:RequestServiceQuotaIncrease',
        'servicequotas:PutServiceQuotaIncreaseRequestIntoTemplate',
        'servicequotas:AssociateServiceQuotaTemplate', 'savingsplans:CreateSavingsPlan',
        'agreement-marketplace:AcceptAgreementRequest',
        'aws-marketplace:AcceptAgreementRequest', 'aws-marketplace:Subscribe',  -- until 2023
        'route53domains:RegisterDomain', 'route53domains:TransferDomain',
        'bedrock:CreateProvisionedModelThroughput', 'ec2:CreateCapacityReservation',
        'ec2:CreateCapacityReservationFleet', 'ec2:AcceptReservedInstancesExchangeQuote',
        'ec2:AllocateHosts', 'redshift:AcceptReservedNodeExchange', 'sagemaker:CreateTrainingPlan'
    )
    OR contains(action, ':Purchase')
ORDER BY event_time, event_id
