"""The kind of resource that the names of an API and of its parameters tell where no table knows them."""

import re
from functools import lru_cache

from trailquery.meaning.kinds import Kind, kind_of_parameter, kind_of_word

OF_AN_ID = 1_000  # the rank of `<thing>Id` of whatever thing: mostly of what holds the subject
_TOO_PLAIN = frozenset({"name", "service", "target", "path", "rule", "task"})
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_VERB = re.compile(r"(Batch)?[A-Z][a-z0-9]+")  # BatchGetProjects is about projects
# CreateDistributionWithTags, InvokeModelWithResponseStream, AssociateDistributionWebACL
_WITH = re.compile(r"With[A-Z]\w*|(?<=Distribution)WebACL|(?<=DistributionTenant)WebACL")
_NAMING = re.compile(r"(\w*?)((?i:name|arn|identifier)|I[dD]|\bid)(s?)")
_NOT_NAMING = frozenset(
    {
        "attributename",
        "awsservicename",
        "displayname",
        "eventname",
        "familyname",
        "firstname",
        "fullname",
        "givenname",
        "hostname",
        "lastname",
        "metricname",
        "regionname",
        "rolesessionname",
    }
)
_NO_THING = re.compile(
    r"(\w*(account|(?<!pull)request|resource|version)|catalog|external\w*|owner|principal|registry|trace|transaction|upload)ids?"
)
_ASPECTS = frozenset({"attribute", "history", "metadata", "permission", "statu", "version"})


@lru_cache(maxsize=16_384)
def kind_named(service: str, api: str, name: str, is_top_level: bool) -> Kind | None:
    """The kind that the parameter's name tells; `name` and the like only beside the call's own parameters."""
    if not is_top_level:
        return None if name in _TOO_PLAIN else kind_of_parameter(service, name)
    return kind_of_parameter(service, name) or _kind_of_noun(service, api, name)


@lru_cache(maxsize=4_096)
def noun(api: str) -> str:
    """What the API is about, in small letters without hyphens: `dbsnapshot` of CreateDBSnapshot."""
    return _without_verb(api).lower()


def _without_verb(api: str) -> str:
    return _VERB.sub("", _WITH.sub("", api), count=1)


def _kind_of_noun(service: str, api: str, name: str) -> Kind | None:
    """The general rule, for what no table knows: `name`, `arn` and `id` name what the API is about, as do
    `<noun>Name` and the like; any other `<thing>Name` or `<thing>Id` names a thing, if nothing better is there."""
    words = [word.lower() for word in _WORDS.findall(_without_verb(api))]
    if len(words) > 1 and words[-1].removesuffix("s") in _ASPECTS:
        words.pop()
    match = _NAMING.fullmatch(name)
    if match is None or name.lower() in _NOT_NAMING:
        return None
    thing, subject = match[1].lower(), "".join(words)
    if words and thing in ("", subject, subject.removesuffix("s")):
        word = "-".join(words)
        is_one = match[3] or (thing and thing != subject)
        rank = 950 if name.lower() == "id" else 900
        # hostedzone, as the parameters of other calls have it
        parameters = (f"{subject}{ending}" for ending in ("Id", "", "Name", "Arn"))
        known = next((kind for name in parameters if (kind := kind_of_parameter(service, name))), None)
        if known and known.service == service:
            return known._replace(rank=rank, stem=subject)
        return kind_of_word(service, word.removesuffix("s") if is_one else word)._replace(rank=rank, stem=subject)
    rest = {"name": 960, "identifier": 960, "id": OF_AN_ID}.get(match[2].lower())
    if not thing or not rest or _NO_THING.fullmatch(name.lower()):
        return None
    words = _WORDS.findall(match[1][0].upper() + match[1][1:])  # dBCluster is db-cluster
    return kind_of_word(service, "-".join(words).lower())._replace(rank=rest, stem=thing)
