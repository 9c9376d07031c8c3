from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from dagster_project.scoring import TABLES, ScoringPolicy, prepare, score_customers
from dagster_project.scoring.purchase_history import purchase_histories, read_purchase_days, value_basis
from dagster_project.settings import StellaError
from tests.unit.scoring.warehouse_tables import add, create_warehouse, key

AS_OF = date(2026, 1, 1)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    create_warehouse(connection)
    yield connection
    connection.close()


def fill(connection: duckdb.DuckDBPyConnection, customers: int = 400, days: int = 500) -> None:
    """A shop: everyone has a rate of his own, some stop, an order is worth what he likes to spend."""
    generator = np.random.default_rng(7)
    rows: list[list[object]] = []
    for customer in range(1, customers + 1):
        rate, mean, clock = generator.gamma(0.8, 1 / 8), generator.gamma(5, 8), float(generator.integers(0, 300))
        dropout = generator.beta(0.8, 3.0)
        while clock < days:
            day = AS_OF - timedelta(days=days - int(clock))
            amount = round(float(generator.gamma(6, mean / 6)), 2)
            rows.append([customer, key(day), False, 1, amount, round(amount * 0.4, 2)])
            clock += 7 * float(generator.exponential(1 / max(rate, 1e-3))) if generator.random() > dropout else 10_000
    add(connection, "fct_order_line", rows)


