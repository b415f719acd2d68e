"""trailquery: who did what, when, from where, with which credential, out of AWS CloudTrail log files.

from trailquery import open_lake

lake = open_lake("lake")
lake.sql("SELECT actor, count(*) FROM events GROUP BY actor").df()
lake.run("timeline_key", key="AKIAIOSFODNN7EXAMPLE")
"""

TYPE_CHECKING = False  # as mypy knows it: typing is imported where Ctrl-C is awaited

if TYPE_CHECKING:
    from trailquery.catalog import Query
    from trailquery.errors import TrailqueryError
    from trailquery.lake import Lake, Scope, open_lake
    from trailquery.result import Result

__all__ = ["Lake", "Query", "Result", "Scope", "TrailqueryError", "open_lake"]
_HOMES = {
    "Lake": "lake", "Query": "catalog", "Result": "result", "Scope": "lake", "TrailqueryError": "errors", "open_lake": "lake",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """The public names, imported when asked for: `trailquery --help` need not wait for DuckDB and Arrow."""
    if name not in _HOMES:
        raise AttributeError(f"module 'trailquery' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"trailquery.{_HOMES[name]}"), name)
