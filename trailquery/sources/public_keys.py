"""The public keys of CloudTrail, as ListPublicKeys answers in each region.

Source: AWS CloudTrail User Guide, "Validating CloudTrail log file integrity": each region has keys of its own.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from trailquery.sources.aws import asking, client, reason

Spans = Mapping[str, tuple[datetime, datetime]]  # region to the first and last time of signing, naive UTC


def list_public_keys(session: Any, spans: Spans) -> tuple[list[dict[str, Any]], list[str]]:
    """The keys of all regions, as JSON, and a line for each reason why regions could not be asked."""
    keys, problems = list[dict[str, Any]](), dict[str, list[str]]()
    with asking() as pool:
        waiting = {region: pool.submit(_of_region, session, region, *span) for region, span in sorted(spans.items())}
        for region, answer in waiting.items():
            try:
                keys += answer.result()
            except (BotoCoreError, ClientError) as error:
                said = reason(error, "cloudtrail:ListPublicKeys").replace(region, "REGION")
                problems.setdefault(said, []).append(region)
    return keys, [f"cloudtrail:ListPublicKeys in {', '.join(regions)}: {said}" for said, regions in problems.items()]


def _of_region(session: Any, region: str, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """Raises what AWS raises."""
    pages = client(session, "cloudtrail", region).get_paginator("list_public_keys")
    answers = pages.paginate(StartTime=first.replace(tzinfo=UTC), EndTime=last.replace(tzinfo=UTC))
    return [
        {
            "Value": base64.b64encode(key["Value"]).decode(),
            "ValidityStartTime": key["ValidityStartTime"].astimezone(UTC).isoformat(),
            "ValidityEndTime": key["ValidityEndTime"].astimezone(UTC).isoformat(),
            "Fingerprint": key["Fingerprint"],
        }
        for answer in answers
        for key in answer["PublicKeyList"]
    ]
