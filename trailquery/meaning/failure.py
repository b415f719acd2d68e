"""Whether a call worked, and if not, why.

Errors do not always stand in errorCode: a failed sign-in writes `Failure` into the element named after the
event, some services put the error into responseElements, some give only a message. Nor is all that stands there an
error: Managed Grafana writes the HTTP status of every request, 200 as well as 403.
"""

import re
from typing import NamedTuple

from trailquery.meaning.fields import at, mapping, text, text_at

SIGNIN_FAILURE = "SigninFailure"
ERROR_MESSAGE_ONLY = "ErrorMessageOnly"

_ENVELOPE = frozenset({"errorCode", "requestId", "requestID"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*")
_STATUS = re.compile(r"[1-5][0-9]{2}")
_FAILED = frozenset({"FAILED", "FAILURE"})


class Error(NamedTuple):
    error_code: str | None
    error_class: str | None
    outcome: str | None  # null of what is no call


_SUCCESS = Error(None, None, "success")

# In this order: a code that is plain about its class, then the message, then the codes that say little
# ("Invalid...", "ClientException") and hide refusals. Messages quote names that callers choose, so they
# come second.
_PLAIN_CODES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("dry-run", r"DryRunOperation"),
        (
            "throttled",
            r"throttl|RequestLimitExceeded|TooManyRequests|SlowDown|RateExceeded|CallRate\w*Exceeded"
            r"|ThroughputExceeded|^HttpStatus429$",
        ),
        (
            "auth-failed",
            r"SigninFailure|ExpiredToken|RequestExpired|InvalidClientTokenId|SignatureDoesNotMatch"
            r"|UnrecognizedClient|Unauthenticated|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|AuthFailure|InvalidAccessKeyId"
            r"|InvalidIdentityToken|IDPRejectedClaim|RequestTimeTooSkewed|InvalidToken$|AuthenticationFailed|CodeMismatch"
            r"|ExpiredCode|^HttpStatus401$",
        ),
        (
            "denied",
            r"Access(To\w+)?Denied|Unauthori[sz]ed|NotAuthori[sz]ed|Authorization(Error|Exception)|Forbidden"
            r"|Insufficient\w*(Privilege|Permission)|AccessNotAllowed|PermissionDenied|AllAccessDisabled"
            r"|BlockedByOrganizationPolicy|^HttpStatus403$",
        ),
        (
            "limit",
            r"Limit|Quota|Insufficient\w*Capacity|TooMany|Exceed|^Max|NoFreeAddresses|OutOfCapacity"
            r"|InsufficientFreeAddresses|PendingVerification",
        ),
        (
            "not-found",
            r"NotFound|NoSuch|NotExist|NonExistent|NotEnabled|NotRegistered|NotInUse|Unknown(?!Parameter|Operation|Error|Exception)|^HttpStatus404$",
        ),
        (
            "conflict",
            r"Already|Exists|Duplicate|Conflict|InUse|State(?!ment)|DependencyViolation|NotEmpty|Concurrent"
            r"|InProgress|NotReady|Disabled|TemporarilyUnmodifiable|OperationAborted|OperationNotPermitted"
            r"|PreconditionFailed|ConditionalCheckFailed|TransactionCanceled|OptimisticLock|NotConnected",
        ),
    )
)
_MESSAGES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("throttled", r"^rate exceeded"),
        ("auth-failed", r"failed authentication|invalid mfa|^incorrect username or password"),
        (
            "denied",
            r"not authorized (to|for)\b|access denied|explicit deny|cannot be assumed by"
            r"|insufficient permissions|(does not|do not|don't) have [\w ]*permission",
        ),
        ("server", r"service is (currently |temporarily )?unavailable"),
        ("not-found", r"\bnot found\.?$|does not exist\.?$|cannot be found\.?$"),
    )
)
_VAGUE_CODES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "server",
            r"Internal|Unavailable|ServiceFailure|^Server\.|ServerException|^ServiceException$|BadGateway"
            r"|FailedDependency|DependencyFail|Timeout|TimedOut|^HttpStatus5",
        ),
        (
            "invalid",
            r"Validation|Invalid|Malformed|Missing|BadRequest|Parameter|ClientException|Unsupported|NotSupported"
            r"|Illegal|TooLarge|TooLong|TooSmall|UnknownOperation|(?<!OptIn)Required|Argument|Mismatch|Incompatible"
            r"|Unprocessable|Syntax|Parsing|Expired|Violation|^Incorrect|^HttpStatus4",
        ),
    )
)
_MFA_REFUSED = re.compile(r"^MultiFactorAuthentication failed", re.IGNORECASE)


