"""The names that a lake knows: what pseudonyms replace in every text, and which words are AWS's own."""

import json

from trailquery.lake import Lake
from trailquery.pseudonyms import Pseudonyms
from trailquery.settings import Settings

_OWN = (
    "event_source", "service", "event_name", "api", "action", "region", "error_code", "event_type", "identity_type", "category",
    "client", "ip_owner", "ip_scope",
)  # fmt: skip
_NAMES = (
    "account_id", "actor_account_id", "client_ip", "actor_arn", "role_arn", "issued_arn", "requested_role_arn", "user_name",
    "role_name", "session_name", "source_identity", "principal_id", "principal_key", "identity_provider", "on_behalf_of_user",
    "credential_id", "delegate_account_id", "vpc_endpoint_id", "bucket", "switch_from",
)  # fmt: skip
_DISTINCT = "SELECT DISTINCT {name} AS value FROM history WHERE {name} IS NOT NULL"
_RESOURCES = (
    "SELECT DISTINCT unnest([named.arn,"
    " if(named.type = 'AWS::S3::Object', concat('s3://', named.name), named.name)]) AS value"
    " FROM (SELECT unnest(resources) AS named FROM history WHERE resources IS NOT NULL)"
)
_ACTORS = "SELECT DISTINCT actor AS value FROM history WHERE identity_type IS DISTINCT FROM 'AWSService'"
# Of keys each part between slashes: a column of millions of keys has few of them but the last.
_KEYS = "SELECT DISTINCT unnest(string_split(object_key, '/')) AS value FROM history WHERE object_key IS NOT NULL"
# Of requests and answers, what stands where names stand: most of it is in `resources`, but not the name of a session.
_IN_JSON = (
    "SELECT DISTINCT unnest(regexp_extract_all({name}, '"
    r'"[A-Za-z0-9]*(?:[nN]ame|[iI]dentifier|[aA]lias|[eE]mail|[uU]ser|[oO]wner|[eE]xternalId|[sS]ourceIdentity)"'
    r'\s*:\s*("(?:[^"\\]|\\.){{1,256}}")'
    "', 1)) AS value FROM history WHERE {name} IS NOT NULL"
)
# Of places the bucket, the prefix in it, and the trail; the folders above a copy are those of the machine it lies on.
_PLACES = (
    "SELECT DISTINCT unnest([organization_id, regexp_extract(place, '^s3://([^/!]+)', 1),"
    " CASE WHEN place LIKE 's3://%' THEN regexp_replace(prefix, '^s3://[^/]*', '') END,"
    " regexp_extract(place, '_CloudTrail-Digest_[a-z0-9-]+?_(.+)_[a-z]+(?:-[a-z]+)+-[0-9][a-z]?_[0-9T]+Z', 1)]) AS value"
    " FROM stored.files"
)


def learn_names(lake: Lake, pseudonyms: Pseudonyms) -> None:
    """Let the pseudonyms know what the lake names."""
    for name in _OWN:
        pseudonyms.keep(_values(lake, _DISTINCT.format(name=name)))
    for name in _NAMES:
        pseudonyms.learn(_values(lake, _DISTINCT.format(name=name)))
    for select in (_RESOURCES, _ACTORS, _KEYS, _PLACES):
        pseudonyms.learn(_values(lake, select))
    for name in ("request", "response", "additional", "service_details"):
        pseudonyms.learn(json.loads(value) for value in _values(lake, _IN_JSON.format(name=name)) if value)


def learn_settings(settings: Settings, pseudonyms: Pseudonyms) -> None:
    """Let the pseudonyms know what the settings name."""
    pseudonyms.learn([*settings.accounts.values(), *(name for _, name in settings.networks)])
    pseudonyms.learn(one.principal for one in settings.exclusions)


def _values(lake: Lake, select: str) -> list[str | None]:
    values: list[str | None] = lake.sql(select).arrow()["value"].to_pylist()
    return values
