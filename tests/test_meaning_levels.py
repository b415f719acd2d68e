"""How far a call reaches, as IAM classes its actions."""

import pytest
from access_levels import FILE, access_levels

from trailquery import Lake
from trailquery.meaning.levels import access_level, iam_level


@pytest.mark.parametrize(
    ("service", "api", "level"),
    [
        ("monitoring", "PutMetricAlarm", "write"),
        ("lambda", "Invoke", "write"),
        ("lambda", "AddPermission", "permissions-management"),
        ("s3", "HeadObject", "read"),
        ("s3", "ListBuckets", "list"),
        ("s3", "PutBucketLifecycle", "write"),
        ("s3", "PutBucketPolicy", "permissions-management"),
        ("s3", "GetBucketCors", "read"),
        ("iam", "AttachUserPolicy", "permissions-management"),
        ("iam", "TagInstanceProfile", "tagging"),
        ("ec2", "CreateTags", "tagging"),
        ("rdsdata", "ExecuteStatement", "write"),
        ("tagging", "TagResources", "tagging"),
        ("waf", "GetWebACL", "read"),
    ],
)
def test_a_call_has_the_level_of_the_iam_action_that_allows_it(service, api, level):
    assert iam_level(service, api) == level


@pytest.mark.parametrize(
    ("category", "api", "access", "level"),
    [
        ("management", "TagWidget", "write", "tagging"),
        ("management", "UntagWidget", "write", "tagging"),
        ("management", "AddWidgetTags", "write", "tagging"),
        ("management", "CreateTagline", "write", "write"),
        ("management", "ListWidgetTags", "read", "list"),
        ("management", "Listen", "read", "read"),
        ("management", "GetWidget", "read", "read"),
        ("signin", "ConsoleLogin", "write", "write"),
        ("network", None, "read", "read"),
        ("service", "RotateWidget", "write", None),
        ("insight", "RunInstances", "write", None),
        ("aggregated", None, "write", None),
    ],
)
def test_a_call_unknown_to_iam_is_judged_by_its_verb_and_what_is_no_call_has_no_level(category, api, access, level):
    assert access_level(category, "widgets", api, access) == level


def test_the_file_of_levels_is_what_the_package_says():
    assert FILE.read_text(encoding="utf-8") == access_levels()


def test_every_api_call_of_a_recording_is_found_among_the_actions_of_iam(shared_lake):
    lake: Lake = shared_lake("invictus")
    pairs = lake.sql("SELECT DISTINCT service, event_name, api FROM history").rows()
    unknown = sorted((row["service"], row["event_name"]) for row in pairs if not iam_level(row["service"], row["api"]))
    assert (len(pairs), unknown) == (
        262,
        [
            ("ec2", "SharedSnapshotVolumeCreated"),  # written by services, the console or the sign-in: no API of AWS's
            ("s3", "GetStorageLensDashboardDataInternal"),
            ("secretsmanager", "EndSecretVersionDelete"),
            ("secretsmanager", "StartSecretVersionDelete"),
            ("signin", "CheckMfa"),
            ("signin", "ConsoleLogin"),
        ],
    )
