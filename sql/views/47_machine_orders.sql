-- machine_orders: one row a call for machines, or for what runs on them, whatever the scope and whether it got them:
-- a fleet's types may be many, and the first counts. Virtual CPUs are those that AWS's names of types stand for (four
-- an xlarge, so many times that as the number before it says); what has no such name counts as 2, metal as 96.
CREATE VIEW machine_orders AS
WITH told AS (
    SELECT
        *,
        nullif(
            regexp_extract(  -- what a launch template says is in the answer
                concat_ws(' ', request, response),
                '"(instanceTypes?|bundleId)" ?: ?\[? ?"([^"]+)"',
                2
            ),
            ''
        ) AS instance_type,
        coalesce(
            try_cast(
                regexp_extract(
                    request,
                    '"((max|instance|desired)?[cC]ount|desired(Size|Capacity))" ?: ?"?([0-9]{1,9})',
                    4
                ) AS INTEGER
            ),
            nullif(len(json_extract_string(request, '$.instanceNames[*]')), 0),
            1
        ) AS asked_for
    FROM history
    WHERE
        action IN (
            'ec2:RunInstances', 'ec2:RequestSpotInstances', 'ec2:CreateFleet',
            'ecs:CreateService', 'ecs:RunTask', 'ecs:RegisterTaskDefinition',
            'eks:CreateNodegroup', 'autoscaling:CreateAutoScalingGroup',
            'autoscaling:CreateLaunchConfiguration', 'batch:RegisterJobDefinition',
            'lightsail:CreateInstances', 'lightsail:CreateInstancesFromSnapshot',
            'gamelift:CreateFleet', 'apprunner:CreateService',
            'sagemaker:CreateNotebookInstance', 'sagemaker:CreateTrainingJob'
        )
        AND NOT is_aws_call
)

SELECT
    *,
    asked_for::BIGINT * CASE
        WHEN regexp_matches(instance_type, '[0-9]xlarge')
            THEN 4 * regexp_extract(instance_type, '([0-9]{1,3})xlarge', 1)::INTEGER
        WHEN contains(instance_type, 'xlarge') THEN 4
        WHEN contains(instance_type, 'metal') THEN 96
        ELSE 2
    END AS vcpus,
    coalesce(regexp_matches(instance_type, '^(ml\.)?(p|gr?|trn|inf|dl|vt|f)[0-9]'), FALSE)
        AS is_accelerated
FROM told;

COMMENT ON VIEW machine_orders IS
'Calls of others than AWS for machines, or for what runs on them, whatever the scope.';
COMMENT ON COLUMN machine_orders.instance_type IS
'The type, the first of several, in Lightsail the bundle; NULL where a launch template says it and '
'nothing was launched.';
COMMENT ON COLUMN machine_orders.asked_for IS
'How many, at most; 1 where the request has no number.';
COMMENT ON COLUMN machine_orders.vcpus IS
'Virtual CPUs of all of them, as the type''s name tells; without one 2 each.';
COMMENT ON COLUMN machine_orders.is_accelerated IS
'They have accelerators: GPU, Trainium, Inferentia, FPGA, as the type''s name tells.';
