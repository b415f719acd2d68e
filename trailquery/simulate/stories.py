"""Incidents with their truth: which records show each step, and which question finds them."""

from collections.abc import Callable

from trailquery.simulate.console_takeover import console_takeover
from trailquery.simulate.insider import insider
from trailquery.simulate.leaked_key import leaked_key
from trailquery.simulate.mining import mining
from trailquery.simulate.organization import LOGS, PROD, Organization
from trailquery.simulate.ransom import ransom
from trailquery.simulate.role_chain import role_chain
from trailquery.simulate.s3_exfiltration import s3_exfiltration
from trailquery.simulate.story import Story
from trailquery.simulate.trail_tampering import trail_tampering

TELLERS: dict[str, Callable[[Organization, int, str], Story]] = {
    "leaked-key": leaked_key,
    "trail-tampering": trail_tampering,
    "console-takeover": console_takeover,
    "role-chain": role_chain,
    "s3-exfiltration": s3_exfiltration,
    "ransom": ransom,
    "mining": mining,
    "insider": insider,
}
STORIES = tuple(TELLERS)


def tell(org: Organization, name: str, until: int, layout: str) -> Story:
    """The story `name`, one of STORIES, on the last day before `until` (seconds UTC)."""
    owner, trail = (LOGS, "org-trail") if layout == "organization" else (PROD, "prod-events")
    return TELLERS[name](org, until, f"arn:aws:cloudtrail:us-east-1:{owner}:trail/{trail}")
