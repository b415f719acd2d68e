"""What a query may be: one SELECT that only reads."""

import json
import re
from typing import Any

import duckdb

from trailquery.errors import UsageError

# DuckDB's serialised syntax tree names each query node; a CTE may hold COPY, INSERT or DELETE, which these are not.
_READING_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"}
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(?=select|with|from|\()", re.IGNORECASE)


def refuse_unless_select(sql: str, connection: duckdb.DuckDBPyConnection, where: str = "sql") -> None:
    """Raises UsageError, which begins with `where`, unless `sql` is one SELECT (or EXPLAIN of one) that writes nothing
    anywhere. `connection`, whatever it holds, only takes the text apart.
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"{where}: {error}") from None
    if len(statements) != 1:
        raise UsageError(f"{where}: {len(statements)} statements; write exactly one SELECT")
    select = _EXPLAIN.sub("", sql, count=1)
    (answer,) = connection.execute("SELECT json_serialize_sql($sql)", {"sql": select}).fetchall()[0]
    tree = json.loads(answer)
    if tree["error"] or not _only_reads(tree):
        raise UsageError(f"{where}: only reads are possible here; write one SELECT (a lake is changed by ingest alone)")


def _only_reads(tree: Any) -> bool:
    if isinstance(tree, list):
        return all(_only_reads(item) for item in tree)
    if not isinstance(tree, dict):
        return True
    kind = tree.get("type")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _READING_NODES:
        return False
    return all(_only_reads(item) for item in tree.values())
