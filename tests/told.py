"""Records told beside the test that reads them; one lake holds those of a whole module."""

from collections.abc import Callable
from typing import Any, TypeVar

from trailquery import Lake

Test = TypeVar("Test", bound=Callable[..., None])


def told(**records: dict[str, Any]) -> Callable[[Test], Test]:
    """Marks a test with its records, by name: changes to the smallest valid record."""

    def mark(test: Test) -> Test:
        test.told = records  # type: ignore[attr-defined]
        return test

    return mark


class Told:
    """The rows that the views have of the records of one test."""

    def __init__(self, lake: Lake, test: str) -> None:
        self.lake = lake
        self.test = test

    def rows(self, columns: str, view: str = "events", where: str = "true") -> list[tuple[Any, ...]]:
        """Name of the record and the columns, of each row that meets the condition, sorted."""
        rows = self.lake.sql(
            f"SELECT split_part(event_id, '/', 2) AS told_as, {columns} FROM {view}"
            f" WHERE split_part(event_id, '/', 1) = $test AND ({where})",
            test=self.test,
        ).rows()
        return sorted((tuple(row.values()) for row in rows), key=str)

    def each(self, columns: str, view: str = "events") -> dict[str, Any]:
        """By name of the record its one row: the value of one column, the values of several."""
        rows = self.rows(columns, view)
        assert len({name for name, *_ in rows}) == len(rows)
        return {name: values[0] if len(values) == 1 else tuple(values) for name, *values in rows}

    def found(self, where: str, view: str = "events") -> set[str]:
        """Names of the records with a row that meets the condition."""
        return {name for name, *_ in self.rows("event_id", view, where)}
