"""AWS as the user may reach it: credentials, clients that retry, and its refusals in one line."""

import re
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from getpass import GetPassWarning, getpass
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.utils import parse_timestamp

from trailquery import hidden
from trailquery.errors import MachineError, TrailqueryError, UsageError

CONNECTIONS = 32  # at 20 to 50 ms an answer, as many as one process has the time to ask over
READ_TIMEOUT_S = 30.0
ATTEMPTS = 6
DEFAULT_REGION = "us-east-1"
_LONGEST_MESSAGE = 1_000  # characters
_REFUSED = ("AccessDenied", "AccessDeniedException", "403", "KMS.AccessDeniedException", "AllAccessDisabled")
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_MENDED = {  # error code of AWS: what to do
    "NoSuchBucket": "look for its name with: aws s3 ls",
    "InvalidAccessKeyId": "AWS does not know this access key; choose other credentials with --profile",
    "InvalidClientTokenId": "AWS does not know these credentials; choose others with --profile",
    "UnrecognizedClientException": "AWS does not know these credentials, or the region is not enabled for the account",
    "SignatureDoesNotMatch": "the secret key is not that of the access key; mend the profile",
    "NoSuchKey": "it was listed, and is gone",
    "404": "look for its name with: aws s3 ls",
    "PermanentRedirect": "it lies in another region than the endpoint; leave --endpoint-url out, or name its own",
    "RequestTimeTooSkewed": "set the clock of this machine",
    "InvalidObjectState": "it is archived; restore it with: aws s3api restore-object",
    **dict.fromkeys(EXPIRED, "sign in again, then run the same command: what is loaded stays"),
}

_ALWAYS: dict[str, str | bytes] = {  # operation: the header, or what of the body, each answer of AWS to it has
    "DescribeTrails": b"trailList",
    "GetBucketPolicy": b"Statement",
    "GetCallerIdentity": b"GetCallerIdentityResult",
    "GetEventSelectors": b"TrailARN",
    "GetObject": "ETag",
    "GetTrailStatus": b"IsLogging",
    "ListObjectVersions": b"ListVersionsResult",
    "ListObjectsV2": b"ListBucketResult",
    "ListPublicKeys": b"PublicKeyList",
    "LookupEvents": b'"Events"',
}
_NO_CREDENTIALS = "no AWS credentials found; name a profile with --profile, or run: aws configure"


class StrangeAnswerError(HTTPClientError):  # type: ignore[misc]  # botocore has no types
    """An answer of success that AWS does not give: taken as one, it would say that nothing is there."""

    fmt = "the answer to {operation} is not of AWS; something stands between, such as a proxy or a sign-in page"


class Access(NamedTuple):
    """How AWS is entered; a role is assumed again whenever its credentials end."""

    profile: str | None = None
    endpoint_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    mfa_serial: str | None = None
    session_name: str = "trailquery"
    request_payer: bool = False

    def session(self) -> boto3.Session:
        """A session whose calls all end their user agent with its name. Raises UsageError where there is no such profile."""
        try:
            session = boto3.Session(profile_name=self.profile)
            own = session.get_credentials()
        except BotoCoreError as error:
            named = f"--profile {self.profile}" if self.profile else "the profile of the environment"
            raise UsageError(
                f"{named}: {error}; mend ~/.aws/config, or choose from: aws configure list-profiles"
            ) from None
        session._session.user_agent_extra += " " + re.sub(r"[^\w.-]", "-", self.session_name, flags=re.ASCII)
        parsers = session._session.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=_timestamp)
        if self.role_arn:
            self._assume_role(session, own)
        return session

    def _assume_role(self, session: boto3.Session, own: Any) -> None:
        """Puts the credentials of the role in the place of the session's own. Raises UsageError when it has none."""
        if own is None:
            raise UsageError(f"--role-arn {self.role_arn}: {_NO_CREDENTIALS}")
        asked = {
            "RoleSessionName": self.session_name,
            "ExternalId": self.external_id,
            "SerialNumber": self.mfa_serial,
        }
        fetcher = AssumeRoleCredentialFetcher(
            partial(session._session.create_client, region_name=session.region_name or DEFAULT_REGION),
            own,
            self.role_arn,
            extra_args={name: value for name, value in asked.items() if value},
            mfa_prompter=_mfa_code,
        )
        session._session._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _timestamp(said: str | float) -> datetime:
    """As botocore reads it, but for the two ways in which S3 writes it: there botocore spends two thirds of a listing."""
    if isinstance(said, str) and said.endswith("Z"):
        return datetime.fromisoformat(said)
    if isinstance(said, str) and said.endswith("GMT"):
        return parsedate_to_datetime(said)
    return parse_timestamp(said)  # type: ignore[no-any-return]


