-- /// trailquery
-- title = "Keys that AWS has quarantined"
-- question = "Did AWS find one of our keys in public and quarantine its user, or did someone lift the quarantine?"
-- category = "management"
-- kind = "finding"
-- severity = "critical"
-- mitre = ["T1552.001", "T1078.004"]
-- why = "AWS fastens this policy to a user whose access key it found in public: others hold the key, perhaps for hours already, and the policy denies only some calls. Lifting it is harmless only after the key was replaced."
-- next = "trailquery run timeline_actor {quarantined_user}"
-- example = "trailquery run keys_quarantined"
--
-- [columns]
-- event_time = "When the call completed (UTC): at the latest then the key was public"
-- quarantined_user = "The user whose key it is"
-- change = "quarantined or lifted"
-- actor = "Who made the call: AWS, or whoever lifted it"
-- client_ip = "From which address; NULL when AWS called"
-- action = "service:api"
-- target = "The user and the policy"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time,
    list_filter(resources, lambda named: named.type = 'AWS::IAM::User')[1].name AS quarantined_user,
    CASE WHEN api IN ('AttachUserPolicy', 'PutUserPolicy') THEN 'quarantined' ELSE 'lifted' END
        AS change,
    actor, client_ip, action, target, outcome, error_code, account_id, session_id, event_id
FROM management_events
WHERE
    (action IN (
        'iam:AttachUserPolicy', 'iam:PutUserPolicy', 'iam:DetachUserPolicy', 'iam:DeleteUserPolicy'
    )) IS TRUE
    AND len(
        list_filter(
            resources,
            lambda named: regexp_matches(
                named.name, '^AWSCompromisedKeyQuarantine|^AWSExposedCredentialPolicy'
            )
        )
    ) > 0
ORDER BY event_time, event_id
