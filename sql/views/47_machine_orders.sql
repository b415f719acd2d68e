-- machine_orders: one row a call for machines, or for what runs on them, whatever the scope and whether it got them:
-- a fleet's types may be many, and the first counts, with the largest of its numbers; capacity counts as machines.
-- Virtual CPUs are those that AWS's names of types stand for (four an xlarge, so many times that as the number before
-- it says; a metal without a number has what its generation has); 1024 units of a task are one; what has neither counts
-- as 2.
CREATE VIEW machine_orders AS
WITH templates AS (
    SELECT
        account_id,
        region,
        unnest(
            regexp_extract_all(
                concat_ws(' ', request, response),
                '"([lL]aunchTemplate(Name|Id)|family)" ?: ?"([^"]+)"',
                3
            )
        ) AS template,
        service = 'ecs' AS is_of_tasks,
        arg_max(request, event_time) AS template_request
    FROM history
    WHERE
        (action IN (
            'ec2:CreateLaunchTemplate', 'ec2:CreateLaunchTemplateVersion',
            'ecs:RegisterTaskDefinition'
        )) IS TRUE
        AND outcome = 'success'
    GROUP BY account_id, region, template, is_of_tasks
),

told AS (
    SELECT
        history.*,
        nullif(
            regexp_extract(  -- what a template says is in the answer, or where it was made
                concat_ws(' ', request, response, template_request),
                '"([iI]nstanceTypes?|(slave|eC2)InstanceType|bundleId|computeType\w*'
                || '|workerType|cpu)" ?: ?\[? ?"([^"]+)"',
                3
            ),
            ''
        ) AS instance_type,
        coalesce(
            list_max(
                list_transform(
                    regexp_extract_all(
                        request,
                        '"((max|instance|initialInstance|desired)?[cC]ount'
                        || '|desired(Size|Capacity|Instances)'
                        || '|([tT]otal)?[tT]arget(OnDemand|Spot)?Capacity'
                        || '|baseCapacity|scale|concurrentBuildLimit|numberOfWorkers)'
                        || '" ?: ?"?([0-9]{1,9})',
                        6
                    ),
                    lambda number: number::INTEGER
                )
            ),
            nullif(len(json_extract_string(request, '$.instanceNames[*]')), 0),
            try_cast(json_extract_string(request, '$.minSize') AS INTEGER),  -- begins with these
            1
        ) AS asked_for
    FROM history
    LEFT JOIN templates
        ON
            history.account_id = templates.account_id
            AND history.region = templates.region
            AND (history.service = 'ecs') = templates.is_of_tasks
            AND template = regexp_extract(
                request,
                '"([lL]aunchTemplate(Name|Id)|taskDefinition)" ?: ?"(arn:[^"]*/)?([^":]+)',
                4
            )
    WHERE
        (action IN (
            'ec2:RunInstances', 'ec2:RequestSpotInstances', 'ec2:RequestSpotFleet',
            'ec2:CreateFleet',
            'ecs:CreateService', 'ecs:RunTask', 'ecs:RegisterTaskDefinition',
            'eks:CreateNodegroup', 'eks:UpdateNodegroupConfig',
            'autoscaling:CreateAutoScalingGroup', 'autoscaling:UpdateAutoScalingGroup',
            'autoscaling:SetDesiredCapacity', 'autoscaling:CreateLaunchConfiguration',
            'batch:CreateComputeEnvironment', 'batch:RegisterJobDefinition',
            'elasticmapreduce:AddInstanceGroups', 'elasticmapreduce:RunJobFlow',
            'amplify:CreateApp', 'codebuild:CreateFleet', 'codebuild:CreateProject',
            'codebuild:StartBuild', 'codebuild:StartBuildBatch', 'codebuild:UpdateProject',
            'imagebuilder:CreateComponent', 'imagebuilder:CreateInfrastructureConfiguration',
            'appstream:CreateFleet', 'glue:CreateJob',
            'lightsail:CreateContainerService', 'lightsail:CreateContainerServiceDeployment',
            'lightsail:CreateInstances', 'lightsail:CreateInstancesFromSnapshot',
            'gamelift:CreateFleet',
            'apprunner:CreateService', 'bedrock:CreateMarketplaceModelEndpoint',
            'sagemaker:CreateApp', 'sagemaker:CreateCluster', 'sagemaker:CreateEndpointConfig',
            'sagemaker:CreateHyperParameterTuningJob', 'sagemaker:CreateNotebookInstance',
            'sagemaker:CreateProcessingJob', 'sagemaker:CreateSpace',
            'sagemaker:CreateTrainingJob', 'sagemaker:CreateTransformJob'
        )) IS TRUE
        -- a stack orders what its maker wrote into the template
        AND (NOT is_aws_call OR invoked_by = 'cloudformation.amazonaws.com')
        AND (  -- what is changed without a number, or to none, orders nothing
            NOT regexp_matches(action, ':(Update|Set)')
            OR regexp_matches(request, '"desired(Size|Capacity)" ?: ?"?[1-9]')
        )
)

