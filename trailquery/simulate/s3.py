"""Calls of S3, whose records all have the same frame."""

from collections.abc import Mapping

from trailquery.simulate.record import Template
from trailquery.simulate.services import S3_EXTRA

BUCKET = {"accountId": "$account$", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::$bucket$"}
OBJECT = {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::$bucket$/$object$"}
XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
HOST = "$bucket$.s3.$region$.amazonaws.com"


def bucket_call(
    name: str,
    request: Mapping[str, object] | None = None,
    *,
    read: bool = False,
    error: tuple[str, str] | None = None,
) -> Template:
    """A call on a bucket itself: the hole is `bucket`."""
    return Template(
        "s3",
        name,
        read=read,
        request={"bucketName": "$bucket$", "Host": HOST} | dict(request or {}),
        error=error,
        additional=S3_EXTRA,
        resources=[BUCKET] if name != "CreateBucket" else None,
        request_id="$s3_request$",
        host="$bucket$.s3.%s.amazonaws.com",
    )


def object_call(
    name: str,
    request: Mapping[str, object] | None = None,
    *,
    read: bool = False,
    error: tuple[str, str] | None = None,
    response: Mapping[str, object] | None = None,
    additional: Mapping[str, object] | None = None,
) -> Template:
    """A call on an object, a data event: the holes are `bucket` and `object`."""
    return Template(
        "s3",
        name,
        category="Data",
        read=read,
        request={"bucketName": "$bucket$", "Host": HOST, "key": "$object$"} | dict(request or {}),
        response=response,
        error=error,
        additional=additional or S3_EXTRA,
        resources=[OBJECT, BUCKET],
        request_id="$s3_request$",
        host="$bucket$.s3.%s.amazonaws.com",
    )


REFUSED = ("AccessDenied", "Access Denied")
NO_LOCK = bucket_call(
    "GetBucketObjectLockConfiguration",
    {"object-lock": ""},
    read=True,
    error=("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"),
)
GET_OBJECT = object_call("GetObject", read=True)
LIST_OBJECTS = Template(
    "s3",
    "ListObjects",
    category="Data",
    read=True,
    request={"list-type": "2", "bucketName": "$bucket$", "Host": HOST, "encoding-type": "url", "prefix": ""},
    additional=S3_EXTRA,
    resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::$bucket$/"}, BUCKET],
    request_id="$s3_request$",
    host="$bucket$.s3.%s.amazonaws.com",
)
