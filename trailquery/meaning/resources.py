"""Every resource a record names, wherever it names it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple
from urllib.parse import unquote

from trailquery.meaning.fields import HIDDEN, items, mapping, text, text_at
from trailquery.meaning.kinds import (
    Kind,
    kind_of_parameter,
    kind_of_type,
    kind_of_value,
    kind_of_word,
    label,
    plain_name,
    read_arn,
)
from trailquery.meaning.nouns import OF_AN_ID, kind_named, noun
from trailquery.meaning.storage import S3, object_key

MOST_RESOURCES = 1_000
LONGEST_NAME = 1_024
_MOST_VALUES, _DEEPEST, _LONGEST_PARAMETER = 5_000, 12, 128

# Wrappers of XML lists and single values: what they hold goes by the name of their parent.
_TRANSPARENT = frozenset({"items", "item", "member", "content", "value"})
_LEFT_OUT = frozenset({"tag", "tags", "tagset", "tagslist", "tagspecificationset", "tagspecification"})
_POLICY = "bucketPolicy"  # a policy names resources and callers; it is not what the call is about
_PLAIN = frozenset({"id", "name", "arn"})  # of the thing that the object they stand in is named after
_OBJECT = kind_of_word("s3", "object")._replace(rank=0)
_ENVELOPE = re.compile(r"[A-Z]\w*(Request|Response)")
_DESCRIBING = ("Create", "Modify", "Put", "Register", "Set", "Update")  # PutRecorder sends recorder.name
_CONTEXT = re.compile(r"ilters?(?:Set|List)?(?:\.|$)|encryptionContext")
_IN_MESSAGE = re.compile(
    r"on (?:the )?resource:? (?:\(?(user|role|group|policy|instance profile) )?"
    r"[\"'(]?([^\s\"']{1,1024}?)[\"').,;:]*(?:\s|$)"
)


class Resource(NamedTuple):
    type: str | None
    name: str
    arn: str | None
    account_id: str | None
    via: str


class Mention(NamedTuple):
    """A resource, and what tells whether it is the subject of the call."""

    resource: Resource
    label: str
    kind: Kind
    is_subject: bool  # named by a parameter of its own, not in a filter or a context


class Mentions(NamedTuple):
    """What each part of a record names; `told` is in what service events have for a request."""

    listed: list[Mention]
    asked: list[Mention]
    filtered: list[Mention]
    answered: list[Mention]
    told: list[Mention]
    refused: list[Mention]


def mentions(
    service: object,
    api: object,
    request: object,
    response: object,
    resources: object,
    error_message: object,
    *details: object,
) -> Mentions:
    """What a record names; `details` are serviceEventDetails and additionalEventData of a service event."""
    service, api = text(service) or "", text(api) or ""
    refused = in_message(error_message) if error_message else None
    return Mentions(
        listed(resources) if resources else [],
        in_parameters(service, api, request, "request") + in_targets(service, request) + in_tags(service, request)
        if request
        else [],
        in_filters(service, api, request) if request else [],
        in_parameters(service, api, response, "response") if response else [],
        _in_its_account([one for said in details if said for one in in_parameters(service, api, said, "details")]),
        [refused] if refused else [],
    )


def _in_its_account(told: list[Mention]) -> list[Mention]:
    """The role that Identity Center lets a user into lies in the account that is told beside it."""
    owner = next((one.resource.name for one in told if (one.kind.service, one.kind.word) == ("sso", "account")), None)
    return [
        one._replace(resource=one.resource._replace(account_id=owner)) if owner and one.kind.word == "role" else one
        for one in told
    ]


def resources_named(found: Mentions) -> list[Resource]:
    """Every resource the record names, once each, in a stable order; at most 1,000."""
    named: dict[tuple[str | None, str], list[Resource]] = {}
    count = 0
    for mention in chain.from_iterable(found):
        one = mention.resource
        same_name = named.get((one.type, one.name))
        if same_name is None:
            same_name = named[one.type, one.name] = []
        elif one.arn is None or any(known.arn == one.arn for known in same_name):
            continue
        elif same_name[0].arn is None:
            same_name[0] = one._replace(via=same_name[0].via)
            continue
        if count == MOST_RESOURCES:
            break
        same_name.append(one)
        count += 1
    return [resource for same_name in named.values() for resource in same_name]


def listed(resources: object) -> list[Mention]:
    """The record's own list, whose entries may have ARN, arn or ARNPrefix, and lack type or account.

    The entry of an identity store has its bare id for an ARN.
    """
    found = []
    for entry in resources if isinstance(resources, list) else [resources]:
        said = mapping(entry)
        type_name, value = text(said.get("type")), text(said.get("ARN")) or text(said.get("arn"))
        mention = _listed(value or text(said.get("ARNPrefix")) or "", type_name)
        if mention:
            known = mention.resource
            type_name, account_id = type_name or known.type, text(said.get("accountId")) or known.account_id
            found.append(mention._replace(resource=known._replace(type=type_name, account_id=account_id)))
    return found


def _listed(value: str, type_name: str | None) -> Mention | None:
    if value.startswith("arn:"):
        return _from_arn(value, "resources", None, False)
    kind = kind_of_type("", type_name) if 0 < len(value) <= LONGEST_NAME else None
    return _mention(kind, value, "resources", False) if kind else None


def in_parameters(service: str, api: str, document: object, origin: str) -> list[Mention]:
    """What request or response name: by parameter, by ARN, by the form of an id."""
    found = []
    said = mapping(document)
    bucket = text(said.get("bucketName")) if service in S3 else None
    key = object_key(service, said) if bucket else None
    if key:
        found.append(_mention(_OBJECT, f"{bucket}/{key}", f"{origin}.key", True))
    outermost = _outermost(service, api, origin, text(said.get("resourceType")))
    waiting: list[tuple[_Place, object]] = [(outermost, _unwrapped(said))]
    seen = 0
    while waiting and seen < _MOST_VALUES:
        place, value = waiting.pop()
        seen += 1
        if isinstance(value, str):
            mention = place.read(value)
            if mention:
                found.append(mention)
        elif isinstance(value, dict) and place.depth < _DEEPEST:
            for key in reversed(value):
                inside = _inside(place, key)
                if inside:
                    waiting.append((inside, value[key]))
        elif isinstance(value, list) and value and place.depth < _DEEPEST:
            member = _inside(place, None) or place
            waiting.extend((member, one) for one in reversed(value))
    return found


class _Place:
    """Where in a request or response a value stands, and what follows from that alone."""

    __slots__ = ("call", "depth", "is_subject", "kind", "name", "path", "via")

    def __init__(self, call: tuple[str, str, str, str | None], name: str, path: str, depth: int) -> None:
        self.call, self.name, self.path, self.depth = call, name, path, depth
        service, api, origin, resource_type = call
        self.via = f"{origin}.{path}"
        outside = path.rpartition(".")[0]  # of a member of a list the depth is more
        is_described = depth == 2 and outside.lower().removesuffix("input") == noun(api) and api.startswith(_DESCRIBING)
        is_context = not is_described and _CONTEXT.search(path) is not None
        is_plain = name in _PLAIN or name.lower() == f"{noun(api)}id"
        is_own = "." not in path or (is_described and (origin == "request" or is_plain))
        self.kind = None if is_context else kind_named(service, api, name, is_own)
        if self.kind and self.kind.rank == OF_AN_ID and origin != "request":
            self.kind = None  # answers have ids of whatever they tell of
        if self.kind is None and is_plain and outside and not is_context:
            self.kind = kind_of_parameter(service, outside.rpartition(".")[2])  # domainName.name, target.id
        if path == "resourceId" and self.kind is None:
            self.kind = kind_of_type(service, resource_type)
        self.is_subject = not is_context and ("." not in path or name == "resourceId")

    def read(self, value: str) -> Mention | None:
        is_name = len(value) <= LONGEST_NAME and value != HIDDEN and value.strip("*") != ""  # masked: ****
        return _read(
            value, self.kind if is_name else None, self.via, self.is_subject or (is_name and self.kind is not None)
        )


@lru_cache(maxsize=4_096)
def _outermost(service: str, api: str, origin: str, resource_type: str | None) -> _Place:
    is_short = resource_type is not None and len(resource_type) <= _LONGEST_PARAMETER
    return _Place((service, api, origin, resource_type if is_short else None), "", "", 0)


@lru_cache(maxsize=16_384)
def _inside(place: _Place, key: str | None) -> _Place | None:
    """The place of a key in `place`, or, without a key, of a list's members; None where nothing counts."""
    name, path = place.name, place.path
    if key is not None:
        if len(key) > _LONGEST_PARAMETER or key == _POLICY or key.lower() in _LEFT_OUT:
            return None
        if key != name and not (name and key in _TRANSPARENT):
            name, path = key, f"{path}.{key}" if path else key
    return _Place(place.call, name, path, place.depth + 1)


