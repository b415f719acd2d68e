-- machine_entries: one row a call that runs commands or opens a shell, on a machine, a container, a cluster, a build or a
-- notebook, whatever the scope and whether it got in.
CREATE VIEW machine_entries AS
SELECT
    *,
    list_filter(
        list_transform(resources, lambda one: one.name),
        lambda named: regexp_matches(named, '^m?i-')
    )
    || CASE WHEN regexp_matches(request, '"values": ?\["\*"\]') THEN ['*'] ELSE [] END AS machines
FROM history
WHERE
    NOT is_aws_call
    AND (action IN (
        'ssm:SendCommand', 'ssm:StartSession', 'ssm:ResumeSession', 'ssm:StartAutomationExecution',
        'ssm-guiconnect:StartConnection', 'ec2-instance-connect:SendSSHPublicKey',
        'ec2-instance-connect:SendSerialConsoleSSHPublicKey', 'ec2-instance-connect:OpenTunnel',
        'ecs:ExecuteCommand', 'eks:AccessKubernetesApi', 'cloudshell:CreateEnvironment',
        'cloudshell:CreateSession', 'cloudshell:GetFileDownloadUrls',
        'cloudshell:GetFileUploadUrls', 'lightsail:GetInstanceAccessDetails',
        'gamelift:GetComputeAccess', 'gamelift:GetInstanceAccess',
        'codebuild:StartCommandExecution', 'codebuild:StartSandboxConnection',
        'elasticmapreduce:AddJobFlowSteps', 'sagemaker:CreatePresignedNotebookInstanceUrl',
        'sagemaker:StartSession'
    )) IS TRUE;

COMMENT ON VIEW machine_entries IS
'Calls of others than AWS that run commands or open shells, whether they got in or not, whatever '
'the scope.';
COMMENT ON COLUMN machine_entries.machines IS
'The instances and managed nodes that the call names; * is all of them; empty where it names none: '
'see target.';
