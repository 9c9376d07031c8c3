"""Versions of products, campaigns and segments: no gap, no overlap, each day as the newest word of it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import render_model

# In the company's time zone, in which the versions of a segment begin.
ROME = ZoneInfo("Europe/Rome")
START = datetime(2026, 1, 1, tzinfo=ROME)
BEGINNING, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
# model → its history, the key, the attribute that is told of, the other columns
MODELS = {
    "int_product__versioned": (
        "stg_products__history", "product_ref", "name",
        ("brand department category subcategory supplier is_active currency_code unit_cost_original unit_cost "
         "list_price_original list_price"),
    ),
    "int_campaign__versioned": (
        "stg_campaigns__history", "campaign_ref", "name",
        ("objective starts_on ends_on offer_kind offer_value coupon_code target_category eligibility currency_code"
         " budget_original budget control_pct message_template status"),
    ),
    "int_segment__versioned": ("ledger_segment_definition_history", "segment_name", "criterion", "description owner"),
}  # fmt: skip
# thing, day from which it holds, what is told; in the order in which it arrives, so that a correction may come late
Row = tuple[str, int, str]
histories = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6), st.sampled_from(["x", "y"])), max_size=10)
Version = tuple[str, datetime, datetime, str]


def versions_of(model: str, history: list[Row]) -> list[Version]:
    """Let the model make versions: thing, from when to when, what is told."""
    table, key, told, others = MODELS[model]
    columns = ", ".join(f"{name} text" for name in (key, told, *others.split(), "_file"))
    with duckdb.connect() as engine:
        engine.execute(
            f"""set TimeZone = 'Europe/Rome'; set threads = 1;
            create table {table} ({columns}, updated_at timestamptz, effective_at timestamptz, effective_on date,
                is_valid boolean, is_listed boolean, _line bigint, _loaded_at timestamptz)"""
        )
        for number, (thing, day, word) in enumerate(history):
            engine.execute(
                f"""insert into {table} by name
                select ? as {key}, ? as {told}, ? as effective_at, ?::date as effective_on, true as is_valid,
                true as is_listed, 'f' as _file, 1 as _line, ? as _loaded_at""",
                [thing, word, at := START + timedelta(days=day), at, START + timedelta(days=30, hours=number)],
            )
        if model == "int_segment__versioned":
            engine.execute(f"alter table {table} drop column effective_at; alter table {table} drop column _file")
        return engine.execute(
            f"select {key}, valid_from, valid_to, {told} from ({render_model(model)}) as version order by 1, 2"
        ).fetchall()


def told_of(history: list[Row], thing: str, day: int) -> str:
    """What the newest word of the latest moment until the day says; before the first moment, what that one says."""
    words = {at: word for name, at, word in history if name == thing}
    return words[max((at for at in words if at <= day), default=min(words))]


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=12, deadline=None)
@given(history=histories)
def test_versions_cover_all_time_and_say_what_was_told(model: str, history: list[Row]) -> None:
    versions = versions_of(model, history)
    assert {row[0] for row in versions} == {row[0] for row in history}
    for thing in {row[0] for row in history}:
        own = [row[1:] for row in versions if row[0] == thing]
        assert (own[0][0], own[-1][1]) == (BEGINNING, END)
        assert all(left[1] == right[0] and left[2] != right[2] for left, right in pairwise(own))
        for day in range(-1, 8):
            at = START + timedelta(days=day)
            assert [row[2] for row in own if row[0] <= at < row[1]] == [told_of(history, thing, day)]


@pytest.mark.parametrize("model", MODELS)
def test_a_late_correction_puts_a_version_into_the_past_and_closes_its_neighbours(model: str) -> None:
    first, last, late = ("a", 0, "x"), ("a", 4, "y"), ("a", 2, "z")
    days = [START + timedelta(days=day) for day in (2, 4)]
    assert versions_of(model, [first, last]) == [("a", BEGINNING, days[1], "x"), ("a", days[1], END, "y")]
    assert versions_of(model, [first, last, late]) == [
        ("a", BEGINNING, days[0], "x"), ("a", *days, "z"), ("a", days[1], END, "y"),
    ]  # fmt: skip
