"""What a CloudTrail record means, decided once: pure functions from JSON to the columns of `events.py`.

    fields       any JSON value -> text, mapping, items, flag, number or instant, or nothing
    identity     userIdentity -> who called, in which session
    action       eventSource, eventName ... -> service, api, category, access
    levels       service, API -> access level, as IAM classes actions
    failure      errorCode, errorMessage, responseElements -> error class and outcome
    client       sourceIPAddress, userAgent -> whence and with what
    origins      an address -> the provider whose range it is in
    kinds        parameter names, ARNs and ids -> kinds of resources
    nouns        API and parameter names -> the kinds that no table knows
    resources    request, response, resources, error text -> every resource named
    rules        security group rules -> one readable string
    target       the same as resources -> the one readable string
    credentials  responseElements -> the credentials handed out
    storage      S3 bucket, object key, bytes moved

No function raises on any JSON value: what is not as AWS documents it counts as absent.
"""