def _mfa_code(prompt: str) -> str:
    """What is typed on the terminal, unseen. Raises UsageError where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)
            return getpass(hidden.text(prompt))
    except (EOFError, GetPassWarning):
        raise UsageError(
            "--mfa-serial: its code is asked for on a terminal, and there is none; sign in before, and leave it out"
        ) from None


def client(session: boto3.Session, service: str, region: str | None, endpoint_url: str | None = None) -> Any:
    """A client of `service` that retries throttling, 5xx and connection errors with jitter. Raises UsageError."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        connect_timeout=10,
        read_timeout=READ_TIMEOUT_S,
    )
    region = region or session.region_name or DEFAULT_REGION
    try:
        made = session.client(service, region_name=region, endpoint_url=endpoint_url, config=config)
    except InvalidRegionError as error:
        raise UsageError(f"AWS_REGION: {error}; they are written like eu-west-1") from None
    except ValueError as error:
        raise UsageError(f"--endpoint-url {endpoint_url}: {error}; write http(s)://host[:port]") from None
    made.meta.events.register("before-parse", _refuse_strange)
    return made


def _refuse_strange(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    mark = _ALWAYS.get(operation_model.name)
    said = response_dict["headers" if isinstance(mark, str) else "body"]
    if mark and response_dict["status_code"] < 300 and mark not in said:
        raise StrangeAnswerError(operation=operation_model.name)


@contextmanager
def asking() -> Iterator[ThreadPoolExecutor]:
    """Threads to ask AWS with. Who stops does not wait for answers, which may never end."""
    pool = ThreadPoolExecutor(CONNECTIONS)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def caller(session: boto3.Session, region: str | None = None) -> tuple[str, str]:
    """Account id and ARN of whose credentials these are. Raises as `told` says."""
    try:
        identity = client(session, "sts", region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise told("sts:GetCallerIdentity", error) from None
    return identity["Account"], identity["Arn"]


def code_of(error: BotoCoreError | ClientError) -> str:
    """The error code of AWS, or the status of an answer that has none."""
    if not isinstance(error, ClientError):
        return ""
    return str(error.response.get("Error", {}).get("Code") or error.response["ResponseMetadata"]["HTTPStatusCode"])


def message_of(error: BotoCoreError | ClientError) -> str:
    """Its first line: a proxy's page may stand in the place of a message."""
    said = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else error
    return str(said).strip().partition("\n")[0][:_LONGEST_MESSAGE].rstrip(".: ")


def reason(error: BotoCoreError | ClientError, permission: str = "") -> str:
    """What AWS said, and what to do; `permission` is what a plain refusal lacks."""
    if not isinstance(error, ClientError):
        return message_of(error)
    code, message = code_of(error), message_of(error)
    if missing := lacking(error, permission or "a permission"):
        mend = f"{missing} is missing"
    elif code.startswith("KMS."):
        mend = "the KMS key that seals it is disabled or gone; ask its owner"
    else:
        mend = _MENDED.get(code, "run the same command again")
    return f"{code}{': ' if message else ''}{message}; {mend}"


def lacking(error: BotoCoreError | ClientError, permission: str) -> str | None:
    """The permission that a refusal lacks, which is `permission` unless it says otherwise; None for other faults."""
    if not isinstance(error, ClientError) or code_of(error) not in _REFUSED:
        return None
    if error.operation_name == "AssumeRole":
        return "sts:AssumeRole"
    return "kms:Decrypt" if "kms" in f"{code_of(error)} {message_of(error)}".lower() else permission


def told(where: str, error: BotoCoreError | ClientError, permission: str = "") -> TrailqueryError:
    """The error to raise where nothing can be read: a wrong request, or a machine or network that failed."""
    if isinstance(error, NoCredentialsError):
        return UsageError(f"{where}: {_NO_CREDENTIALS}")
    if isinstance(error, NoRegionError):
        return UsageError(f"{where}: no region; set AWS_REGION")
    if isinstance(error, ConnectionError | HTTPClientError):
        return MachineError(f"{where}: {error}; look at --endpoint-url, the network and the proxy")
    if isinstance(error, ClientError) and error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500:
        return MachineError(f"{where}: {reason(error)}")
    return UsageError(f"{where}: {reason(error, permission)}")
