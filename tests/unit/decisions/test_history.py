from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dagster_project.decisions import DecisionPolicy
from dagster_project.decisions.history import read_customer_days, read_customers
from dagster_project.scoring import prepare
from tests.unit.decisions.shop import AS_OF, add, add_customers, empty_shop, key


@pytest.mark.parametrize(
    ("moments", "hour"),
    [
        (["2026-03-02 14:10", "2026-03-03 11:50", "2026-03-04 14:59"], 14),
        (["2026-03-02 14:10", "2026-03-03 11:50"], 11),
        # Before 1970 moments are counted downwards; a quarter still begins before its moments.
        (["1965-03-02 12:50"], 12),
    ],
)
def test_the_hour_is_the_most_frequent_one_and_of_those_the_earliest(moments: list[str], hour: int) -> None:
    connection = empty_shop()
    prepare(connection)
    add_customers(connection, 1)
    connection.execute("delete from warehouse.fct_order_line")
    times = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in moments]
    add(connection, "fct_order_line", [(1, key(at.date()), False, 1, 20, 10, at, 1) for at in times])
    read_customer_days(connection, AS_OF)
    read_customers(connection, AS_OF, DecisionPolicy())
    assert connection.execute("select planned_hour from decision_customer").fetchall() == [(hour,)]
