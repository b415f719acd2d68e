-- passed_roles: one row a call of others than AWS that hands a role, or an instance profile, to a service or machine,
-- or tries to. iam:PassRole itself is never recorded; the refusal of it names the role.
CREATE VIEW passed_roles AS
WITH named AS (
    SELECT
        *,
        coalesce(
            list_transform(
                list_filter(
                    resources,
                    lambda one: one.type IN ('AWS::IAM::Role', 'AWS::IAM::InstanceProfile')
                    AND regexp_matches(
                        one.via, '^(errorMessage|request\..*([rR]ole|[pP]rofile|PermissionArn))'
                    )
                ),
                lambda one: coalesce(one.arn, one.name)
            )[1],
            regexp_extract_all(request, '(?i)"iamInstanceProfile": ?\{ ?"name": ?"([^"]+)"', 1)[1],
            CASE service
                WHEN 'autoscaling' THEN json_extract_string(request, '$.iamInstanceProfile')
                WHEN 'ssm' THEN json_extract_string(request, '$.iamRole')
                WHEN 'elasticmapreduce' THEN json_extract_string(request, '$.jobFlowRole')
                WHEN 'glue' THEN json_extract_string(request, '$.role')
                WHEN 'datapipeline'
                    THEN regexp_extract_all(request, '[rR]ole", ?"stringValue": ?"([^"]+)"', 1)[1]
            END
        ) AS passed_role
    FROM events
    WHERE
        access = 'write'
        AND service NOT IN ('backup', 'iam', 'sts')
        AND NOT regexp_matches(api, '^(Delete|Detach|Disassociate|Remove)')  -- it is taken away
        AND NOT is_aws_call
)

SELECT
    *,
    regexp_extract(passed_role, '[^/]+$') AS passed_role_name
FROM named
WHERE passed_role IS NOT NULL;

COMMENT ON VIEW passed_roles IS
'Calls of others than AWS that hand a role, or an instance profile, to a service or machine.';
COMMENT ON COLUMN passed_roles.passed_role IS
'The role or instance profile, ARN or name, as the request or the refusal names it; of several the '
'first.';
COMMENT ON COLUMN passed_roles.passed_role_name IS
'Its name: role_name of what is done with it; a profile may be named otherwise than its role.';