def _unwrapped(document: Mapping[str, object]) -> Mapping[str, object]:
    """`document` without the `<Api>Request` that newer EC2 APIs put around the whole, but for the XML namespace."""
    parts = [part for part in document.items() if part[0] != "xmlns"]
    name, inner = parts[0] if len(parts) == 1 else ("", None)
    return inner if isinstance(inner, dict) and _ENVELOPE.fullmatch(name) else document


def in_targets(service: str, request: object) -> list[Mention]:
    """The machines that a command is for, named one by one: `targets` of Systems Manager with the key InstanceIds.

    Source: Systems Manager API Reference, "Target"; other keys are tags and resource groups.
    """
    kind = kind_of_parameter(service, "target") if service == "ssm" else None
    named = [
        text(value)
        for entry in (items(mapping(request).get("targets")) if kind else ())
        if (text_at(entry, "key") or "").lower() == "instanceids"
        for value in items(mapping(entry).get("values"))
    ]
    is_name = [one for one in named if one and one != "*" and len(one) <= LONGEST_NAME]
    return [_mention(kind, one, "request.targets", True) for one in is_name if kind]


def in_tags(service: str, request: object) -> list[Mention]:
    """The groups that tags of Auto Scaling are for: each tag names its own.

    Source: Amazon EC2 Auto Scaling API Reference, "Tag".
    """
    tags = [mapping(one) for one in items(mapping(request).get("tags"))] if service == "autoscaling" else []
    named = [(kind_of_type(service, text(tag.get("resourceType"))), text(tag.get("resourceId"))) for tag in tags]
    return [
        _mention(kind, name, "request.tags.resourceId", True)
        for kind, name in named
        if kind and name and len(name) <= LONGEST_NAME
    ]