def snapshot(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    return {t: connection.execute(f"select * from scores.{t} order by all").fetchall() for t in TABLES}


def test_prepare_creates_every_table_empty_and_twice_is_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    prepare(warehouse)
    prepare(warehouse)
    assert all(rows == [] for rows in snapshot(warehouse).values())
    described = warehouse.execute(
        "select count(*) from duckdb_columns() where schema_name = 'scores' and comment is null"
    ).fetchone()
    assert described == (0,)


def test_an_empty_warehouse_scores_nobody_and_says_why(warehouse: duckdb.DuckDBPyConnection) -> None:
    report = score_customers(warehouse, AS_OF)
    assert report.rows["score_customer_activity"] == 0
    assert report.rows["score_model"] == 2
    assert any("BG/NBD was not fitted" in line for line in report.warnings)
    assert any("No backtest" in line for line in report.warnings)


def test_scoring_twice_changes_nothing_and_other_days_stay(warehouse: duckdb.DuckDBPyConnection) -> None:
    fill(warehouse)
    earlier = AS_OF - timedelta(days=30)
    score_customers(warehouse, earlier)
    score_customers(warehouse, AS_OF)
    once = snapshot(warehouse)
    score_customers(warehouse, AS_OF)
    assert snapshot(warehouse) == once
    days = warehouse.execute("select distinct as_of_date from scores.score_model order by 1").fetchall()
    assert days == [(earlier,), (AS_OF,)]


def test_what_happens_on_the_day_or_later_changes_no_score(warehouse: duckdb.DuckDBPyConnection) -> None:
    fill(warehouse)
    score_customers(warehouse, AS_OF)
    before = snapshot(warehouse)
    for day in (AS_OF, AS_OF + timedelta(days=40)):
        add(warehouse, "fct_order_line", [[1, key(day), False, 2, 900, 300], [9999, key(day), False, 1, 10, 5]])
        add(warehouse, "fct_return", [[2, -1, key(day), 1, 55]])
        add(warehouse, "fct_touchpoint", [[3, "contact", key(day), "inbound", "service", 12]])
        add(warehouse, "fct_service_case", [[4, key(day)]])
        add(warehouse, "dim_customer", [[5555, True, False, key(day)]])
    score_customers(warehouse, AS_OF)
    assert snapshot(warehouse) == before


def test_every_score_is_a_number_within_its_interval(warehouse: duckdb.DuckDBPyConnection) -> None:
    fill(warehouse)
    add(warehouse, "fct_order_line", [[7000, 20250105, False, 1, 20, -30], [7000, 20250305, False, 1, 20, -45]])
    report = score_customers(warehouse, AS_OF)
    activity = warehouse.execute("select * from scores.score_customer_activity").df()
    value = warehouse.execute("select * from scores.score_customer_prospective_value").df()
    assert report.warnings == ()
    assert not activity.isna().to_numpy().any()
    assert not value.isna().to_numpy().any()
    for frame, name in (
        (activity, "active_probability"),
        (activity, "expected_order_count"),
        (value, "prospective_value_amount"),
    ):
        assert (frame[f"{name}_low"] <= frame[name] + 1e-9).all()
        assert (frame[f"{name}_high"] >= frame[name] - 1e-9).all()
    assert activity["active_probability_high"].max() <= 1
    loser = value.set_index("customer_id").loc[7000]
    assert loser["expected_order_amount"] < value["expected_order_amount"].median()


def test_intervals_hold_what_then_happens(warehouse: duckdb.DuckDBPyConnection) -> None:
    fill(warehouse, customers=1200)
    then = AS_OF - timedelta(days=90)
    score_customers(warehouse, then, ScoringPolicy(horizon_days=90, discount_rate=0))
    judged = warehouse.execute(
        """select score.expected_order_count_low as low, score.expected_order_count_high as high,
            score.expected_order_count as expected, count(distinct line.order_date_key) as actual
        from scores.score_customer_activity as score
        left join warehouse.fct_order_line as line
            on line.customer_id = score.customer_id and line.order_date_key >= ? and line.order_date_key < ?
        group by all""",
        [key(then), key(AS_OF)],
    ).df()
    assert ((judged["actual"] >= judged["low"]) & (judged["actual"] <= np.ceil(judged["high"]))).mean() > 0.85
    assert judged["expected"].sum() == pytest.approx(judged["actual"].sum(), rel=0.25)


def test_a_day_is_one_order_and_cancelled_or_unknown_lines_are_none(warehouse: duckdb.DuckDBPyConnection) -> None:
    add(warehouse, "fct_order_line", [
        [1, 20250101, False, 1, 10, 4], [1, 20250101, False, 2, 20, 8], [1, 20250301, False, 1, 30, 12],
        [1, 20250302, True, 1, 99, 50], [1, 20250401, False, 1, 40, 16], [1, 20250402, False, -1, -40, -16],
        [-1, 20250101, False, 1, 10, 4], [2, -1, False, 1, 10, 4],
    ])  # fmt: skip
    read_purchase_days(warehouse, date(2025, 4, 11), ("margin", 0.4))
    histories = purchase_histories(warehouse, date(2025, 4, 11))
    assert histories.to_dict("records") == [
        {"customer_id": 1, "repeat_order_count": 2, "recency_days": 90, "age_days": 99, "mean_amount": 14.0}
    ]


def test_current_value_is_margin_less_refunds_contacts_and_service(warehouse: duckdb.DuckDBPyConnection) -> None:
    add(warehouse, "fct_order_line", [
        [1, 20250601, False, 2, 100, 40], [1, 20241231, False, 1, 500, 200], [2, 20250601, False, 1, 50, None],
    ])  # fmt: skip
    add(warehouse, "dim_product", [[10, 12]])
    add(warehouse, "fct_return", [[1, 10, 20250610, 1, 50], [1, -1, 20250611, 1, 5]])
    add(warehouse, "fct_touchpoint", [
        [1, "campaign_contact", 20250602, "outbound", "marketing", 1.5],
        [1, "contact", 20250603, "inbound", "question", 3],
        [1, "contact", 20250604, "outbound", "service", 2], [3, "contact", 20250604, "inbound", None, 7],
    ])  # fmt: skip
    add(warehouse, "fct_service_case", [[1, 20250603]])
    add(warehouse, "dim_customer", [[4, True, False, -1], [5, True, True, -1], [-1, True, False, -1]])
    score_customers(warehouse, AS_OF, ScoringPolicy(service_case_cost=6))
    rows = warehouse.execute("select * from scores.score_customer_current_value order by customer_id").df()
    assert rows["customer_id"].tolist() == [1, 2, 3, 4]
    one = rows.iloc[0]
    money = "revenue_amount margin_amount refund_amount returned_cost_amount contact_cost_amount service_cost_amount"
    assert [float(one[c]) for c in money.split()] == [100, 40, 55, 12, 1.5, 11]
    assert rows["current_value_amount"].tolist() == [40 - 55 + 12 - 1.5 - 11, 20.0, -7.0, 0.0]


def test_without_costs_value_is_revenue(warehouse: duckdb.DuckDBPyConnection) -> None:
    add(warehouse, "fct_order_line", [[1, 20250601, False, 1, 100, None], [1, 20250701, False, 1, 60, 20]])
    assert value_basis(warehouse, AS_OF, 0.5) == ("revenue", 1.0)
    assert value_basis(warehouse, AS_OF, 0.3) == ("margin", pytest.approx(1 / 3))
    report = score_customers(warehouse, AS_OF)
    assert report.value_basis == "revenue"
    row = warehouse.execute(
        "select margin_amount, current_value_amount, value_basis from scores.score_customer_current_value"
    ).fetchone()
    assert row is not None
    assert (row[0], float(row[1]), row[2]) == (None, 160.0, "revenue")


def test_backtest_judges_each_target_against_its_rules(warehouse: duckdb.DuckDBPyConnection) -> None:
    fill(warehouse)
    score_customers(warehouse, AS_OF)
    rows = warehouse.execute("select * from scores.score_backtest").df()
    assert set(rows["target"]) == {"activity", "order_count", "value"}
    assert set(rows["holdout_days"]) == {500 // 3}
    assert (pd.to_datetime(rows["calibration_end_date"]).dt.date == AS_OF - timedelta(days=500 // 3)).all()
    lower = ~rows["metric"].isin(["auc", "top_decile_lift"])
    assert (
        rows["is_better"]
        == np.where(lower, rows["value"] < rows["baseline_value"], rows["value"] > rows["baseline_value"])
    ).all()
    deciles = warehouse.execute(
        "select target, sum(customer_count) from scores.score_backtest_decile group by 1"
    ).fetchall()
    assert {count for _, count in deciles} == {int(rows["customer_count"].iloc[0])}


def test_policy_is_read_from_the_company_and_names_a_bad_key() -> None:
    policy = ScoringPolicy.from_company({"decisions": {"discount_rate": 0.2, "scoring": {"horizon_days": 180}}})
    assert (policy.discount_rate, policy.horizon_days) == (0.2, 180)
    with pytest.raises(StellaError, match=r"scoring\.horizon_days.*is 'long'"):
        ScoringPolicy.from_company({"decisions": {"scoring": {"horizon_days": "long"}}})
