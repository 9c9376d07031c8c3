"""Versions of a customer of several records: no gap, no overlap, each as the records then in force say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import render_model

START = datetime(2026, 1, 1, tzinfo=UTC)
BEGINNING, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
CUSTOMERS = {"a": 1, "b": 1, "c": 2}
MODELS = ("int_customer_record__versioned", "int_customer__surviving", "int_customer__versioned")
TEXTS = """
source_system customer_ref party_type full_name given_name family_name organisation_name tax_code gender email phone
street city postcode region country_code language time_zone acquisition_channel_code acquisition_partner_ref
acquisition_campaign_ref _file
"""
# record, day from which it holds, language; in the order in which they arrive, so that a correction may come late
Row = tuple[str, int, str]
histories = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.sampled_from(["it", "de"])), max_size=10)
Version = tuple[int, datetime, datetime, str, int]


def versions_of(history: list[Row]) -> list[Version]:
    """Let the models make versions: customer, from when to when, language, number of records."""
    with duckdb.connect() as engine:
        columns = ", ".join(f"{name} text" for name in TEXTS.split())
        engine.execute(
            f"""set TimeZone = 'UTC'; set threads = 1;
            create table stg_customers__history ({columns}, birth_date date, registered_at timestamptz,
                is_deleted boolean, effective_at timestamptz, _line bigint, _loaded_at timestamptz);
            create table int_record__resolved (source_system text, customer_ref text, customer_id bigint)"""
        )
        engine.executemany("insert into int_record__resolved values ('crm', ?, ?)", list(CUSTOMERS.items()))
        for number, (ref, day, language) in enumerate(history):
            engine.execute(
                """insert into stg_customers__history by name select 'crm' as source_system, ? as customer_ref,
                ? as language, ? as effective_at, false as is_deleted, 'f' as _file, 1 as _line, ? as _loaded_at""",
                [ref, language, START + timedelta(days=day), START + timedelta(days=30, hours=number)],
            )
        for model in MODELS:
            engine.execute(f"create table {model} as {render_model(model)}")
        return engine.execute(
            """select customer_id, valid_from, valid_to, language_code, record_count
            from int_customer__versioned order by 1, 2"""
        ).fetchall()


def told(history: list[Row], customer: int, day: int) -> tuple[str, int]:
    """What his records say on a day, or on the first on which any does: the latest change, and their number."""
    stated = {(at, ref): language for ref, at, language in history if CUSTOMERS[ref] == customer}
    day = max(day, min(at for at, _ in stated))
    changes: dict[str, tuple[int, str]] = {}
    for ref in CUSTOMERS:
        for at, language in sorted((at, words) for (at, who), words in stated.items() if who == ref and at <= day):
            # A row that changes nothing makes no version, so it is not the latest change either.
            if ref not in changes or changes[ref][1] != language:
                changes[ref] = (at, language)
    last = max(at for at, _ in changes.values())
    ties = {ref: language for ref, (at, language) in changes.items() if at == last}
    return ties[min(ties)], len(changes)


@settings(max_examples=20, deadline=None)
@given(history=histories)
def test_versions_cover_all_time_and_say_what_the_records_say(history: list[Row]) -> None:
    versions = versions_of(history)
    assert {row[0] for row in versions} == {CUSTOMERS[ref] for ref, *_ in history}
    for customer in {row[0] for row in versions}:
        own = [row[1:] for row in versions if row[0] == customer]
        assert (own[0][0], own[-1][1]) == (BEGINNING, END)
        assert all(left[1] == right[0] and left[2:] != right[2:] for left, right in pairwise(own))
        for day in range(-1, 8):
            moment = START + timedelta(days=day)
            in_force = [row[2:] for row in own if row[0] <= moment < row[1]]
            assert in_force == [told(history, customer, day)]


@settings(max_examples=15, deadline=None)
@given(history=histories.filter(bool), late=st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.just("fr")))
def test_a_late_correction_changes_nothing_outside_its_time(history: list[Row], late: Row) -> None:
    """Versions that end before it holds, and those of others, stay; from then on each day is as the records now say."""
    ref, day, _ = late
    customer = CUSTOMERS[ref]
    before, after = versions_of(history), versions_of([*history, late])
    assert [v for v in before if v[0] != customer] == [v for v in after if v[0] != customer]
    own = [v[1:] for v in before if v[0] == customer], [v[1:] for v in after if v[0] == customer]
    first = START + timedelta(days=day)
    if any(who == ref and at < day for who, at, _ in history):
        assert [v for v in own[0] if v[1] < first] == [v for v in own[1] if v[1] < first]
    for moment in range(-1, 8):
        at = START + timedelta(days=moment)
        assert [v[2:] for v in own[1] if v[0] <= at < v[1]] == [told([*history, late], customer, moment)]
