"""Hand-made warehouse tables with the columns that scoring reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pandas as pd

TABLES = {
    "fct_order_line": """customer_id bigint, order_date_key integer, is_cancelled boolean, quantity decimal(18,4),
        net_amount decimal(18,4), margin_amount decimal(18,4)""",
    "fct_return": """customer_id bigint, product_key bigint, return_date_key integer, quantity decimal(18,4),
        refund_amount decimal(18,4)""",
    "fct_touchpoint": """customer_id bigint, touchpoint_kind text, touchpoint_date_key integer, direction text,
        purpose text, cost_amount decimal(18,4)""",
    "fct_service_case": "customer_id bigint, opened_date_key integer",
    "dim_product": "product_key bigint, unit_cost_amount decimal(18,4)",
    "dim_customer": "customer_id bigint, is_current boolean, is_inferred boolean, registered_date_key integer",
}


def create_warehouse(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema warehouse")
    for name, columns in TABLES.items():
        connection.execute(f"create table warehouse.{name} ({columns})")


def add(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    frame = pd.DataFrame([list(row) for row in rows], dtype=object)
    connection.register("added_rows", frame)
    connection.execute(f"insert into warehouse.{table} select * from added_rows")
    connection.unregister("added_rows")


def key(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
