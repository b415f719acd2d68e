-- What a user agent tells of the program that called: forgeable, but seldom forged. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- attack_tool: the attack tool, or the system made for attacks, that the user agent names, in lower case; else NULL.
CREATE MACRO attack_tool(user_agent) AS
    nullif(
        lower(
            regexp_extract(
                user_agent,
                '(?i)(?:^|[^a-z])('
                || 'kali|parrot[0-9]|pentoo|blackarch|pacu|stratus-red-team|trufflehog|cloudfox'
                || '|weirdaal|enumerate-iam|cloudbrute|cloud_enum|s3scanner|awspx|quiet[ _-]?riot'
                || '|nimbostratus|metasploit|sqlmap|peirates|grimoire'
                || ')(?:[^a-z]|$)',
                1
            )
        ),
        ''
    );

-- odd_client: the bare HTTP library, bucket browser, sync tool or posture scanner that the user agent names, in lower
-- case; else NULL.
CREATE MACRO odd_client(user_agent) AS
    nullif(
        lower(
            trim(
                regexp_extract(
                    user_agent,
                    '(?i)('  -- a library at the start: further on it is part of an SDK
                    || '^(?:python-requests|python-urllib|python-httpx|curl|wget|go-http-client'
                    || '|httpie|okhttp|axios|node-fetch|undici|postmanruntime|insomnia|transmit'
                    || '|mc )'
                    || '|\baiohttp\b'  -- calls itself Python/3.12 aiohttp/3.9
                    || '|\b(?:s3 browser|cyberduck|mountain duck|rclone|winscp|filezilla'
                    || '|cloudberry|msp360|s3cmd|s5cmd|minio-go|s3fs|goofys'
                    || '|prowler|scoutsuite|scout suite|steampipe|cloudsploit|cloudmapper'
                    || '|cartography)'
                    || ')',
                    1
                )
            )
        ),
        ''
    );
