"""What can go wrong, and the exit code it ends with.

    TrailqueryError
    ├── UsageError      2  the request was wrong: a name, an option, a query, a missing lake
    ├── CatalogError    3  a query file is broken
    ├── EvidenceError   4  the evidence makes the whole answer untrue
    └── MachineError    5  the machine failed: disk, permission, network; the lake is as after the last commit

`hunt --fail-on` ends with 10 when it found what it was asked to fail on.

A message is one line: where: what is wrong; what to do. Anything else that is raised is a bug.
Bad evidence raises nothing: it is kept in `rejects` with its reason.
"""


class TrailqueryError(Exception):
    exit_code = 1


class UsageError(TrailqueryError):
    exit_code = 2


class CatalogError(TrailqueryError):
    exit_code = 3


class EvidenceError(TrailqueryError):
    exit_code = 4


class MachineError(TrailqueryError):
    exit_code = 5
