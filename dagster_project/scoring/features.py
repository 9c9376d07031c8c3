"""What a model may know of a customer at a cut-off: a row a customer and cut-off date, from facts known by then.

Belongs here: the features and the rule of what is known. Does not belong here: a model, or the proof that the rule is
kept (`leakage.py`). A model is trained on rows of past cut-offs and asked with the row of the day; both are made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import duckdb

from dagster_project.scoring.daily_tables import Columns, write_day

TABLE = "customer_feature"
FEATURE_TABLES: Mapping[str, Columns] = {
    TABLE: {
        "customer_id": ("bigint", "The customer."),
        "as_of_date": ("date", "The cut-off: only what happened before this day, and was known on it, counts."),
        "order_count": ("bigint", "Purchase days ever."),
        "order_count_90": ("bigint", "Purchase days in the 90 days before."),
        "order_count_365": ("bigint", "Purchase days in the 365 days before."),
        "net_amount_365": ("decimal(18,4)", "Net revenue of the 365 days before."),
        "order_recency_days": ("bigint", "Days since the last purchase; null without any."),
        "order_tenure_days": ("bigint", "Days since the first purchase; null without any."),
        "return_count_365": ("bigint", "Returned lines in the 365 days before."),
        "outbound_contact_count_90": ("bigint", "Contacts from the company in the 90 days before."),
        "inbound_contact_count_90": ("bigint", "Contacts to the company in the 90 days before."),
        "visit_count_90": ("bigint", "Identified visits of the web site in the 90 days before."),
        "case_count_365": ("bigint", "Service cases opened in the 365 days before."),
        "complaint_count_365": ("bigint", "Complaints among them."),
        "points_balance": ("decimal(18,4)", "Loyalty points."),
    }
}
WINDOWS = (90, 365)
# The moment of each dated fact. What a row gains later (an answer, an end) is no feature: see `leakage.py`.
EVENTS = {
    "fct_order_line": "ordered_at",
    "fct_return": "returned_at",
    "fct_touchpoint": "occurred_at",
    "fct_web_session": "started_at",
    "fct_service_case": "opened_at",
    "fct_loyalty_entry": "occurred_at",
}


def known(fact: str, schema: str = "warehouse") -> str:
    """Write the condition that a row of the fact, a table of `schema`, had happened and was known at `feature_cut_off`.

    The first load of a fact brings its past, of which nobody can tell when it became known: what came within twelve
    hours of it counts from when it happened. A row that was corrected since counts from its correction.
    """
    return f"""{fact}.{EVENTS[fact]} < cut_off.starts_at and (
        {fact}._loaded_at <= cut_off.known_at
        or {fact}._loaded_at < (select min(_loaded_at) + interval 12 hour from {schema}.{fact}))"""


def _within(fact: str, days: int) -> str:
    return f"filter (where {fact}.{EVENTS[fact]} >= cut_off.back_{days})"


def _days_since(date_key: str) -> str:
    return f"any_value(cut_off.cut_off_on) - cast(strptime(cast({date_key} as text), '%Y%m%d') as date)"


def _from(fact: str) -> str:
    return f"""from warehouse.{fact} as {fact} cross join feature_cut_off as cut_off
        where {fact}.customer_id <> -1 and {known(fact)}"""


QUERIES: Mapping[str, str] = {
    "order": f"""
        select customer_id,
            count(order_date_key) as order_count,
            count(order_date_key) filter (where last_at >= cut_off.back_90) as order_count_90,
            count(order_date_key) filter (where last_at >= cut_off.back_365) as order_count_365,
            sum(net_amount_365) as net_amount_365,
            {_days_since("max(order_date_key)")} as order_recency_days,
            {_days_since("min(order_date_key)")} as order_tenure_days
        from (
            select customer_id, order_date_key, max(ordered_at) as last_at,
                sum(net_amount) {_within("fct_order_line", 365)} as net_amount_365
            {_from("fct_order_line")} and not coalesce(is_cancelled, false) group by customer_id, order_date_key
        ) as order_day
        cross join feature_cut_off as cut_off
        group by customer_id""",
    "return": f"""
        select customer_id, count(*) {_within("fct_return", 365)} as return_count_365
        {_from("fct_return")} group by customer_id""",
    "touchpoint": f"""
        select customer_id,
            count_if(direction = 'outbound') {_within("fct_touchpoint", 90)} as outbound_contact_count_90,
            count_if(direction = 'inbound') {_within("fct_touchpoint", 90)} as inbound_contact_count_90
        {_from("fct_touchpoint")} and touchpoint_kind in ('contact', 'campaign_contact') group by customer_id""",
    "visit": f"""
        select customer_id, count(*) {_within("fct_web_session", 90)} as visit_count_90
        {_from("fct_web_session")} group by customer_id""",
    "case": f"""
        select customer_id, count(*) {_within("fct_service_case", 365)} as case_count_365,
            count_if(is_complaint) {_within("fct_service_case", 365)} as complaint_count_365
        {_from("fct_service_case")} group by customer_id""",
    "points": f"""
        select customer_id, sum(points) as points_balance
        {_from("fct_loyalty_entry")} group by customer_id""",
}


def set_cut_off(connection: duckdb.DuckDBPyConnection, cut_off: date, time_zone: str) -> None:
    """Fill the temporary table `feature_cut_off`: the day, its beginning, days before it, its end until which is known.

    The days are counted back here: to count them for each row takes longer than all else that features ask of it. It
    is not the present moment until which is known: rows of one run are dated microseconds after it, one by one.
    """
    back = ", ".join(f"starts_at - to_days({days}) as back_{days}" for days in WINDOWS)
    connection.execute(
        f"""create or replace temp table feature_cut_off as select
            cast($day as date) as cut_off_on,
            timezone(cast($zone as text), cast($day as timestamp)) as starts_at,
            timezone(cast($zone as text), cast($next as timestamp)) as known_at,
            {back}""",
        {"zone": time_zone, "day": _midnight(cut_off), "next": _midnight(cut_off + timedelta(days=1))},
    )


def customer_features() -> str:
    """Write the SQL that tells what was known at the cut-off (`set_cut_off`) of each customer of whom anything was.

    Columns: `customer_id` and those of `FEATURE_TABLES` but the day. A count without a row is 0, all else null.
    """
    names = [name for name in FEATURE_TABLES[TABLE] if name not in {"customer_id", "as_of_date"}]
    values = ", ".join(f"coalesce({n}, 0) as {n}" if "_count" in n else n for n in names)
    parts = ", ".join(f'"{name}" as ({query})' for name, query in QUERIES.items())
    population = " union ".join(f'select customer_id from "{name}"' for name in QUERIES)
    joins = " ".join(f'left join "{name}" using (customer_id)' for name in QUERIES)
    return f"with {parts}, customer as ({population}) select customer_id, {values} from customer {joins} order by 1"


def write_features(connection: duckdb.DuckDBPyConnection, as_of: date, time_zone: str) -> int:
    """Write the day's rows of `scores.customer_feature` in place of those it holds for that day; returns how many."""
    set_cut_off(connection, as_of, time_zone)
    return write_day(connection, "scores", FEATURE_TABLES, as_of, {TABLE: f"({customer_features()})"})[TABLE]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the query gives it the company's zone
