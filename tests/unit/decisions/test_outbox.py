from __future__ import annotations

import csv
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from dagster_project.decisions import DecisionPolicy, prepare, write_outbox
from dagster_project.decisions.outbox import COLUMNS, FORMULA_STARTS, copy, defused, is_plain, write_with_care
from dagster_project.settings import Settings
from tests.unit.decisions.shop import FOREVER, START, add, empty_shop

DAY = date(2026, 7, 1)


@pytest.fixture
def planned() -> duckdb.DuckDBPyConnection:
    connection = empty_shop()
    prepare(connection)
    policy = DecisionPolicy().model_dump_json()
    connection.execute("insert into decisions.decision_policy values (date '2026-07-01', 'shop', ?)", [policy])
    add(connection, "fct_consent", [(1, "email", "marketing", True, START - timedelta(days=9), FOREVER)])
    for ref, channel, customer_ref, is_control in [
        ("P1", "email", "=HYPERLINK(1)", False), ("P2", "email", "R2", True), ("P3", "post", 'R"3,\n', False),
    ]:  # fmt: skip
        connection.execute(
            """insert into decisions.contact_plan by name select ? as plan_ref, date '2026-07-01' as as_of_date,
            'C1' as campaign_ref, 1 as customer_id, 'crm' as source_system, ? as customer_ref, ? as channel_code,
            date '2026-07-03' as planned_on, 10 as planned_hour, 'gift' as offer_kind, 5 as offer_value,
            '@code' as coupon_code, 'plan' as variant, cast(? as boolean) as is_control, 1 as expected_profit_amount""",
            [ref, customer_ref, channel, is_control],
        )
    return connection


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_file_a_channel_without_controls_and_without_formulas(
    planned: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    files = write_outbox(planned, settings)
    assert [f.relative_to(settings.outbox).as_posix() for f in files] == ["2026-07-01/email.csv", "2026-07-01/post.csv"]
    (email,), (post,) = (rows(f) for f in files)
    assert tuple(email) == COLUMNS
    assert (email["plan_ref"], email["customer_ref"], email["coupon_code"]) == ("P1", "'=HYPERLINK(1)", "'@code")
    assert post["customer_ref"] == 'R"3,\n'


def test_writing_again_gives_the_same_bytes_and_clears_what_is_stale(
    planned: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    first = {f: f.read_bytes() for f in write_outbox(planned, settings)}
    assert {f: f.read_bytes() for f in write_outbox(planned, settings)} == first
    planned.execute("delete from decisions.contact_plan where channel_code = 'post'")
    (email,) = write_outbox(planned, settings)
    assert list(email.parent.iterdir()) == [email]


def test_nothing_decided_writes_nothing(settings: Settings) -> None:
    connection = duckdb.connect()
    prepare(connection)
    assert write_outbox(connection, settings) == []


@given(st.text())
@limits(deadline=None)
def test_no_text_starts_a_formula_and_none_is_lost(text: str) -> None:
    safe = defused(text)
    assert not safe.startswith(FORMULA_STARTS)
    assert safe.endswith(text)
    assert len(safe) - len(text) <= 1


@given(st.text())
@limits(deadline=None)
def test_a_text_called_plain_needs_no_care(text: str) -> None:
    (called_plain,) = duckdb.execute(f"select {is_plain('told')} from (select ? as told)", [text]).fetchall()[0]
    assert not called_plain or defused(text) == text


@given(st.lists(st.none() | st.text() | st.text().map("R{}".format), min_size=1, max_size=9), st.booleans())
@limits(deadline=None)
def test_the_engine_writes_plain_texts_as_python_does(texts: list[str | None], is_valued: bool) -> None:
    connection = duckdb.connect()
    prepare(connection)
    connection.executemany(
        """insert into decisions.contact_plan by name select ? as plan_ref, date '2026-07-01' as as_of_date,
        ? as customer_ref, 'post' as channel_code, date '2026-07-03' as planned_on, 10 as planned_hour,
        case when ? then 5 end as offer_value, false as is_control""",
        [(f"P{number}", text, is_valued) for number, text in enumerate(texts)],
    )
    connection.execute(f"delete from decisions.contact_plan where not {is_plain('customer_ref')}")
    with tempfile.TemporaryDirectory() as folder:
        parts = Path(folder) / "copied", Path(folder) / "written"
        for write, part in zip((copy, write_with_care), parts, strict=True):
            write(connection, part, DAY, "post")
        assert parts[0].read_bytes() == parts[1].read_bytes()


def test_texts_that_need_no_care_are_written_as_those_that_do(
    planned: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    planned.execute("update decisions.contact_plan set customer_ref = 'R1'")
    email, post = write_outbox(planned, settings)
    planned.execute("update decisions.contact_plan set coupon_code = 'code'")
    careful = [file.read_text() for file in (email, post)]
    assert [file.read_text() for file in write_outbox(planned, settings)] == [
        text.replace("'@code", "code") for text in careful
    ]
