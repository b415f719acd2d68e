"""The views that judge records: left out any one condition, they give other rows for the records of the queries' cases."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from mutants import mutants

from trailquery import Lake

VIEWS = [
    "abuse_lookups", "access_keys", "access_removals", "address_changes", "call_origins", "console_crossings", "counted_calls",
    "credentials_for_others", "data_copies", "data_losses", "database_openings", "footholds", "hourly_counts",
    "identity_center_events", "impaired_defenses", "log_stores", "machine_entries", "machine_orders", "machine_origins",
    "model_calls", "network_openings", "passed_roles", "public_openings", "ransom_signs", "removals", "resource_openings",
    "rights_raised", "secret_calls", "session_signs", "supply_chain_changes", "unused_keys",
]  # fmt: skip


def select_of(view: str) -> str:
    """The SELECT that a view is."""
    head = f"CREATE VIEW {view} AS"
    for path in (Path(__file__).parents[1] / "sql" / "views").glob("*.sql"):
        for statement in duckdb.extract_statements(path.read_text(encoding="utf-8")):
            before, found, select = statement.query.partition(head)
            if found and not before.strip().startswith("CREATE"):
                return select.strip().rstrip(";")
    raise AssertionError(f"no view {view}")


@pytest.mark.parametrize("view", VIEWS)
def test_without_any_one_of_its_conditions_the_rows_are_others(view: str, lake_of_cases: Lake) -> None:
    def sum_of(select: str) -> list[dict[str, Any]]:
        return lake_of_cases.sql(f"SELECT count(*) AS rows, sum(hash(one)) AS hashes FROM ({select}) AS one").rows()

    whole = select_of(view)
    rows = sum_of(whole)
    assert [condition for condition, other in mutants(whole) if sum_of(other) == rows] == []
