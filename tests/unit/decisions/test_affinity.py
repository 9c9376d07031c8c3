from __future__ import annotations

import duckdb
import pytest

from dagster_project.decisions.affinity import HIGHEST, PRIOR_LINES, affinity_of


@pytest.mark.parametrize(
    ("category_lines", "lines", "share", "affinity"),
    [
        ("0", "0", "0.1", 1),
        ("null", "null", "0.1", 1),
        ("0", str(PRIOR_LINES), "0.1", 0.5),
        ("100", "100", "0.01", HIGHEST),
        ("null", "100", "null", 1),
    ],
)
def test_affinity_is_one_where_nothing_tells_a_customer_from_others(
    category_lines: str, lines: str, share: str, affinity: float
) -> None:
    sql = affinity_of(f"cast({category_lines} as bigint)", f"cast({lines} as bigint)", f"cast({share} as double)")
    assert duckdb.execute(f"select {sql}").fetchall() == [(affinity,)]
