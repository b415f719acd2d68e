-- rights_raised: one row a call of IAM, or CodeStar, that can raise rights, or tries to. What a service-linked role
-- does is left out: it is AWS itself.
CREATE VIEW rights_raised AS
WITH kinds AS (
    SELECT kind, unnest(actions) AS action
    FROM (
        VALUES
        ('policy', [
            'iam:AttachGroupPolicy', 'iam:AttachRolePolicy', 'iam:AttachUserPolicy',
            'iam:CreatePolicyVersion', 'iam:PutGroupPolicy', 'iam:PutRolePolicy',
            'iam:PutUserPolicy', 'iam:SetDefaultPolicyVersion'
        ]),
        ('group', ['iam:AddUserToGroup']),
        ('team', ['codestar:AssociateTeamMember']),
        ('profile', ['iam:AddRoleToInstanceProfile']),
        ('credential', [
            'iam:CreateAccessKey', 'iam:CreateLoginProfile', 'iam:CreateServiceSpecificCredential',
            'iam:ResetServiceSpecificCredential', 'iam:UpdateLoginProfile'
        ]),
        ('boundary', [
            'iam:DeleteRolePermissionsBoundary', 'iam:DeleteUserPermissionsBoundary',
            'iam:PutRolePermissionsBoundary', 'iam:PutUserPermissionsBoundary'
        ]),
        ('trust', ['iam:UpdateAssumeRolePolicy']),
        ('denial', [
            'iam:DeleteRolePolicy', 'iam:DeleteUserPolicy', 'iam:DetachRolePolicy',
            'iam:DetachUserPolicy'
        ])
    ) AS listed (kind, actions)
)

SELECT
    events.*,
    kinds.kind,
    (events.action = 'iam:CreateAccessKey' AND events.target IS NULL)
    OR coalesce(
        split_part(events.target, ' ', 1) IN (
            'user/' || events.user_name, 'role/' || events.role_name
        ),
        FALSE
    ) AS on_self
FROM events INNER JOIN kinds ON events.action = kinds.action
WHERE
    NOT is_service_linked(events.role_arn)
    AND (
        kinds.kind <> 'denial'
        OR regexp_matches(
            events.request, '(?i)"policy(Name|Arn)": ?"[^"]*(deny|quarantine|revoke)'
        )
    );

COMMENT ON VIEW rights_raised IS
'Calls of IAM or CodeStar that can raise rights, service-linked roles left out.';
COMMENT ON COLUMN rights_raised.kind IS
'By what: policy, group, team, profile (a role put into an instance profile), credential (key, '
'password), boundary, trust, or denial (a policy named for denying, such as DenyAll, taken off).';
COMMENT ON COLUMN rights_raised.on_self IS 'The target is the caller''s own user or role.';
