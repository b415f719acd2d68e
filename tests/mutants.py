"""A query with one of its conditions left out, each in turn: what its case must tell from the query."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb


def mutants(sql: str) -> Iterator[tuple[str, str]]:
    """The condition left out, as SQL, and the SELECT without it: every side of every AND, and every WHERE, HAVING
    or QUALIFY of one condition."""
    whole = _tree(sql)
    for sides in list(_conjunctions(whole)):
        for number, condition in enumerate(list(sides)):
            sides[number] = _TRUE
            yield _condition(condition), _written(whole)
            sides[number] = condition


def _conjunctions(node: Any) -> Iterator[Any]:
    """Every list of conditions that hold together; a clause of one condition is such a list, too."""
    if isinstance(node, dict):
        if node.get("type") == "CONJUNCTION_AND":
            yield node["children"]
        for clause in ("where_clause", "having", "qualify"):
            if node.get(clause) and node[clause].get("type") != "CONJUNCTION_AND":
                yield _Alone(node, clause)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _conjunctions(child)


class _Alone:
    """A clause of one condition, in the form of a list."""

    def __init__(self, node: dict[str, Any], clause: str) -> None:
        self._node, self._clause = node, clause

    def __iter__(self) -> Iterator[Any]:
        yield self._node[self._clause]

    def __setitem__(self, number: int, condition: Any) -> None:
        left_out = self._clause == "qualify" and condition is _TRUE  # DuckDB takes no QUALIFY without a window
        self._node[self._clause] = None if left_out else condition


_CONNECTION = duckdb.connect()  # to open one takes ten times as long as to ask it


def _one(statement: str, given: str) -> str:
    ((written,),) = _CONNECTION.execute(statement, {"given": given}).fetchall()
    return str(written)


def _written(tree: dict[str, Any]) -> str:
    return _one("SELECT json_deserialize_sql($given::JSON)", json.dumps(tree))


def _tree(sql: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(_one("SELECT json_serialize_sql($given::VARCHAR)::VARCHAR", sql))
    assert not tree["error"], tree
    return tree


_ASKING = _tree("SELECT 1 FROM t WHERE true")
_TRUE = _ASKING["statements"][0]["node"]["where_clause"]


def _condition(condition: Any) -> str:
    """`condition` as SQL."""
    node = _ASKING["statements"][0]["node"] | {"where_clause": condition}
    return _written({"error": False, "statements": [{"node": node, "named_param_map": []}]}).partition("WHERE ")[2]
