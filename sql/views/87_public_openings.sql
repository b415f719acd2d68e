-- What is opened to everyone. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- gives_open_url: the call gives a function a URL that asks nobody to sign in.
CREATE MACRO gives_open_url(action, request) AS
    action IN ('lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig')
    AND contains(request, '"NONE"');

-- public_openings: one row a call that opens something to everyone, or takes away what guards against it, or tries to.
-- A guard still in force makes the others void.
CREATE VIEW public_openings AS
WITH public_policies AS (
    SELECT event_id, account_id, list_sort(list_distinct(flatten(list(actions)))) AS allowed
    FROM policy_statements
    WHERE is_public
    GROUP BY event_id, account_id
),

told AS (
    SELECT
        events.*,
        public_policies.allowed,
        CASE
            WHEN public_policies.event_id IS NOT NULL THEN 'public policy'
            WHEN
                action IN ('s3:PutBucketAcl', 's3:CreateBucket', 's3:PutObjectAcl')
                AND regexp_matches(
                    request,
                    'groups/global/(AllUsers|AuthenticatedUsers)'
                    || '|"x-amz-acl" ?: ?\[? ?"(public-read|authenticated-read)'
                )
                THEN 'public ACL'
            WHEN
                action IN ('ssm:ModifyDocumentPermission', 'serverlessrepo:PutApplicationPolicy')
                AND regexp_matches(
                    request, '(?i)"accountIdsToAdd" ?: ?\[ ?"all"|"principals" ?: ?\[ ?"\*"'
                )
                THEN 'shared with all'
            WHEN
                action = 'codebuild:UpdateProjectVisibility' AND contains(request, '"PUBLIC_READ"')
                THEN 'builds shown'
            WHEN  -- pools are often made for guests; an old one seldom becomes theirs
                action = 'cognito-identity:UpdateIdentityPool'
                AND json_extract_string(request, '$.allowUnauthenticatedIdentities') = 'true'
                THEN 'guests let in'
            WHEN gives_open_url(action, request) THEN 'URL without sign-in'
            WHEN
                action IN (
                    'ec2:DisableImageBlockPublicAccess', 'ec2:DisableSnapshotBlockPublicAccess',
                    's3:DeleteAccountPublicAccessBlock'
                )
                OR (
                    action IN (
                        's3:PutAccountPublicAccessBlock',
                        'elasticmapreduce:PutBlockPublicAccessConfiguration',
                        'ssm:UpdateServiceSetting'
                    )
                    AND regexp_matches(
                        request,
                        '"((Block|Ignore)PublicAcls|BlockPublicPolicy|RestrictPublicBuckets'
                        || '|blockPublicSecurityGroupRules)" ?: ?"?false'
                        || '|/public-sharing-permission".*"Enable"'
                        || '|"Enable".*/public-sharing-permission"'
                    )
                )
                THEN 'account''s public access block off'
        END AS opened_by
    FROM events LEFT JOIN public_policies
        ON
            (events.event_id, events.account_id)
            IS NOT DISTINCT FROM (public_policies.event_id, public_policies.account_id)
)

SELECT * FROM told
WHERE opened_by IS NOT NULL;

COMMENT ON VIEW public_openings IS
'Calls that open something to everyone, or take away what guards against it.';
COMMENT ON COLUMN public_openings.allowed IS
'What everyone may do, sorted, as the policy says; NULL where it is no policy.';
COMMENT ON COLUMN public_openings.opened_by IS
'public policy (is_public of policy_statements), public ACL (of S3), shared with all (a document '
'of Systems Manager, a serverless application), builds shown, guests let in, URL without sign-in '
'(of a function), or account''s public access block off: of S3, images, snapshots, EMR or '
'documents.';
