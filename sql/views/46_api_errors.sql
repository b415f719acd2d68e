-- What the text of a refusal says. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- denial_reason: the end of a refusal that tells why, from its last `because` or `with an explicit deny` on: what
-- stands before quotes names that callers choose. Empty where the service gives no reason.
-- Source: IAM User Guide, "Troubleshoot access denied error messages"; S3 User Guide, likewise.
CREATE MACRO denial_reason(message) AS
    regexp_extract(message, '(?s)^.*(\sbecause\s.*|\swith an explicit deny.*)$', 1);

-- denial_policy: the kind of policy in the reason, in small letters: identity-based, service control, role trust.
CREATE MACRO denial_policy(message) AS
    regexp_replace(
        regexp_extract(
            lower(denial_reason(message)),
            '(?:explicit deny in (?:an? |the )?|because no )'
            || '(permissions? boundary|[a-z -]+? polic(?:y|ies))\b',
            1
        ),
        ' polic(y|ies)$', ''
    );

-- short_policy: the kind of policy in one word: identity, resource, trust.
CREATE MACRO short_policy(kind) AS
    CASE kind
        WHEN '' THEN 'unstated'
        WHEN 'role trust' THEN 'trust'
        ELSE replace(regexp_replace(kind, '-based$', ''), ' ', '-')
    END;

-- denied_resource: what the permission was missing on: in quotes, or one word, in IAM after its kind (`user alice`).
CREATE MACRO denied_resource(message) AS
    coalesce(
        nullif(
            regexp_extract(
                left(message, length(message) - length(denial_reason(message))),
                '(?s)\son (?:the )?resource:?\s+["''](.+)["'']', 1
            ),
            ''
        ),
        nullif(
            regexp_extract(
                message,
                '\son (?:the )?resource:\s+'
                || '((?:(?:user|role|group|policy|instance profile) )?[^\s"'']+?)[.,;)]*(?:\s|$)',
                1
            ),
            ''
        ),
        nullif(
            regexp_extract(
                message, '\son (?:the )?resource\s+(arn:[^\s"'']+?)[.,;)]*(?:\s|$)', 1
            ),
            ''
        )
    );

-- api_errors: one row an event that did not succeed; the denied_ columns are read from the text of a refusal.
CREATE VIEW api_errors AS
SELECT
    *,
    CASE
        WHEN error_class = 'denied' THEN nullif(
            regexp_extract(
                error_message, '(?:perform|call):?\s+["''(\[]?([A-Za-z0-9-]+:[A-Za-z0-9*]+)', 1
            ),
            ''
        )
    END AS denied_action,
    CASE WHEN error_class = 'denied' THEN denied_resource(error_message) END AS denied_resource,
    CASE
        WHEN error_class IS DISTINCT FROM 'denied' THEN NULL
        WHEN error_code = 'VpceAccessDenied' THEN 'vpc-endpoint'
        WHEN regexp_matches(error_message, '(?i)due to a VPC endpoint policy') THEN 'vpc-endpoint'
        WHEN denial_policy(error_message) = 'service control' THEN 'scp'
        WHEN denial_policy(error_message) = 'resource control' THEN 'rcp'
        WHEN denial_policy(error_message) = 'vpc endpoint' THEN 'vpc-endpoint'
        WHEN denial_policy(error_message) IN ('session', 'sessions') THEN 'session-policy'
        WHEN ends_with(denial_policy(error_message), ' boundary') THEN 'permissions-boundary'
        WHEN contains(lower(denial_reason(error_message)), 'block public access')
            THEN 'block-public-access'
        WHEN contains(denial_reason(error_message), 'with an explicit deny')
            THEN 'explicit-deny:' || short_policy(denial_policy(error_message))
        WHEN denial_policy(error_message) <> ''
            THEN 'missing-allow:' || short_policy(denial_policy(error_message))
        WHEN contains(error_message, 'Encoded authorization failure message') THEN 'encoded'
        ELSE 'unstated'
    END AS denied_by,
    CASE
        WHEN error_class IS DISTINCT FROM 'denied' THEN NULL
        WHEN contains(denial_reason(error_message), 'with an explicit deny') THEN TRUE
        WHEN denial_policy(error_message) <> '' THEN FALSE
    END AS is_explicit_deny,
    CASE
        WHEN error_class = 'denied'
            THEN nullif(regexp_extract(denial_reason(error_message), 'policy: (arn:\S+)', 1), '')
    END AS denied_policy_arn,
    error_class IN ('throttled', 'dry-run')
    OR (error_class = 'not-found' AND access = 'read') AS is_usual
FROM events
WHERE outcome <> 'success';
COMMENT ON VIEW api_errors IS
'Calls that did not succeed, with what the text of a refusal tells.';
COMMENT ON COLUMN api_errors.denied_action IS
'The permission that was missing, as the message names it; not always the call: iam:PassRole.';
COMMENT ON COLUMN api_errors.denied_resource IS
'What it was missing on, as the message names it; NULL where it names nothing: see target.';
COMMENT ON COLUMN api_errors.denied_by IS
'What refused: missing-allow: or explicit-deny: with identity, resource, trust or unstated; scp, '
'rcp, permissions-boundary, session-policy, vpc-endpoint, block-public-access; encoded (decode it '
'with sts decode-authorization-message); unstated; NULL where no permission was refused.';
COMMENT ON COLUMN api_errors.is_explicit_deny IS
'A statement denied it, rather than none allowed it; NULL where the message does not tell.';
COMMENT ON COLUMN api_errors.denied_policy_arn IS
'The policy that denied it, where the message names one.';
COMMENT ON COLUMN api_errors.is_usual IS
'What every deployment meets: throttling, a dry run, a read of what is not there.';