def error(
    error_code: object, error_message: object, response: object, event_name: object, details: object = None
) -> Error:
    """Code, class and outcome; `details` is serviceEventDetails, where Identity Center writes sign-ins."""
    code, message = said_code(error_code), text(error_message)
    code = code or code_elsewhere(response, details, event_name)
    if code is None and message is None:
        return _SUCCESS
    code = code or ERROR_MESSAGE_ONLY
    why = error_class(code, message)
    outcome = {"denied": "denied", "auth-failed": "denied", "dry-run": "dry-run"}.get(why, "error")
    return Error(code, why, outcome)


def error_class(code: str, message: str | None) -> str:
    """denied, auth-failed, throttled, limit, not-found, conflict, invalid, server, dry-run or other."""
    if message and _MFA_REFUSED.search(message):
        return "auth-failed"
    steps = ((_PLAIN_CODES, code), (_MESSAGES, message or ""), (_VAGUE_CODES, code))
    return next((name for patterns, said in steps for name, pattern in patterns if pattern.search(said)), "other")


def said_code(error_code: object) -> str | None:
    """errorCode; of a HTTP status `HttpStatus403`, or nothing where the status is no error."""
    code = text(error_code)
    if code is None or not _STATUS.fullmatch(code):
        return code
    return f"HttpStatus{code}" if code >= "400" else None


def code_elsewhere(response: object, details: object, event_name: object, told: object = None) -> str | None:
    """The error that stands in responseElements, or in what a service event tells: `details` and `told`."""
    code = _code_in(response, event_name) or _code_in(details, event_name)
    if code is None and (details or told):
        state = _failed_state(details)
        if state and (text(event_name) or "").startswith("login"):  # `login-auth.sso` of Managed Grafana
            return SIGNIN_FAILURE
        return state or _refused_page(told) or _named_failure(event_name)
    return code


def _failed_state(details: object) -> str | None:
    """`FAILED`, the state that a lifecycle event reports: in serviceEventDetails or in an object of it."""
    said = mapping(details)
    states = (text_at(one, name) for one in (said, *said.values()) for name in ("state", "status", "statusType"))
    return next((state for state in states if state and state.upper() in _FAILED), None)


def _refused_page(told: object) -> str | None:
    """How a page of Cognito's hosted sign-in answered, which additionalEventData tells."""
    status = at(told, "responseParameters", "status")
    return f"HttpStatus{status:.0f}" if isinstance(status, int | float) and 400 <= status < 600 else None


def _named_failure(event_name: object) -> str | None:
    """`RotationFailed`, the name of what a service reports."""
    name = text(event_name)
    return name if name and name.endswith("Failed") else None


def _code_in(element: object, event_name: object) -> str | None:
    """The error that an element tells of the call.

    An `errorCode` there is the error of the call only when it comes with a message or alone: in a fuller
    response it describes something that the call reports on. So does a `statusCode`, unless beside the `body`.
    """
    said = mapping(element)
    if not said:
        return None
    name = text(event_name)
    if name and said.get(name) == "Failure":
        return SIGNIN_FAILURE
    status = said.get("statusCode")
    if "body" in said and isinstance(status, int) and 400 <= status < 600:
        return f"HttpStatus{status}"
    code = text(said.get("errorCode"))
    if code is None or not _CODE.fullmatch(code):
        return None
    return code if text(said.get("errorMessage")) or _ENVELOPE.issuperset(said) else None
