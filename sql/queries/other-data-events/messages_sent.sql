-- /// trailquery
-- title = "Mail and messages sent"
-- question = "Who sent mail, text messages or notifications, how many calls per hour, and how many were refused?"
-- category = "data"
-- kind = "question"
-- mitre = ["T1496.003", "T1566"]
-- example = "trailquery run messages_sent --min-calls 100"
--
-- [params.min_calls]
-- type = "integer"
-- default = 1
-- about = "Calls of one caller in one clock hour, at or above which they are listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted; none where a service called"
-- action = "The call, service:api"
-- calls = "Calls: a bulk call sends many"
-- refused = "Of these, refused or failed"
-- senders = "Sender addresses, numbers and topics that calls name, sorted, up to ten"
-- account_id = "The account that sends"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor,
    coalesce(set_of(client_ip), []) AS client_ips, action, count(*) AS calls,
    count(*) FILTER (WHERE outcome <> 'success') AS refused,
    coalesce(
        set_of(
            json_first(
                request, [
                    '$.source', '$.fromEmailAddress', '$.topicArn', '$.originationIdentity',
                    '$.originationPhoneNumberId'
                ]
            )
        ),
        []
    )[:10] AS senders,
    account_id
FROM data_events
WHERE
    (service IN ('ses', 'sms-voice', 'social-messaging') AND starts_with(api, 'Send'))
    OR (service = 'sns' AND starts_with(api, 'Publish'))
GROUP BY date_trunc('hour', event_time), actor, action, account_id
HAVING count(*) >= $min_calls
ORDER BY hour_start, calls DESC, actor, action, account_id
