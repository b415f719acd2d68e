-- What is odd of a session. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- is_agent_call: a call that the agent of Systems Manager makes all day, on every machine.
CREATE MACRO is_agent_call(action) AS
    regexp_full_match(
        action,
        'ssm(messages)?:((Create|Open)(Control|Data)Channel|ListInstanceAssociations|PutInventory'
        || '|PutComplianceItems|UpdateInstance(Information|AssociationStatus))'
    );

-- noqa: enable=LT02,CP05

-- session_signs: one row a call in scope and a sign in it that its session is odd, those of the agent of Systems
-- Manager left out: an instance's credentials at the address of a person are with that person, or both have one way out.
CREATE VIEW session_signs AS
WITH persons AS (
    SELECT DISTINCT client_ip
    FROM history
    WHERE (identity_type IN ('IAMUser', 'Root')) IS TRUE AND ip_scope <> 'private'
),

hand_outs AS (
    SELECT
        issued_key_id,
        any_value(access_key_id) AS by_key,
        any_value(role_arn) AS by_role
    FROM history
    WHERE is_whole_id(issued_key_id)
    GROUP BY issued_key_id
),

keys_off AS (  -- by the last change of their status
    SELECT
        resources_of(resources, 'AWS::IAM::AccessKey')[1].name AS key,
        max(event_time) AS off_since
    FROM history
    WHERE
        (action IN ('iam:UpdateAccessKey', 'iam:DeleteAccessKey')) IS TRUE
        AND outcome = 'success'
    GROUP BY key
    HAVING arg_max(contains(request, '"Active"'), event_time) IS FALSE
),

signs AS (
    SELECT
        used.*,
        unnest(
            [
                CASE
                    WHEN used.event_time > keys.expires_at + INTERVAL 1 MINUTE
                        THEN 'used after expiry'
                END,
                CASE
                    WHEN used.action = 'sts:AssumeRole' AND used.requested_role_arn = used.role_arn
                        THEN 'own role again'
                END,
                CASE
                    WHEN
                        used.action = 'sts:AssumeRole'
                        AND used.requested_role_arn = given.by_role
                        AND used.requested_role_arn <> used.role_arn
                        THEN 'back to the role before'
                END,
                CASE
                    WHEN used.event_time > keys_off.off_since + INTERVAL 1 MINUTE
                        THEN 'its key was turned off'
                END,
                CASE
                    WHEN used.imds_version = '1.0'
                        THEN 'IMDSv1'
                END,
                CASE
                    WHEN
                        is_instance_session(used.session_name, used.imds_version)
                        AND persons.client_ip IS NOT NULL
                        THEN 'at a person''s address'
                END,
                CASE
                    WHEN is_instance_id(asked.session_name) AND NOT asked.is_aws_call
                        THEN 'named like an instance'
                END
            ]
        ) AS sign
    FROM events AS used
    LEFT JOIN access_keys AS keys ON used.access_key_id = keys.access_key_id
    LEFT JOIN hand_outs AS given ON used.access_key_id = given.issued_key_id
    LEFT JOIN keys_off ON coalesce(given.by_key, used.access_key_id) = keys_off.key
    LEFT JOIN persons ON used.client_ip = persons.client_ip
    LEFT JOIN credential_issuance AS asked
        ON used.event_id = asked.event_id AND used.account_id = asked.account_id
    WHERE NOT is_agent_call(used.action)
)

SELECT * FROM signs
WHERE sign IS NOT NULL;

COMMENT ON VIEW session_signs IS
'Calls that are a sign that their session is odd, by sign.';
COMMENT ON COLUMN session_signs.sign IS
'used after expiry: the record, its clock or the log is false; own role again: a role renews '
'itself; back to the role before: two roles renew each other; its key was turned off: the '
'long-term key, or the one that asked for the session, had been made inactive or deleted; IMDSv1: '
'any page the instance fetches can leak its credentials; at a person''s address: an instance''s '
'credentials where a user or root calls from, too; named like an instance: the name was chosen by '
'a caller, not by EC2.';
