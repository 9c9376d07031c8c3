"""Permission over time: of all that the records of a customer say the latest counts, at equal time the opt-out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import render_model

START = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = {"a": 1, "b": 1, "c": 2}
# record, channel, day from which it holds, status; each in a file of its own, the later one corrects
Statement = tuple[str, str, int, str]
histories = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["email", "post"]),
        st.integers(0, 5),
        st.sampled_from(["opt_in", "opt_out"]),
    ),
    max_size=12,
)


def intervals(history: list[Statement]) -> list[tuple[int, str, str, datetime, datetime | None]]:
    """Let the two models make intervals of the statements: customer, channel, status, from when to when."""
    with duckdb.connect() as engine:
        engine.execute(
            """set TimeZone = 'UTC'; set threads = 1;
            create table raw_consents (source_system text, customer_ref text, channel text, purpose text,
                effective_at timestamptz, status text, evidence text, _file text, _line bigint, _loaded_at timestamptz);
            create table int_record__resolved (source_system text, customer_ref text, customer_id bigint)"""
        )
        engine.executemany("insert into int_record__resolved values ('crm', ?, ?)", list(CUSTOMERS.items()))
        rows = [
            (ref, channel, "Marketing" if number % 2 else "marketing", START + timedelta(days=day), status,
             f"{number}.csv", START + timedelta(days=30, hours=number))
            for number, (ref, channel, day, status) in enumerate(history)
        ]  # fmt: skip
        if rows:
            engine.executemany("insert into raw_consents values ('crm', ?, ?, ?, ?, ?, null, ?, 1, ?)", rows)
        engine.execute(f"create view stg_consents as {render_model('stg_consents')}")
        return engine.execute(
            f"""select customer_id, channel_code, status, valid_from, superseded_at
            from ({render_model("int_consent__intervals")}) order by 1, 2, 4"""
        ).fetchall()


def told(history: list[Statement], customer: int, channel: str, day: int) -> str | None:
    """What holds on a day: a record's last correction; of all records the latest day, at ties the opt-out."""
    stated = {
        (ref, at): status for ref, where, at, status in history if CUSTOMERS[ref] == customer and where == channel
    }
    latest = max((at for _, at in stated if at <= day), default=None)
    return max((status for (_, at), status in stated.items() if at == latest), default=None)


@settings(max_examples=20, deadline=None)
@given(history=histories)
def test_at_each_moment_the_latest_statement_of_any_record_counts(history: list[Statement]) -> None:
    rows = intervals(history)
    for customer in (1, 2):
        for channel in ("email", "post"):
            own = [row[2:] for row in rows if row[:2] == (customer, channel)]
            assert all(left[2] == right[1] for left, right in pairwise(own))
            assert [row[2] for row in own[-1:]] == [None] * bool(own)
            for day in range(-1, 7):
                moment = START + timedelta(days=day)
                in_force = [s for s, begins, ends in own if begins <= moment and (ends is None or moment < ends)]
                assert in_force == [status for status in [told(history, customer, channel, day)] if status]
