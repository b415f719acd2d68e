-- access_removals: one row a call of others than AWS that takes the sign-in, the second factor or the rights of a
-- person, or tries to.
CREATE VIEW access_removals AS
SELECT
    *,
    coalesce(
        resources_of(resources, 'AWS::IAM::User')[1].name,
        json_extract_string(request, '$.principalId'), json_extract_string(request, '$.userId')
    ) AS person
FROM events
WHERE
    (action IN (
        'iam:DeleteUser', 'iam:DeleteLoginProfile', 'iam:UpdateLoginProfile',
        'iam:DeactivateMFADevice', 'iam:DetachUserPolicy', 'iam:DeleteUserPolicy',
        'iam:RemoveUserFromGroup', 'sso:DeleteAccountAssignment',
        'sso-directory:DisableUser', 'sso-directory:DeleteUser', 'identitystore:DeleteUser'
    )) IS TRUE
    AND NOT is_aws_call;

COMMENT ON VIEW access_removals IS
'Calls of others than AWS that take the sign-in, the second factor or the rights of a person.';
COMMENT ON COLUMN access_removals.person IS
'Who loses it: the name of an IAM user, or the id of a user of Identity Center; NULL where '
'the call does not say.';
