"""A hand-made warehouse of a shop with campaigns, in memory: the star's columns that decisions read, and no more.

What a contact does in it is known: `EFFECT` extra orders for those contacted, none for controls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd

AS_OF = date(2026, 7, 1)
START = datetime(2026, 7, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
CHANNELS = {"email": 1, "post": 2, "call_centre": 3}
EFFECT = 0.15

TABLES = {
    "fct_order_line": """customer_id bigint, order_date_key integer, is_cancelled boolean, quantity decimal(18,4),
        net_amount decimal(18,4), margin_amount decimal(18,4), ordered_at timestamptz, product_key bigint""",
    "fct_return": """customer_id bigint, product_key bigint, return_date_key integer, quantity decimal(18,4),
        refund_amount decimal(18,4)""",
    "fct_touchpoint": """customer_id bigint, touchpoint_kind text, touchpoint_date_key integer, direction text,
        purpose text, cost_amount decimal(18,4)""",
    "fct_service_case": """customer_id bigint, opened_date_key integer, is_complaint boolean, opened_at timestamptz,
        resolved_at timestamptz""",
    "fct_campaign_contact": """contact_ref text, customer_id bigint, campaign_ref text, channel_key bigint,
        variant text, is_control boolean, is_responded boolean, is_ordered boolean, sent_date_key integer,
        cost_amount decimal(18,4), order_count bigint, sent_at timestamptz, delivered_at timestamptz,
        bounced_at timestamptz, redeemed_at timestamptz, unsubscribed_at timestamptz""",
    "fct_consent": """customer_id bigint, channel_code text, purpose text, is_permitted boolean, valid_from timestamptz,
        valid_to timestamptz""",
    "fct_suppression": """customer_id bigint, channel_code text, reason text, valid_from timestamptz,
        valid_to timestamptz""",
    "fct_segment_membership": """customer_id bigint, segment_name text, entered_date_key integer,
        exited_date_key integer, exited_on date""",
    "dim_segment": "segment_key bigint, segment_name text",
    "dim_customer": """customer_id bigint, is_current boolean, is_inferred boolean, registered_date_key integer,
        birth_year integer, is_deleted boolean""",
    "dim_product": "product_key bigint, unit_cost_amount decimal(18,4), category text",
    "dim_channel": "channel_key bigint, channel_code text, direction text, is_permission_needed boolean",
    "dim_campaign": """campaign_key bigint, campaign_ref text, is_current boolean, is_inferred boolean,
        is_announced boolean, name text, objective text, starts_on date, ends_on date, offer_kind text,
        offer_value decimal(18,4), coupon_code text, eligibility text, budget_amount decimal(18,4),
        budget_amount_original decimal(18,4), control_share double,
        status text, target_category text""",
    "bridge_campaign_channel": """campaign_ref text, channel_code text, unit_cost_amount decimal(18,4),
        fixed_cost_amount decimal(18,4), capacity_per_day bigint""",
    "bridge_customer_identity": """customer_id bigint, identifier_kind text, source_system text, identifier text,
        is_current boolean""",
}


@dataclass
class Campaign:
    ref: str
    name: str = "Sale"
    objective: str = "retain"
    starts: date = AS_OF
    ends: date = AS_OF + timedelta(days=13)
    offer: str = "information"
    value: float = 0.0
    budget: float | None = 500.0
    control: float | None = 0.2
    eligibility: str | None = None
    status: str = "planned"
    channels: dict[str, tuple[float | None, float | None, int | None]] = field(
        default_factory=lambda: {"email": (0.05, 10.0, 50), "post": (1.0, 20.0, 30)}
    )


def key(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def add(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        connection.register("added_rows", pd.DataFrame(rows, dtype=object))
        connection.execute(f"insert into warehouse.{table} select * from added_rows")
        connection.unregister("added_rows")


def empty_shop() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create schema warehouse")
    for name, columns in TABLES.items():
        connection.execute(f"create table warehouse.{name} ({columns})")
    channels = [(-1, "unknown", "both", True), (1, "email", "both", True), (2, "post", "both", False)]
    add(connection, "dim_channel", [*channels, (3, "call_centre", "both", True)])
    return connection


def add_customers(connection: duckdb.DuckDBPyConnection, count: int, seed: int = 1) -> None:
    """Customers of one system, born in 1980, with orders over two years; three of four permit e-mail."""
    generator = np.random.default_rng(seed)
    people = range(1, count + 1)
    add(connection, "dim_customer", [(i, True, False, 20240101, 1980, False) for i in people])
    add(connection, "bridge_customer_identity", [(i, "record", "crm", f"R{i:05d}", True) for i in people])
    opened = datetime(2024, 1, 1, tzinfo=UTC)
    add(connection, "fct_consent", [(i, "email", "marketing", True, opened, FOREVER) for i in people if i % 4])
    orders: list[tuple[object, ...]] = []
    for i in people:
        for offset in np.unique(generator.integers(1, 730, generator.poisson(6))):
            at = START - timedelta(days=int(offset), hours=6)
            amount = round(float(generator.gamma(4, 20)), 2)
            orders.append((i, key(at.date()), False, 1, amount, round(amount * 0.5, 2), at, -1))
    add(connection, "fct_order_line", orders)


def add_campaign(connection: duckdb.DuckDBPyConnection, campaign: Campaign) -> None:
    c = campaign
    add(connection, "dim_campaign", [(
        hash(c.ref) % 10**6, c.ref, True, False, True, c.name, c.objective, c.starts, c.ends, c.offer,
        c.value, f"CODE{c.ref}", c.eligibility, c.budget, c.budget, c.control, c.status, None,
    )])  # fmt: skip
    add(connection, "bridge_campaign_channel", [(c.ref, name, *costs) for name, costs in c.channels.items()])


def carry_out(
    connection: duckdb.DuckDBPyConnection,
    campaign: Campaign,
    people: int,
    seed: int,
    *,
    control: float = 0.3,
    base: float = 0.2,
) -> None:
    """Let a past campaign have happened to the first `people` customers, controls by lot."""
    generator = np.random.default_rng(seed)
    add_campaign(connection, campaign)
    at = datetime(campaign.starts.year, campaign.starts.month, campaign.starts.day, 9, tzinfo=UTC)
    rows: list[tuple[object, ...]] = []
    for i in range(1, people + 1):
        is_control = bool(generator.random() < control)
        ordered = int(generator.random() < base) + int(not is_control and generator.random() < EFFECT)
        rows.append((
            f"{campaign.ref}-{i}", i, campaign.ref, CHANNELS["email"], None, is_control, False, ordered > 0,
            key(campaign.starts), 0 if is_control else 0.05, ordered, at, at, None, None, None,
        ))  # fmt: skip
    add(connection, "fct_campaign_contact", rows)


def shop_with_history(customers: int = 600, seed: int = 1) -> duckdb.DuckDBPyConnection:
    """A shop that held three retain campaigns against controls by e-mail, a year to two months ago."""
    connection = empty_shop()
    add_customers(connection, customers, seed)
    for n, days in enumerate((360, 200, 70)):
        starts = AS_OF - timedelta(days=days)
        past = Campaign(f"P{n}", f"Sale {2024 + n}", starts=starts, ends=starts + timedelta(days=5), status="done")
        carry_out(connection, past, customers, seed + n)
    return connection
