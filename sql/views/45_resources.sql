-- resources: one row a resource that an event names, each once an event.
CREATE VIEW resources AS
WITH named AS (
    SELECT
        event_id,
        event_time,
        account_id,
        region,
        actor,
        principal_key,
        action,
        access,
        outcome,
        unnest(resources) AS one
    FROM events
)

SELECT
    event_id,
    event_time,
    account_id,
    region,
    actor,
    principal_key,
    action,
    access,
    outcome,
    one.type,
    one.name AS resource,
    one.arn,
    one.account_id AS owner_account_id,
    one.via
FROM named;
COMMENT ON VIEW resources IS
'What each event names: one row for each event and resource.';
COMMENT ON COLUMN resources.event_id IS 'The event that names it.';
COMMENT ON COLUMN resources.event_time IS
'When the call completed at the service (UTC).';
COMMENT ON COLUMN resources.account_id IS 'The account that received the event.';
COMMENT ON COLUMN resources.region IS 'The region that recorded the event.';
COMMENT ON COLUMN resources.actor IS 'The caller, readable.';
COMMENT ON COLUMN resources.principal_key IS
'The durable identity behind the call, for grouping.';
COMMENT ON COLUMN resources.action IS 'The call, service:api.';
COMMENT ON COLUMN resources.access IS 'read or write.';
COMMENT ON COLUMN resources.outcome IS
'success, denied, error or dry-run: a refused call names what it was aimed at.';
COMMENT ON COLUMN resources.type IS
'CloudFormation type of the resource, such as AWS::S3::Bucket; NULL where nothing tells.';
COMMENT ON COLUMN resources.resource IS
'Its name or id, as the record writes it.';
COMMENT ON COLUMN resources.arn IS 'Its ARN, where the record has it.';
COMMENT ON COLUMN resources.owner_account_id IS
'The account that owns it, where the record says so.';
COMMENT ON COLUMN resources.via IS
'Where in the record it is named: resources, request.x, response.x, details.x or errorMessage.';
