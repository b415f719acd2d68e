"""The one readable string for what a call was aimed at."""

import re

from trailquery.meaning.fields import at, items, text, text_at
from trailquery.meaning.kinds import Kind, label
from trailquery.meaning.nouns import OF_AN_ID, noun
from trailquery.meaning.resources import Mention, Mentions
from trailquery.meaning.rules import security_group_rules

_CREATING = ("Create", "Run", "Allocate", "Import", "Register", "Copy", "Restore")
_SIGNS = {"Attach": "+", "Add": "+", "Detach": "-", "Remove": "-", "Associate": "+", "Disassociate": "-"}
_LINKS = re.compile(r"(?:Attach|Add|Detach|Remove|Associate|Disassociate)([A-Z]\w*?)(?:To|From|With)([A-Z]\w*)")
_TYING = re.compile(r"(?:Disa|A)ssociate(?!ResourceShare)[A-Z]\w*")  # AssociateWebACL: of what it is to guard
_SHARING = re.compile(r"Add\w*Permission|(Associate|Create|Disassociate)ResourceShare|(Authorize|Revoke)\w*Access")
_SHARERS = ("principal", "principals", "aWSAccountId", "aWSAccountIds", "accountWithRestoreAccess")
_CHANGES = (("+", "add", "valuesToAdd", "accountIdsToAdd"), ("-", "remove", "valuesToRemove", "accountIdsToRemove"))
_TAKERS = ("userId", "group", "organizationArn", "organizationalUnitArn")  # of a snapshot or image
_SHALLOW = 2  # dots in `request.instancesSet.instanceId`; deeper parameters are details of the call
_BY_RANK = frozenset({"iam", "organizations"})  # about the user even when called after the key
# About the key it opens, the stream it ends, the rule that calls it, the machine it runs on, the zone it opens.
_OF_ANOTHER = frozenset(
    {
        ("kms", "grant"),
        ("firehose", "destination"),
        ("events", "targets"),
        ("ssm", "association"),
        ("route53", "vpcassociationauthorization"),
        ("ec2", "replacerootvolumetask"),  # the instance that gets another root
    }
)
# What a call is about that has no parameter for it: the one of the account.
_IMPLIED = {
    ("glue", "GetResourcePolicy"): "catalog",
    ("glue", "PutResourcePolicy"): "catalog",
    ("glue", "DeleteResourcePolicy"): "catalog",
    ("ecr", "PutRegistryPolicy"): "registry",
    ("ecr", "DeleteRegistryPolicy"): "registry",
}
# They act on instances, on users, for roles.
_OTHERS_COME_FIRST = frozenset({"ssm", "ec2-instance-connect", "codestar", "rolesanywhere"})


def target(
    service: object,
    api: object,
    request: object,
    response: object,
    found: Mentions,
    account_id: object = None,
) -> str | None:
    """What the call was aimed at: `s3://bucket/key`, `role/Admin`, `sg-1 +tcp/22 0.0.0.0/0`; or null.

    `found` is what the record names, `account_id` its account: a resource of another account is shown with its own.
    """
    service, api = text(service) or "", text(api) or ""
    if service == "ec2" and "SecurityGroup" in api:
        rules = security_group_rules(api, request, response)
        if rules:
            return rules
    asked = _told(found.asked)
    subjects = _subjects(service, api, asked, found.answered if api.startswith(_CREATING) else [])
    subjects = (
        subjects
        or _innermost(found.listed)
        or _likeliest(service, _told(found.told) or found.told)
        or found.refused
        or _likeliest(service, found.filtered)
        or _likeliest(service, [one for one in found.answered if _is_main(one, noun(api))])
    )
    if not subjects:
        return _IMPLIED.get((service, api))
    return _shown(_in_database(subjects, asked), account_id) + (
        _attached(service, api, asked, subjects[0]) or _shared(api, request)
    )


def _subjects(service: str, api: str, asked: list[Mention], made: list[Mention]) -> list[Mention]:
    """The mentions of one parameter: what the API is about, else the likeliest that was sent.

    An IAM call is about the user, role or group even when it is named after the key or policy. What a creating
    call made has its id only in the response, which tells more than the role or the bucket it is made with.
    """
    if len(asked) < 2 and not made:
        return asked
    if service in _BY_RANK or (service, noun(api)) in _OF_ANOTHER:
        return _likeliest(service, asked) or _likeliest(service, _told(made))
    link = _LINKS.fullmatch(api)
    linked = [one for one in asked if link and _is_one_of({link[2].lower()}, one.kind)]
    if linked:
        return _likeliest(service, linked)
    about = noun(api)
    wanted = {about, about.removesuffix("s")} - {""}
    exact = [one for one in asked if _is_one_of(wanted, one.kind)]
    if exact and _TYING.fullmatch(api) and api.lower().endswith(about):
        tied_to = [one for one in asked if not _is_one_of(wanted, one.kind)]
        return _likeliest(service, tied_to or exact)
    created = [one for one in made if _is_one_of(wanted, one.kind)] if service == "ec2" or not exact else []
    if created or exact:
        return _likeliest(service, created or exact)
    begun = [one for one in asked if one.kind.stem and about.startswith(one.kind.stem)]
    surely = [one for one in begun if one.kind.rank < OF_AN_ID]
    if surely or service in _OTHERS_COME_FIRST:
        begun = surely
    elif begun:  # of CreateAgentActionGroup the name of the action group, else the id of the agent
        begun = [one for one in asked if one.kind.stem and about.endswith(one.kind.stem)] or begun
    is_of_others = all(one.kind.service != service for one in asked)
    own = [one for one in _told(made) if is_of_others and one.kind.service == service]
    return _likeliest(service, begun or own or asked or _told(made))


