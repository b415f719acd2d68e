-- /// trailquery
-- title = "Ways into what already holds a role"
-- question = "Who got into something that runs with a role of its own: notebook, Glue endpoint or job, build, environment, stack, stack set, task, template?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1548.005", "T1651"]
-- example = "trailquery run privesc_existing_role"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What runs with the role"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    (action IN (
        'cloudformation:CreateStackInstances', 'cloudformation:ExecuteChangeSet',
        'cloudformation:UpdateStack', 'cloudformation:UpdateStackInstances',
        'cloudformation:UpdateStackSet', 'codebuild:StartBuild', 'codebuild:StartBuildBatch',
        'codebuild:StartSandbox', 'codestar:CreateProjectFromTemplate',
        'datapipeline:ActivatePipeline', 'ec2:CreateReplaceRootVolumeTask',
        'ec2:ModifyInstanceAttribute', 'ecs:ExecuteCommand', 'ecs:RunTask',
        'elasticbeanstalk:UpdateEnvironment', 'glue:CreateSession', 'glue:StartJobRun',
        'glue:UpdateDevEndpoint', 'glue:UpdateJob', 'lambda:UpdateFunctionCode',
        'lambda:UpdateFunctionConfiguration', 'sagemaker:CreatePresignedDomainUrl',
        'sagemaker:CreatePresignedNotebookInstanceUrl', 'sagemaker:StartSession',
        'sagemaker:UpdateNotebookInstance', 'sagemaker:UpdateNotebookInstanceLifecycleConfig',
        'states:UpdateStateMachine'
    )) IS TRUE
    AND NOT is_aws_call
    AND (  -- an instance, build or job only with the caller's own script, image or code
        NOT regexp_matches(api, '^(CreateReplaceRoot|ModifyInstance|StartBuild|StartJobRun)')
        OR regexp_matches(request, 'userData|[iI]mageId|(spec|image)Override|--(script|extra-)')
    )
ORDER BY event_time, event_id