SELECT
    *,
    coalesce(  -- Batch counts in virtual CPUs
        list_max(
            list_transform(
                regexp_extract_all(request, '"(min|desired)vCpus" ?: ?([0-9]{1,9})', 2),
                lambda number: number::BIGINT
            )
        ),
        asked_for::BIGINT * CASE
            WHEN regexp_full_match(instance_type, '[0-9]{1,6}')
                THEN greatest(1, instance_type::INTEGER // 1024)
            WHEN regexp_matches(instance_type, '^BUILD_.*_2XLARGE') THEN 72
            WHEN regexp_matches(instance_type, '^BUILD_.*_XLARGE') THEN 36
            WHEN regexp_matches(instance_type, '^BUILD_(GENERAL|LAMBDA)?.*_LARGE') THEN 8
            WHEN regexp_matches(instance_type, '^[GR]\.[0-9]+X')
                THEN 4 * regexp_extract(instance_type, '([0-9]{1,2})X', 1)::INTEGER
            WHEN regexp_matches(instance_type, '[0-9]xl')  -- metal-24xl, too
                THEN 4 * regexp_extract(instance_type, '([0-9]{1,3})xl', 1)::INTEGER
            WHEN contains(instance_type, 'xlarge') THEN 4
            WHEN regexp_matches(instance_type, '^(mac|a1).*metal') THEN 16
            WHEN regexp_matches(instance_type, '^(i3|c5n)\.metal') THEN 72
            WHEN regexp_matches(instance_type, '^([a-z]+[678]g|x2gd|g5g).*metal') THEN 64
            WHEN regexp_matches(instance_type, '^([a-z]+6i|i4i|x2ie?d).*metal') THEN 128
            WHEN regexp_matches(instance_type, '^[a-z]+6a.*metal') THEN 192
            WHEN contains(instance_type, 'metal') THEN 96
            ELSE 2
        END
    ) AS vcpus,
    coalesce(
        regexp_matches(
            instance_type,
            '^(ml\.)?(p|gr?|trn|inf|dl|vt|f)[0-9]|^BUILD_GPU|^stream\.graphics'
        ),
        FALSE
    ) AS is_accelerated,
    coalesce(
        regexp_matches(
            request,
            '(?i)xmrig|\bminerd\b|cpuminer|ethminer|nbminer|srbminer|phoenixminer|nanominer'
            || '|lolminer|nicehash|hashvault|moneroocean|cryptonight|stratum\+(tcp|ssl)'
        ),
        FALSE
    ) AS names_miner,
    coalesce(
        event_date > min(event_date) FILTER (WHERE outcome = 'success')
            OVER (PARTITION BY principal_key, action, instance_type),
        FALSE
    ) AS got_before,
    row_number() OVER (
        PARTITION BY session_id, event_date, region, instance_type, outcome
        ORDER BY vcpus DESC, event_id
    ) > 1 AS is_repetition
FROM told;

COMMENT ON VIEW machine_orders IS
'Calls of others than AWS, and of CloudFormation in their name, for machines, or for what runs on '
'them, whatever the scope.';
COMMENT ON COLUMN machine_orders.instance_type IS
'The type, the first of several, in Lightsail the bundle, of builds the compute type, of tasks '
'their CPU units; NULL where a template or definition says it that is not held, and nothing was '
'launched.';
COMMENT ON COLUMN machine_orders.asked_for IS
'How many, at most, of groups the largest, of a fleet its capacity, of builds how many at once; 1 '
'where the request has no number.';
COMMENT ON COLUMN machine_orders.vcpus IS
'Virtual CPUs of all of them, as the type or Batch tells; without one 2 each.';
COMMENT ON COLUMN machine_orders.is_accelerated IS
'They have accelerators: GPU, Trainium, Inferentia, FPGA, as the type''s name tells.';
COMMENT ON COLUMN machine_orders.names_miner IS
'A container, script or command in the request names mining software or a pool.';
COMMENT ON COLUMN machine_orders.got_before IS
'The identity got machines of this type by this call on an earlier day, in scope or not.';
COMMENT ON COLUMN machine_orders.is_repetition IS
'A call of the session on that day asked for as much or more of the type in the region, and came '
'out alike.';