def _innermost(listed: list[Mention]) -> list[Mention]:
    """Those that the list does not name as the holders of others: a table without its bucket."""
    arns = [one.resource.arn or "" for one in listed]
    return [
        one
        for one, arn in zip(listed, arns, strict=True)
        if not any(other.startswith((f"{arn}/", f"{arn}:")) for other in arns)
    ]


def _is_main(answered: Mention, about: str) -> bool:
    """It stands at the top of the answer, or is what the call is about."""
    return answered.resource.via.count(".") == 1 or _is_one_of({about} - {""}, answered.kind)


def _told(mentions: list[Mention]) -> list[Mention]:
    return [one for one in mentions if one.is_subject]


def _is_one_of(wanted: set[str], kind: Kind) -> bool:
    return kind.stem in wanted or kind.word.replace("-", "") in wanted


def _likeliest(service: str, mentions: list[Mention]) -> list[Mention]:
    if len(mentions) < 2:
        return mentions
    best = min(mentions, key=lambda one: _order(service, one))
    return [one for one in mentions if one.resource.via == best.resource.via]


def _order(service: str, one: Mention) -> tuple[bool, bool, int]:
    foreign = one.kind.service != service and service not in _OTHERS_COME_FIRST
    return one.resource.via.count(".") > _SHALLOW, foreign, one.kind.rank


def _in_database(subjects: list[Mention], asked: list[Mention]) -> list[Mention]:
    """Tables with the database that the call names beside them, as in their ARNs: `table/lake/orders`."""
    database = next((one.resource.name for one in asked if one.kind.word in ("database", "keyspace")), None)
    if database is None:
        return subjects
    return [
        one._replace(label=label(one.kind.service, "table", f"{database}/{one.resource.name}"))
        if one.kind.word == "table" and "/" not in one.resource.name
        else one
        for one in subjects
    ]


def _shown(subjects: list[Mention], account_id: object) -> str:
    """The first subject, its account when that is another one, and how many more."""
    labels = list(dict.fromkeys(one.label for one in subjects))
    owner = subjects[0].resource.account_id
    shown = f"{labels[0]} ({owner})" if owner and text(account_id) and owner != account_id else labels[0]
    return f"{shown} and {len(labels) - 1} more" if len(labels) > 1 else shown


def _attached(service: str, api: str, asked: list[Mention], subject: Mention) -> str:
    """` +policy/AdministratorAccess` of AttachUserPolicy, ` +role/Export` of AddRoleToDBInstance: the other half."""
    sign = next((sign for verb, sign in _SIGNS.items() if api.startswith(verb)), None)
    link = _LINKS.fullmatch(api)
    if sign is None or not (service in _BY_RANK or link or _TYING.fullmatch(api)):
        return ""
    others = [one for one in asked if one.label != subject.label]
    if service not in _BY_RANK:
        added = (link[1] if link else api).lower()
        stems = [one.kind.stem or one.kind.word for one in others]
        others = [one for one, stem in zip(others, stems, strict=True) if stem and added.endswith((stem, f"{stem}s"))]
    other = min(others, key=lambda one: one.kind.rank).label if others else None
    return f" {sign}{other}" if other else ""


def _shared(api: str, request: object) -> str:
    """` +444455556666` of what is shared with an account, an organization, with `all` or with `*`."""
    changes = []
    if _SHARING.fullmatch(api):
        sign = "-" if api.startswith(("Revoke", "Disassociate")) else "+"
        changes = [sign + who for name in _SHARERS for one in items(at(request, name)) if (who := text(one))]
    if api.startswith("Modify") and api.endswith(("Attribute", "Permission")):
        for sign, change, *listed_as in _CHANGES:
            for permission in ("createVolumePermission", "launchPermission"):
                members = items(at(request, permission, change))
                takers = (text_at(one, name) for one in members for name in _TAKERS)
                changes += [sign + who.rpartition("/")[2] for who in takers if who]
            changes += [sign + who for name in listed_as for one in items(at(request, name)) if (who := text(one))]
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f" {changes[0]}{more}" if changes else ""
