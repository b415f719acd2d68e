-- supply_chain_changes: one row a call that changes what others will build, start or run, whatever the scope and
-- whether it worked; part says where in the chain from source to machine.
CREATE VIEW supply_chain_changes AS
WITH calls (part, service, apis) AS (
    VALUES
    ('source', 'codebuild', ['ImportSourceCredentials']),
    ('source', 'codecommit', [
        'CreateCommit', 'GitPush', 'MergeBranchesByFastForward', 'MergeBranchesBySquash',
        'MergeBranchesByThreeWay', 'MergePullRequestByFastForward', 'MergePullRequestBySquash',
        'MergePullRequestByThreeWay', 'PutFile'
    ]),
    ('source', 'codeconnections', ['CreateConnection']),
    ('source', 'codestar-connections', ['CreateConnection']),

    ('build', 'codebuild', [
        'CreateWebhook', 'PutResourcePolicy', 'UpdateProject', 'UpdateProjectVisibility',
        'UpdateWebhook'
    ]),
    ('build', 'codepipeline', ['PutWebhook', 'UpdatePipeline']),
    ('build', 'imagebuilder', ['CreateComponent', 'UpdateImagePipeline']),

    ('image', 'codeartifact', ['CopyPackageVersions', 'PublishPackageVersion']),
    ('image', 'ec2', ['CreateRestoreImageTask', 'ImportImage']),
    ('image', 'ecr', [
        'BatchDeleteImage', 'CreatePullThroughCacheRule', 'PutImage', 'PutReplicationConfiguration',
        'SetRepositoryPolicy'
    ]),
    ('image', 'ecr-public', ['PutImage']),

    ('deployment', 'amplify', ['StartDeployment']),
    ('deployment', 'cloudformation', ['ActivateType', 'RegisterType', 'SetTypeDefaultVersion']),
    ('deployment', 'codedeploy', ['CreateDeployment']),
    ('deployment', 'ec2', ['CreateLaunchTemplateVersion', 'ModifyLaunchTemplate']),
    ('deployment', 'ecs', ['RegisterTaskDefinition', 'UpdateService']),

    ('rule', 'codeartifact', ['AssociateExternalConnection', 'PutPackageOriginConfiguration']),
    ('rule', 'codecommit', ['DeleteApprovalRuleTemplate', 'OverridePullRequestApprovalRules']),
    ('rule', 'ec2', [
        'DisableAllowedImagesSettings', 'ReplaceImageCriteriaInAllowedImagesSettings'
    ]),
    ('rule', 'ecr', ['PutImageTagMutability']),
    ('rule', 'lambda', ['DeleteFunctionCodeSigningConfig', 'UpdateCodeSigningConfig'])
),

actions AS (
    SELECT part, service || ':' || unnest(apis) AS action FROM calls
)

SELECT history.*, actions.part
FROM history INNER JOIN actions ON history.action = actions.action
WHERE
    NOT history.is_aws_call
    AND history.access = 'write';  -- before a git push comes one that only reads

COMMENT ON VIEW supply_chain_changes IS
'Calls of others than AWS that change what others will build or run, whatever the scope.';
COMMENT ON COLUMN supply_chain_changes.part IS
'source, build, image (or package), deployment; rule: what may be run, or replaced.';