def in_filters(service: str, api: str, request: object) -> list[Mention]:
    """What the filters of a listing call name: `vpc-id` is vpc-1, `InstanceIds` are i-1 and i-2.

    They are {name, valueSet} in EC2, {key, values} elsewhere. A filter on a bare `name` is a pattern or a
    prefix unless it says Equals.
    """
    found = []
    for parameter, entries in _unwrapped(mapping(request)).items():
        for entry in items(entries) if "ilter" in parameter else ():
            said = {name.lower(): value for name, value in mapping(entry).items()}
            key = text(said.get("name")) or text(said.get("key")) or ""
            kind = _kind_filtered(service, api, key, said.get("option") == "Equals")
            for one in items(said.get("values") or said.get("valueset") or said.get("value")):
                value = text(one) or text_at(one, "value") or text_at(one, "content") or HIDDEN
                is_name = value != HIDDEN and len(value) <= LONGEST_NAME and not {"*", "?"} & set(value)
                via = f"request.{parameter}.{key[:_LONGEST_PARAMETER]}"
                mention = _read(value, kind, via, False) if is_name else None
                if mention:
                    found.append(mention)
    return found


def _kind_filtered(service: str, api: str, key: str, is_exact: bool) -> Kind | None:
    """The kind that a filter tells: `vpc-id`, `attachment.instance-id`, `route-table-association-id`, `InstanceIds`."""
    if len(key) > _LONGEST_PARAMETER:
        return None
    words = key.rpartition(".")[2].split("-")
    if key.lower() == "name":
        return kind_named(service, api, "names", True) if is_exact else None
    endings = ("".join(words[start:]) for start in range(max(1, len(words) - 1)))
    return next((kind for ending in endings if (kind := kind_of_parameter(service, ending))), None)


