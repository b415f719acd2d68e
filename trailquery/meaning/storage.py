"""S3 bucket, object key, bytes moved."""

from trailquery.meaning.fields import HIDDEN, mapping, text, text_at, whole_number

S3 = frozenset({"s3", "s3express", "s3-outposts"})


def bucket(service: object, request: object, resources: object) -> str | None:
    """The bucket of an S3 call, else of the record's resource list."""
    if service not in S3:
        return None
    name = text_at(request, "bucketName") or text_at(request, "bucket")
    if name:
        return _plain_bucket(name)
    for entry in resources if isinstance(resources, list) else []:
        arn = text_at(entry, "ARN") or text_at(entry, "arn") or ""
        head, _, rest = arn.partition(":s3:::")
        if head.startswith("arn:") and rest:
            return text(rest.partition("/")[0])
    return None


def object_key(service: object, request: object) -> str | None:
    key = text_at(request, "key") or text_at(request, "Key") if service in S3 else None
    return None if key == HIDDEN else key


def bytes_moved(additional: object, outcome: object) -> tuple[int | None, int | None]:
    """Bytes sent to and received from the caller; of a refused call they are the size of the error: null."""
    if outcome != "success":
        return None, None
    said = mapping(additional)
    return whole_number(said.get("bytesTransferredOut")), whole_number(said.get("bytesTransferredIn"))


def _plain_bucket(name: str) -> str:
    """The name of a bucket given by name or by ARN; an access point keeps its ARN."""
    return name.partition(":::")[2] or name if name.startswith("arn:") else name
