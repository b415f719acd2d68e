"""What a query may be: one SELECT that only reads."""

import json
import re
from collections import defaultdict
from typing import Any

import duckdb

from trailquery.errors import UsageError

# DuckDB's serialised syntax tree names each query node; a CTE may hold COPY, INSERT or DELETE, which these are not.
_READING_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"}
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(?=select|with|from|\()", re.IGNORECASE)

Syntax = dict[tuple[str, str], set[str]]


def parsed_select(sql: str, connection: duckdb.DuckDBPyConnection, where: str = "sql") -> Syntax:
    """The texts in the syntax tree of `sql`, by the last two keys that lead to them.

    Raises UsageError, which begins with `where`, unless `sql` is one SELECT (or EXPLAIN of one) that writes nothing
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
    syntax = _texts(tree)
    types = set[str]().union(*(texts for (_, key), texts in syntax.items() if key == "type"))
    if tree["error"] or not {name for name in types if name.endswith("_NODE")} <= _READING_NODES:
        raise UsageError(f"{where}: only reads are possible here; write one SELECT (a lake is changed by ingest alone)")
    return syntax


def _texts(tree: Any) -> Syntax:
    found: Syntax = defaultdict(set)
    waiting = [("", "", tree)]
    while waiting:
        before, last, node = waiting.pop()
        if isinstance(node, dict):
            waiting += [(last, key, value) for key, value in node.items()]
        elif isinstance(node, list):
            waiting += [(before, last, value) for value in node]
        elif isinstance(node, str):
            found[before, last].add(node)
    return found
