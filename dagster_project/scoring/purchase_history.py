"""What the models know of a customer's purchases: one order a day, counted in the company's own days.

Belongs here: reading order lines before a day. Does not belong here: what is concluded from them.
Source of the form (x, t_x, T and the mean of the repeat orders): Fader, Hardie & Lee (2005); Fader & Hardie (2013).
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pandas as pd

_PURCHASE_DAYS = """
create or replace temp table purchase_day as
select customer_id, make_date(order_date_key // 10000, order_date_key // 100 % 100, order_date_key % 100) as order_date,
    amount
from (
    select line.customer_id, line.order_date_key, sum(coalesce({value}, 0)) as amount
    from warehouse.fct_order_line as line
    where not coalesce(line.is_cancelled, false) and line.customer_id <> -1
        and line.order_date_key > 0 and line.order_date_key < {end_key}
    group by line.customer_id, line.order_date_key
    having sum(coalesce(line.quantity, 0)) > 0 or sum(coalesce({value}, 0)) > 0
) as valued_day
"""


def date_key(day: date) -> int:
    """Write the day as the warehouse does: yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def value_basis(connection: duckdb.DuckDBPyConnection, as_of: date, min_share: float) -> tuple[str, float]:
    """Say whether value can be counted as margin, and the margin's share of revenue where it is known.

    Returns ('margin', share) where lines with a known cost make up at least `min_share` of the revenue before the day;
    lines without one then earn that share. Else ('revenue', 1).
    """
    row = connection.execute(
        """select sum(net_amount), sum(net_amount) filter (where margin_amount is not null), sum(margin_amount)
        from warehouse.fct_order_line
        where not coalesce(is_cancelled, false) and order_date_key > 0 and order_date_key < ?""",
        [date_key(as_of)],
    ).fetchone()
    revenue, covered, margin = (float(v or 0) for v in row) if row else (0.0, 0.0, 0.0)
    if revenue <= 0 or covered <= 0 or covered < min_share * revenue:
        return "revenue", 1.0
    return "margin", margin / covered


def line_value(basis: tuple[str, float], alias: str = "line") -> str:
    """Write the SQL for what a line is worth on this basis."""
    name, share = basis
    if name == "revenue":
        return f"{alias}.net_amount"
    return f"coalesce({alias}.margin_amount, {alias}.net_amount * cast({share:.6f} as decimal(18,6)))"


def read_purchase_days(connection: duckdb.DuckDBPyConnection, as_of: date, basis: tuple[str, float]) -> None:
    """Fill the temporary table `purchase_day`: a row a customer and day with a purchase before `as_of`, and its value.

    The order lines are many: histories up to several days are all made from this.
    """
    connection.execute(_PURCHASE_DAYS.format(value=line_value(basis), end_key=date_key(as_of)))


def purchases_between(connection: duckdb.DuckDBPyConnection, first: date, end: date) -> pd.DataFrame:
    """Orders and their value per customer on days from `first` up to, not including, `end`; needs `purchase_day`.

    Columns: customer_id, order_count, value_amount. Customers without a purchase are absent.
    """
    return connection.execute(
        """select customer_id, count(*) as order_count, cast(sum(amount) as double) as value_amount
        from purchase_day where order_date >= ? and order_date < ? group by customer_id order by customer_id""",
        [first, end],
    ).df()


def purchase_histories(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Read the purchase history of each customer who bought before the day, ordered by customer; needs `purchase_day`.

    Columns: customer_id; repeat_order_count (x); recency_days (t_x: first to last purchase); age_days (T: first
    purchase to the last day seen, which is the day before `as_of`); mean_amount (mean value of the repeat orders, 0
    without any).
    """
    return connection.execute(
        """
        with ranked as (
            select customer_id, order_date, amount, min(order_date) over (partition by customer_id) as first_date
            from purchase_day
            where order_date < ?
        )
        select customer_id,
            count(*) - 1 as repeat_order_count,
            max(order_date) - min(first_date) as recency_days,
            cast(? as date) - min(first_date) as age_days,
            coalesce(cast(avg(amount) filter (where order_date > first_date) as double), 0.0) as mean_amount
        from ranked
        group by customer_id
        order by customer_id
        """,
        [as_of, as_of - timedelta(days=1)],
    ).df()


def first_purchase_date(connection: duckdb.DuckDBPyConnection, as_of: date) -> date | None:
    """Find the first day with a purchase before `as_of`; None without any."""
    row = connection.execute(
        """select min(order_date_key) from warehouse.fct_order_line
        where not coalesce(is_cancelled, false) and customer_id <> -1 and order_date_key > 0 and order_date_key < ?""",
        [date_key(as_of)],
    ).fetchone()
    if row is None or row[0] is None:
        return None
    key = int(row[0])
    return date(key // 10_000, key // 100 % 100, key % 100)
