-- The monitoring controls of the CIS AWS Foundations Benchmark and the events they ask to be told of.

-- cis_controls: one row a control, with the actions that are its events; those without are judged in cis_events.
-- Source: CIS Amazon Web Services Foundations Benchmark, section 4 of versions 1.4 to 5.0 (section 3 of 1.2). Two
-- actions are ours: iam:SetDefaultPolicyVersion and ec2:ModifySecurityGroupRules change what their control guards.
CREATE VIEW cis_controls AS
SELECT
    '4.' || number AS control,
    number,
    title,
    list_transform(apis, lambda api: service || ':' || api) AS actions
FROM (
    VALUES
    (1, 'Refused calls', NULL, []),
    (2, 'Console sign-in of a user without MFA', NULL, []),
    (3, 'Use of root', NULL, []),
    (4, 'Changes of IAM policies', 'iam', [
        'PutUserPolicy', 'PutGroupPolicy', 'PutRolePolicy',
        'DeleteUserPolicy', 'DeleteGroupPolicy', 'DeleteRolePolicy',
        'AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy',
        'DetachUserPolicy', 'DetachGroupPolicy', 'DetachRolePolicy',
        'CreatePolicy', 'DeletePolicy',
        'CreatePolicyVersion', 'DeletePolicyVersion', 'SetDefaultPolicyVersion'
    ]),
    (5, 'Changes of CloudTrail', 'cloudtrail', [
        'CreateTrail', 'UpdateTrail', 'DeleteTrail', 'StartLogging', 'StopLogging'
    ]),
    (6, 'Console sign-ins that failed', NULL, []),
    (7, 'Keys disabled or to be deleted', 'kms', ['DisableKey', 'ScheduleKeyDeletion']),
    (8, 'Changes of bucket policies', 's3', [
        'PutBucketAcl', 'PutBucketPolicy', 'PutBucketCors', 'PutBucketLifecycle',
        'PutBucketReplication', 'DeleteBucketPolicy', 'DeleteBucketCors', 'DeleteBucketLifecycle',
        'DeleteBucketReplication'
    ]),
    (9, 'Changes of AWS Config', 'config', [
        'StopConfigurationRecorder', 'PutConfigurationRecorder', 'DeleteDeliveryChannel',
        'PutDeliveryChannel'
    ]),
    (10, 'Changes of security groups', 'ec2', [
        'AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress',
        'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress', 'ModifySecurityGroupRules',
        'CreateSecurityGroup', 'DeleteSecurityGroup'
    ]),
    (11, 'Changes of network ACLs', 'ec2', [
        'CreateNetworkAcl', 'CreateNetworkAclEntry', 'DeleteNetworkAcl', 'DeleteNetworkAclEntry',
        'ReplaceNetworkAclEntry', 'ReplaceNetworkAclAssociation'
    ]),
    (12, 'Changes of network gateways', 'ec2', [
        'CreateCustomerGateway', 'DeleteCustomerGateway', 'AttachInternetGateway',
        'CreateInternetGateway', 'DeleteInternetGateway', 'DetachInternetGateway'
    ]),
    (13, 'Changes of route tables', 'ec2', [
        'CreateRoute', 'CreateRouteTable', 'ReplaceRoute', 'ReplaceRouteTableAssociation',
        'DeleteRouteTable', 'DeleteRoute', 'DisassociateRouteTable'
    ]),
    (14, 'Changes of VPCs', 'ec2', [
        'CreateVpc', 'DeleteVpc', 'ModifyVpcAttribute', 'CreateVpcPeeringConnection',
        'AcceptVpcPeeringConnection', 'DeleteVpcPeeringConnection', 'RejectVpcPeeringConnection',
        'AttachClassicLinkVpc', 'DetachClassicLinkVpc', 'EnableVpcClassicLink',
        'DisableVpcClassicLink'
    ]),
    (15, 'Changes of the organisation', 'organizations', [
        'AcceptHandshake', 'DeclineHandshake', 'CreateAccount', 'InviteAccountToOrganization',
        'LeaveOrganization', 'MoveAccount', 'RemoveAccountFromOrganization', 'DeleteOrganization',
        'CreateOrganizationalUnit', 'UpdateOrganizationalUnit', 'DeleteOrganizationalUnit',
        'CreatePolicy', 'UpdatePolicy', 'DeletePolicy', 'AttachPolicy', 'DetachPolicy',
        'EnablePolicyType', 'DisablePolicyType'
    ])
) AS controls (number, title, service, apis);