def _read(value: str, kind: Kind | None, via: str, is_subject: bool) -> Mention | None:
    """The resource that a value names; an ARN or id knows its kind better than the parameter.

    What stood in the path of a REST call is recorded as it was sent: an ARN with %3A and %2F.
    """
    if value.startswith("arn%3A"):
        value = unquote(value)
    if value.startswith("arn:"):
        return _from_arn(value, via, kind, is_subject)
    if value.startswith("s3://"):
        return _from_uri(value[5:], via, kind, is_subject)
    by_value = kind_of_value(value)
    kind = _ranked(by_value, kind) if by_value else kind
    return _mention(kind, value, via, is_subject) if kind and value.strip() else None


def in_message(error_message: object) -> Mention | None:
    """The resource in the text of a refusal: `... is not authorized to perform: x on resource: arn:...`."""
    match = _IN_MESSAGE.search(text(error_message) or "")
    if match is None or len(match[2]) > LONGEST_NAME:
        return None
    if match[1]:
        kind = kind_of_word("iam", match[1].replace(" ", "-"))
        return _mention(kind, match[2], "errorMessage", True)
    return _from_arn(match[2], "errorMessage", None, True)


@lru_cache(maxsize=2_048)
def _from_arn(arn: str, via: str, like: Kind | None, is_subject: bool) -> Mention | None:
    parts = read_arn(arn) if len(arn) <= LONGEST_NAME * 2 else None
    if parts is None or len(parts.name) > LONGEST_NAME:
        return None
    kind = kind_of_word(parts.service, parts.word)
    shown = label(kind.service, kind.word, parts.name)
    named = Resource(kind.type, parts.name, arn, parts.account_id, via)
    return Mention(named, shown, _ranked(kind, like), is_subject)


def _from_uri(place: str, via: str, like: Kind | None, is_subject: bool) -> Mention | None:
    """The bucket, or what lies in it, of `s3://bucket/key`."""
    bucket, _, key = place.partition("/")
    if not bucket or len(place) > LONGEST_NAME:
        return None
    kind = kind_of_word("s3", "object" if key else "bucket")
    name = place if key else bucket
    return Mention(Resource(kind.type, name, None, None, via), f"s3://{name}", _ranked(kind, like), is_subject)


@lru_cache(maxsize=4_096)
def _ranked(kind: Kind, like: Kind | None) -> Kind:
    """`kind`, as likely the subject of the call as the kind that the parameter tells."""
    return kind._replace(rank=like.rank, stem=like.stem) if like else kind


def _mention(kind: Kind, value: str, via: str, is_subject: bool) -> Mention:
    name = value
    if kind.service == "sqs" and "/" in value:
        name = value.rstrip("/").rpartition("/")[2]
    elif kind.word == "function":
        name = value.rpartition("function:")[2].partition(":")[0] or value
    elif kind.service == "kms" and value.startswith("alias/"):
        kind, name = kind_of_word("kms", "alias")._replace(rank=kind.rank, stem=kind.stem), value[6:]
    elif kind.service == "route53":
        name = value.rpartition("/")[2] or value
    elif kind.service not in ("s3", "secretsmanager"):
        name = plain_name(kind.service, kind.word, value) or value
    return Mention(Resource(kind.type, name, None, None, via), label(kind.service, kind.word, name), kind, is_subject)
