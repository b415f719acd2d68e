"""Each attack of the labelled recording is found by typed columns alone: no JSON, no text search, no id, no clock time."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable

import pytest
from conftest import recording

from trailquery import Lake


def role_taken_for(call: str) -> str:
    """The calls of the role with which `call` was made, and every attempt to take that role on."""
    return f"""
        role_name IN (SELECT role_name FROM events WHERE {call})
        OR action = 'sts:AssumeRole' AND target IN (SELECT 'role/' || role_name FROM events WHERE {call})"""


def first_of(action: str) -> str:
    """The first of these calls on a target: where nothing in the columns tells the change from its undoing."""
    return f"""
        action = '{action}' AND event_time = (
            SELECT min(earlier.event_time) FROM events AS earlier
            WHERE earlier.action = events.action AND earlier.target = events.target
        )"""


def policy_sent(statement: str) -> str:
    return f"event_id IN (SELECT event_id FROM policy_statements WHERE outcome = 'success' AND {statement})"


# technique: which events it is made of, as a WHERE on `events`
DETONATIONS = {
    "credential-access.ec2-get-password-data": role_taken_for("api = 'GetPasswordData'"),
    "credential-access.ec2-steal-instance-credentials": """
        service = 'ssm' AND (actor, target) IN (
            SELECT (actor, target) FROM events WHERE action = 'ssm:SendCommand' AND outcome = 'success'
        )""",
    "credential-access.secretsmanager-retrieve-secrets": """
        api IN ('ListSecrets', 'GetSecretValue') AND client <> 'iac'""",
    "credential-access.ssm-retrieve-securestring-parameters": """
        api = 'GetParameters' OR api = 'DescribeParameters' AND target IS NULL AND outcome = 'success'""",
    "defense-evasion.cloudtrail-delete": "action = 'cloudtrail:DeleteTrail' AND error_class = 'not-found'",
    "defense-evasion.cloudtrail-event-selectors": first_of("cloudtrail:PutEventSelectors"),
    "defense-evasion.cloudtrail-lifecycle-rule": "action = 's3:PutBucketLifecycle'",
    "defense-evasion.cloudtrail-stop": "action = 'cloudtrail:StopLogging'",
    "defense-evasion.organizations-leave": role_taken_for("api = 'LeaveOrganization'"),
    "defense-evasion.vpc-remove-flow-logs": "action = 'ec2:DeleteFlowLogs'",
    "discovery.ec2-download-user-data": role_taken_for("api = 'DescribeInstanceAttribute' AND outcome = 'denied'"),
    "discovery.ec2-enumerate-from-instance": "action = 'ssm:SendCommand' AND outcome = 'error'",
    "execution.ec2-launch-unusual-instances": role_taken_for("api = 'RunInstances' AND error_class = 'limit'"),
    "exfiltration.ec2-security-group-open-port-22-ingress": """
        event_id IN (
            SELECT event_id FROM security_group_rule_changes
            WHERE change = 'add' AND direction = 'ingress' AND is_world AND 22 BETWEEN from_port AND to_port
        )""",
    "exfiltration.ec2-share-ami": "action = 'ec2:ModifyImageAttribute' AND contains(target, ' +')",
    "exfiltration.ec2-share-ebs-snapshot": "action = 'ec2:ModifySnapshotAttribute' AND contains(target, ' +')",
    "exfiltration.rds-share-snapshot": "action = 'rds:ModifyDBSnapshotAttribute' AND contains(target, ' +')",
    "exfiltration.s3-backdoor-bucket-policy": policy_sent("action = 's3:PutBucketPolicy' AND len(external_accounts) > 0"),
    "initial-access.console-login-without-mfa": """
        event_id IN (SELECT event_id FROM signin_events WHERE api = 'ConsoleLogin' AND result = 'Success' AND mfa = 'no')""",
    "persistence.iam-backdoor-role": policy_sent("policy_kind = 'trust' AND len(external_accounts) > 0"),
    # a key for a user whom another program had made
    "persistence.iam-backdoor-user": """
        action = 'iam:CreateAccessKey'
        AND (client, target) NOT IN (SELECT (client, target) FROM events WHERE action = 'iam:CreateUser')""",
    # a user, its key and its policy, all from one program
    "persistence.iam-create-admin-user": """
        api IN ('CreateUser', 'CreateAccessKey', 'AttachUserPolicy') AND (client, split_part(target, ' ', 1)) IN (
            SELECT (client, split_part(target, ' ', 1)) FROM events
            WHERE action = 'iam:AttachUserPolicy' AND contains(target, ' +policy/AdministratorAccess')
        )""",
    "persistence.iam-create-user-login-profile": """
        api IN ('CreateLoginProfile', 'GetCallerIdentity') AND client = 'other'""",
    "persistence.lambda-backdoor-function": policy_sent("action = 'lambda:AddPermission' AND is_public"),
    "persistence.lambda-overwrite-code": first_of("lambda:UpdateFunctionCode"),
    "persistence.rolesanywhere-create-trust-anchor": """
        action IN ('rolesanywhere:CreateTrustAnchor', 'rolesanywhere:CreateProfile')""",
}  # fmt: skip

# techniques that ran more than once with the same calls: what tells the runs apart
RUNS = {
    "defense-evasion.cloudtrail-stop": "event_time",
    "execution.ec2-launch-unusual-instances": "coalesce('role/' || role_name, target)",
}


def detonations() -> dict[str, set[frozenset[str]]]:
    """Technique to its runs, each the ids of its events, as the publisher labelled them."""
    ids = defaultdict(set)
    for label in read("labels.csv"):
        if label["klass"] == "detonation":
            ids[label["stratus_uuid"]].add(label["eventID"])
    runs = defaultdict(set)
    for run in read("techniques.csv"):
        if run["kind"] == "detonation":
            runs[run["technique"].removeprefix("aws.")].add(frozenset(ids[run["uuid"]]))
    return runs


def read(name: str) -> list[dict[str, str]]:
    with (recording("invictus") / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_labelled_detonation_has_its_predicate() -> None:
    labelled = detonations()
    assert set(DETONATIONS) == set(labelled)
    assert {technique for technique, runs in labelled.items() if len(runs) > 1} == set(RUNS)
    assert sum(len(runs) for runs in labelled.values()) == 29


@pytest.fixture(scope="module")
def invictus(shared_lake: Callable[[str], Lake]) -> Lake:
    return shared_lake("invictus")


@pytest.mark.parametrize("technique", DETONATIONS)
def test_typed_columns_find_the_attack_and_nothing_else(invictus: Lake, technique: str) -> None:
    run = RUNS.get(technique, "NULL")
    sql = f"SELECT list(event_id) AS ids FROM events WHERE {DETONATIONS[technique]} GROUP BY {run}"
    found = {frozenset(row["ids"]) for row in invictus.sql(sql).rows()}
    assert found == detonations()[technique]


def test_no_predicate_leans_on_json_text_search_names_times_or_the_attackers_own_label() -> None:
    forbidden = re.compile(
        r"->|\bLIKE\b|\braw\b|request|response|user_agent|stratus|\d\d:\d\d|20\d\d-|[0-9a-f]{8}", re.I
    )
    assert [name for name, where in DETONATIONS.items() if forbidden.search(where)] == []
