"""What kind of call it was, and whether it worked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailquery.meaning.action import access, api, category, is_global_service, short_service
from trailquery.meaning.failure import Error, code_elsewhere, error, error_class

SUCCESS = Error(None, None, "success")

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("event_name", "name"),
    [
        ("CreateFunction20150331", "CreateFunction"),
        ("AddPermission20150331v2", "AddPermission"),
        ("PublishFunction2020_05_31", "PublishFunction"),
        ("CreateDistribution2016_11_25", "CreateDistribution"),
        ("DescribeDBInstances", "DescribeDBInstances"),
        ("Route53", "Route53"),
        ("GetBucket2024", "GetBucket2024"),
        ("20150331", "20150331"),
        ("", None),
        (None, None),
    ],
)
def test_a_version_suffix_is_not_part_of_the_api(event_name, name):
    assert api(event_name) == name


def test_the_service_is_the_event_source_without_its_domain():
    assert [short_service(f"ec2.{domain}") for domain in ("amazonaws.com", "amazonaws.com.cn")] == [
        "ec2",
        "ec2",
    ]
    assert short_service("signin.amazonaws.com") == "signin"
    assert [short_service(source) for source in ("aws-mcp.us-east-1.api.aws", "aws-mcp.amazonaws.com")] == [
        "aws-mcp"
    ] * 2
    assert short_service(7) is None


@pytest.mark.parametrize(
    ("event_type", "event_category", "management", "source", "name", "expected"),
    [
        ("AwsCloudTrailInsight", "Insight", None, "iam", "x", "insight"),
        ("AwsAggregatedEvent", "Aggregated", None, "s3", "x", "aggregated"),
        ("AwsVpceEvent", "NetworkActivity", None, "s3", "GetObject", "network"),
        ("AwsConsoleSignIn", "Management", True, "signin", "ConsoleLogin", "signin"),
        ("AwsServiceEvent", "Management", True, "sso", "UserAuthentication", "signin"),
        ("AwsServiceEvent", "Management", True, "kms", "RotateKey", "service"),
        ("AWSServiceEvent", "Management", True, "transfer", "X", "service"),
        ("AwsApiCall", "Data", False, "dynamodb", "GetItem", "data"),
        ("AwsMcpEvent", "Data", None, "aws-mcp", "CallTool", "data"),
        ("AwsMcpEvent", "Management", True, "aws-mcp", "CallReadWriteTool", "management"),
        ("AwsApiCall", None, "false", "s3", "SomethingNew", "data"),
        ("AwsApiCall", "Management", True, "s3", "GetObject", "management"),
        ("AwsApiCall", None, None, "s3", "GetObject", "data"),
        ("AwsApiCall", None, None, "s3", "DeleteObjects", "data"),
        ("AwsApiCall", None, None, "s3", "GetBucketObjectLockConfiguration", "management"),
        ("AwsApiCall", None, None, "s3", "ListBuckets", "management"),
        ("AwsApiCall", None, None, "lambda", "Invoke20150331", "data"),
        ("Rds Data Service", None, None, "rdsdataapi", "ExecuteStatement", "data"),
        ("AwsApiCall", None, None, "rdsdata", "ExecuteStatement", "management"),
        ("AwsApiCall", None, None, "iam", "CreateUser", "management"),
        (None, None, None, None, None, "management"),
    ],
)
def test_every_event_has_exactly_one_category_even_from_before_the_fields_existed(
    event_type, event_category, management, source, name, expected
):
    source = source and f"{source}.amazonaws.com"
    assert category(event_type, event_category, management, source, name) == expected


@pytest.mark.parametrize(
    ("read_only", "name", "expected"),
    [
        (True, "CreateUser", "read"),
        ("True", "CreateUser", "read"),
        ("false", "GetUser", "write"),
        (None, "ConsoleLogin", "write"),
        (None, "DescribeInstances", "read"),
        (None, "BatchGetItem", "read"),
        (None, "BatchWriteItem", "write"),
        (None, "Checkout", "write"),
        (None, "AssumeRole", "read"),
        (None, "TransactGetItems", "read"),
        (None, "VerifyMac", "read"),
        (None, "VerifyEmailIdentity", "write"),
        (None, "listDomains", "read"),
        (None, "updateDomainContact", "write"),
        (None, None, "write"),
    ],
)
def test_access_is_what_the_record_says_else_what_the_verb_says(read_only, name, expected):
    assert access("management", read_only, name) == expected


@pytest.mark.parametrize("category", ["insight", "aggregated"])
def test_what_sums_up_calls_neither_reads_nor_writes(category):
    assert [access(category, read_only, "CreateUser") for read_only in (None, True, False)] == [None, None, None]


def test_a_record_that_says_nothing_of_reading_is_judged_by_the_level_of_the_action_too():
    levels = (None, "read", "list", "write", "permissions-management")
    assert [access("management", None, "DetectFaces", level) for level in levels] == [
        "write", "read", "read", "write", "write",
    ]  # fmt: skip
    assert access("management", False, "DetectFaces", "read") == "write"
    assert access("management", None, "AssumeRole", "write") == "read"


def test_a_global_service_records_in_one_region_and_sts_only_at_its_global_endpoint():
    assert is_global_service("iam.amazonaws.com")
    assert not is_global_service("ec2.amazonaws.com", "us-east-1")
    assert is_global_service("sts.amazonaws.com", "us-east-1")
    assert not is_global_service("sts.amazonaws.com", "eu-west-1")


def test_a_failed_sign_in_has_no_error_code_and_is_a_failure_all_the_same():
    response = {"ConsoleLogin": "Failure"}
    expected = Error("SigninFailure", "auth-failed", "denied")
    assert error(None, "Failed authentication", response, "ConsoleLogin") == expected
    assert error(None, None, {"ConsoleLogin": "Success"}, "ConsoleLogin") == Error(None, None, "success")
    assert error(None, None, None, "UserAuthentication", {"UserAuthentication": "Failure"}) == expected


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "AccessDeniedException",
        "Client.UnauthorizedOperation",
        "UnauthorizedException",
        "VpceAccessDenied",
        "NotAuthorizedException",
        "AuthorizationError",
        "KMS.AccessDeniedException",
    ],
)
def test_every_spelling_of_denied_is_denied(code):
    assert error(code, None, None, "X") == Error(code, "denied", "denied")


def test_a_refusal_hidden_behind_another_code_is_denied():
    message = "The role defined for the function cannot be assumed by Lambda."
    assert error("InvalidParameterValueException", message, None, "CreateFunction").outcome == "denied"


def test_a_dry_run_that_would_have_worked_is_no_error():
    said = "Request would have succeeded, but DryRun flag is set."
    assert error("Client.DryRunOperation", said, None, "RunInstances").outcome == "dry-run"


def test_an_error_may_stand_in_the_response():
    response = {"errorCode": "AccessDeniedException", "errorMessage": "no"}
    assert error(None, None, response, "X") == Error("AccessDeniedException", "denied", "denied")
    assert error(None, None, {"errorCode": "ThrottlingException"}, "X").error_class == "throttled"


def test_a_response_that_reports_on_errors_of_others_is_a_success():
    report = {"errorCode": "AccessDenied", "jobId": "j-1", "status": "FAILED"}
    assert error(None, None, report, "GetJob") == Error(None, None, "success")
    batch = {"failures": [{"errorCode": "AccessDenied", "errorMessage": "x"}]}
    assert error(None, None, batch, "BatchX") == Error(None, None, "success")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Error("HttpStatus401", "auth-failed", "denied")),
        (403, Error("HttpStatus403", "denied", "denied")),
        (404, Error("HttpStatus404", "not-found", "error")),
        (422, Error("HttpStatus422", "invalid", "error")),
        (429, Error("HttpStatus429", "throttled", "error")),
        (502, Error("HttpStatus502", "server", "error")),
        (200, Error(None, None, "success")),
        ("401", Error(None, None, "success")),
    ],
)
def test_a_response_handed_through_tells_its_failure_by_the_status_beside_its_body(status, expected):
    passed_on = {"statusCode": status, "contentType": "application/json", "body": {"error": "no"}}
    assert error(None, None, passed_on, "InvokeX") == expected
    described = {"statusCode": status, "httpMethod": "GET"}
    assert error(None, None, described, "PutMethodResponse") == Error(None, None, "success")


@pytest.mark.parametrize(
    ("name", "details", "told", "expected"),
    [
        ("CreateAccountResult", {"createAccountStatus": {"state": "FAILED"}}, None, Error("FAILED", "other", "error")),
        ("JobStatusChanged", {"status": "Failed", "failureCodes": []}, None, Error("Failed", "other", "error")),
        (
            "login-auth.sso",
            {"result": {"statusType": "failure"}},
            None,
            Error("SigninFailure", "auth-failed", "denied"),
        ),
        ("login-auth.sso", {"result": {"statusType": "success"}}, None, SUCCESS),
        ("JobStatusChanged", {"status": "Complete", "jobs": [{"status": "Failed"}]}, None, SUCCESS),
        ("RotationFailed", None, {"SecretId": "db"}, Error("RotationFailed", "other", "error")),
        ("RotationSucceeded", None, {"SecretId": "db"}, SUCCESS),
        ("Token_POST", None, {"responseParameters": {"status": 400.0}}, Error("HttpStatus400", "invalid", "error")),
        ("Login_POST", None, {"responseParameters": {"status": 302}}, SUCCESS),
    ],
)
def test_a_service_event_tells_that_it_failed_by_its_state_its_page_or_its_name(name, details, told, expected):
    assert error(code_elsewhere(None, details, name, told), None, None, name) == expected


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        ("200", None, SUCCESS),
        ("302", None, SUCCESS),
        ("400", "The dashboard is not saved", Error("HttpStatus400", "invalid", "error")),
        ("401", None, Error("HttpStatus401", "auth-failed", "denied")),
        ("403", "Permission denied", Error("HttpStatus403", "denied", "denied")),
        ("404", None, Error("HttpStatus404", "not-found", "error")),
        ("500", None, Error("HttpStatus500", "server", "error")),
        ("2003", None, Error("2003", "other", "error")),
    ],
)
def test_an_error_code_that_is_an_http_status_is_an_error_only_from_400_on(status, message, expected):
    assert error(status, message, None, "create") == expected


def test_a_call_that_reports_a_failure_of_others_has_not_failed():
    assert code_elsewhere({"status": "FAILED"}, None, "PutJobFailureResult") is None
    assert code_elsewhere(None, None, "RespondActivityTaskFailed") is None


def test_a_message_alone_is_an_error():
    assert error(None, "Something broke", None, "X") == Error("ErrorMessageOnly", "other", "error")
    assert error("", "", None, "X") == Error(None, None, "success")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("Client.RequestLimitExceeded", None, "throttled"),
        ("ThrottlingException", "Rate exceeded", "throttled"),
        ("Client.VcpuLimitExceeded", None, "limit"),
        ("Server.InsufficientInstanceCapacity", None, "limit"),
        ("Client.PendingVerification", None, "limit"),
        ("NoSuchEntityException", "User access denied cannot be found", "not-found"),
        ("Client.InvalidGroup.NotFound", None, "not-found"),
        ("AWS.SimpleQueueService.NonExistentQueue", None, "not-found"),
        ("EntityAlreadyExistsException", None, "conflict"),
        ("InvalidDBInstanceStateFault", None, "conflict"),
        ("MalformedPolicyDocumentException", "Invalid principal in policy", "invalid"),
        ("ValidationException", None, "invalid"),
        ("InternalFailure", None, "server"),
        ("ExpiredTokenException", None, "auth-failed"),
        ("InvalidClientTokenId", None, "auth-failed"),
        ("CodeMismatchException", "Invalid code received for user", "auth-failed"),
        ("ExpiredCodeException", None, "auth-failed"),
        ("AuthenticationFailedException", None, "auth-failed"),
        ("UnknownResourceFault", None, "not-found"),
        ("UnknownError", None, "other"),
        (
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            "auth-failed",
        ),
        ("ClientException", "Cluster not found.", "not-found"),
        ("AccessToSnapshotDenied", None, "denied"),
        ("AuthorizationException", None, "denied"),
        ("InsufficientPermissionsException", None, "denied"),
        ("BlockedByOrganizationPolicyException", None, "denied"),
        ("UnauthenticatedException", None, "auth-failed"),
        ("APICallRateForCustomerExceeded", None, "throttled"),
        ("MaximumNumberOfTrailsExceededException", None, "limit"),
        ("MaxConcurrentQueriesException", None, "limit"),
        ("EntityNotExistsException", None, "not-found"),
        ("AWSOrganizationsNotInUseException", None, "not-found"),
        ("GroupExistsException", None, "conflict"),
        ("ConditionalCheckFailedException", None, "conflict"),
        ("ConcurrentUpdateException", None, "conflict"),
        ("KMSDisabledException", None, "conflict"),
        ("InstanceRefreshInProgress", None, "conflict"),
        ("BranchNameRequiredException", None, "invalid"),
        ("OptInRequired", None, "other"),
        ("ExpiredIteratorException", None, "invalid"),
        ("PasswordPolicyViolation", "Password does not conform to the account password policy.", "invalid"),
        ("DependencyViolation", None, "conflict"),
        ("DependencyFailureException", None, "server"),
        ("ServiceException", None, "server"),
        ("SomethingOfItsOwn", None, "other"),
    ],
)
def test_an_error_has_one_class(code, message, expected):
    assert error_class(code, message) == expected


def test_a_hostile_name_in_a_message_does_not_turn_a_missing_thing_into_a_refusal():
    assert error_class("NoSuchBucket", "bucket access-denied: not authorized to perform x") == "not-found"


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_no_json_value_makes_the_judgement_of_a_call_raise(one, two, three, four, five):
    assert error(one, two, three, four).outcome in {"success", "denied", "error", "dry-run"}
    assert error(None, None, one, two, three).outcome in {"success", "denied", "error"}
    assert isinstance(code_elsewhere(one, two, three, four), str | None)
    assert category(one, two, three, four, five)
    assert access("data", one, two) in {"read", "write"}
    assert is_global_service(one, two) in {True, False}