-- cis_events: one row an event and the control that asks to be told of it, attempts included; some are of two controls.
CREATE VIEW cis_events AS
WITH listed AS (SELECT control, unnest(actions) AS action FROM cis_controls),

matched AS (
    SELECT listed.control, events.event_id, events.account_id
    FROM events INNER JOIN listed ON events.action = listed.action
    UNION ALL
    SELECT '4.1' AS control, event_id, account_id
    FROM events
    WHERE
        error_class = 'denied'
        AND api <> 'HeadBucket'
        AND source_ip_address IS DISTINCT FROM 'delivery.logs.amazonaws.com'
    UNION ALL
    SELECT '4.2' AS control, event_id, account_id
    FROM signin_events
    WHERE
        api = 'ConsoleLogin'
        AND identity_type = 'IAMUser'
        AND outcome = 'success'
        AND mfa IS DISTINCT FROM 'yes'
    UNION ALL
    SELECT '4.3' AS control, event_id, account_id
    FROM events
    WHERE
        identity_type = 'Root'
        AND invoked_by IS NULL
        AND event_type IS DISTINCT FROM 'AwsServiceEvent'
    UNION ALL
    SELECT '4.6' AS control, event_id, account_id
    FROM events
    WHERE action = 'signin:ConsoleLogin' AND outcome <> 'success'
)

SELECT
    matched.control,
    cis_controls.title,
    events.event_id,
    events.event_time,
    events.account_id,
    events.region,
    events.actor,
    events.client_ip,
    events.action,
    events.target,
    events.outcome,
    events.error_code
FROM matched
INNER JOIN cis_controls ON matched.control = cis_controls.control
INNER JOIN events
    ON
        matched.event_id = events.event_id
        AND matched.account_id IS NOT DISTINCT FROM events.account_id;

COMMENT ON VIEW cis_controls IS
'The monitoring controls 4.1 to 4.15 of the CIS AWS Foundations Benchmark.';
COMMENT ON COLUMN cis_controls.control IS 'Its number: 4.1 to 4.15.';
COMMENT ON COLUMN cis_controls.number IS 'The number after the point, to sort by.';
COMMENT ON COLUMN cis_controls.title IS 'What it watches, in our words.';
COMMENT ON COLUMN cis_controls.actions IS
'The actions that are its events; empty where they are judged otherwise.';
COMMENT ON VIEW cis_events IS
'Events of which a CIS monitoring control asks to be told, attempts included, by control.';
COMMENT ON COLUMN cis_events.control IS 'The control: 4.1 to 4.15.';
COMMENT ON COLUMN cis_events.title IS 'What it watches, in our words.';
COMMENT ON COLUMN cis_events.event_id IS 'The event; one may be of two controls.';
COMMENT ON COLUMN cis_events.event_time IS 'When the call completed at the service (UTC).';
COMMENT ON COLUMN cis_events.account_id IS 'The account that received the event.';
COMMENT ON COLUMN cis_events.region IS 'The region that recorded the event.';
COMMENT ON COLUMN cis_events.actor IS 'The caller, readable.';
COMMENT ON COLUMN cis_events.client_ip IS
'The caller''s address; NULL unless it is an address.';
COMMENT ON COLUMN cis_events.action IS 'The call, service:api.';
COMMENT ON COLUMN cis_events.target IS 'What the call was aimed at.';
COMMENT ON COLUMN cis_events.outcome IS 'success, denied, error or dry-run.';
COMMENT ON COLUMN cis_events.error_code IS 'The error of a call that failed.';
