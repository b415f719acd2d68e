"""Callers of every type that CloudTrail documents, and what the views make of each.

Source of the shapes: AWS CloudTrail User Guide, "CloudTrail userIdentity element"; IAM Identity Center User Guide,
"Understanding IAM Identity Center sign-in events"; IAM User Guide, "Logging IAM and AWS STS API calls".
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from conftest import lake_in, record

# type: as AWS writes it and what is special; why: why columns are NULL; record: changes to the smallest valid record
CALLERS: list[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def identities() -> list[dict[str, Any]]:
    """The row that `events` has of each of CALLERS, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        records = [record(eventID=f"{number:03}", **caller["record"]) for number, caller in enumerate(CALLERS)]
        return lake_in(Path(folder), records).sql("SELECT * FROM events ORDER BY event_id").rows()
