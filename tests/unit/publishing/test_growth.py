"""A version that grows out of the former one holds what a fresh one would; where that is not certain, it is fresh."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.privacy.key import PseudonymKey
from dagster_project.publishing import exchanging, growth
from dagster_project.publishing import publish as publishing
from dagster_project.publishing.privacy import Description
from dagster_project.publishing.reader import open_published
from dagster_project.settings import Settings, StellaError

DAY = date(2026, 1, 1)
NEXT = DAY + timedelta(days=1)
KEY = PseudonymKey(b"k" * 32)
FACT, DIMENSION, SCORE = ("warehouse", "fct_event"), ("warehouse", "dim_thing"), ("scores", "score_x")
DESCRIPTIONS = {
    FACT: Description("An event.", key="event_key", masked_columns=frozenset({"text"})),
    DIMENSION: Description("A thing.", pseudonym_columns=frozenset({"handle"})),
}


@pytest.fixture
def warehouse(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse whose first version is published; no table is too small to be looked at closer."""
    monkeypatch.setattr(exchanging, "MANY", 0)
    with connect(settings) as connection:
        connection.execute("""
            create table warehouse.fct_event as
                select range as event_key, 'said ' || range as text, 0 as amount from range(10);
            create table warehouse.dim_thing as select range as thing_key, 'h' || range as handle from range(3);
            create table scores.score_x as select date '2026-01-01' as as_of_date, range as customer_id, 1.0 as score
                from range(5)""")
        _publish(connection, settings, DAY)
        yield connection


def _publish(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    day: date = NEXT,
    kept: Collection[tuple[str, str]] | None = None,
    key: PseudonymKey = KEY,
) -> int:
    """Publish; return the generation of the version."""
    publishing.publish(connection, settings, DESCRIPTIONS, day, key, kept)
    with open_published(settings) as reader:
        row = reader.execute("select generation from main.publication where as_of_date = ?", [day]).fetchone()
    assert row is not None
    return int(row[0])


def _published(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with open_published(settings) as reader:
        names = reader.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name <> 'main'"
        )
        return {name: reader.execute(f"from {name} order by all").fetchall() for (name,) in names.fetchall()}


def _write(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Bring the fact up to date as dbt does: what is written is remembered, what is taken away is not."""
    connection.execute(f"""
        create temp table fresh as {rows};
        create or replace table staging.fct_event__written as select event_key from fresh;
        delete from warehouse.fct_event where event_key in (select event_key from fresh);
        insert into warehouse.fct_event from fresh;
        drop table fresh""")


def _grows_like_a_fresh_one(
    connection: duckdb.DuckDBPyConnection, settings: Settings, kept: Collection[tuple[str, str]] = ()
) -> dict[str, list[tuple[object, ...]]]:
    assert _publish(connection, settings, kept=kept) == 1
    grown = _published(settings)
    assert _publish(connection, settings) == 0
    assert grown == _published(settings)
    return grown


def test_rows_written_and_rows_taken_away_are_exchanged(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    _write(warehouse, "select range as event_key, 'later' as text, 7 as amount from range(8, 12)")
    warehouse.execute("delete from warehouse.fct_event where event_key = 0")
    grown = _grows_like_a_fresh_one(warehouse, settings)
    assert [row[0] for row in grown["warehouse.fct_event"]] == list(range(1, 12))
    assert grown["warehouse.fct_event"][-1] == (11, "later", 7)


def test_only_rows_written_are_read_where_a_run_remembers_them(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """A row changed behind the run's back does not come: so it is the keys that are taken, not the whole table."""
    _write(warehouse, "select 3 as event_key, 'later' as text, 7 as amount")
    warehouse.execute("update warehouse.fct_event set amount = 99 where event_key = 5")
    _publish(warehouse, settings, kept=())
    told = _published(settings)["warehouse.fct_event"]
    assert [row[2] for row in told] == [0, 0, 0, 7, 0, 0, 0, 0, 0, 0]


def test_a_table_that_a_run_left_alone_stays(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    warehouse.execute("update warehouse.dim_thing set handle = 'another'")
    before = _published(settings)["warehouse.dim_thing"]
    _publish(warehouse, settings, kept=[DIMENSION])
    assert _published(settings)["warehouse.dim_thing"] == before


def test_a_table_without_remembered_keys_is_filled_anew(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    warehouse.execute("update warehouse.dim_thing set handle = 'h2'; update warehouse.fct_event set amount = 99")
    grown = _grows_like_a_fresh_one(warehouse, settings)
    assert {row[2] for row in grown["warehouse.fct_event"]} == {99}


def test_the_day_comes_and_days_whose_customers_are_others(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """One customer turned out to be another, on the past day; the day of the run is told anew whatever it holds."""
    warehouse.execute("""
        insert into scores.score_x select date '2026-01-02', range, 2.0 from range(5);
        update scores.score_x set customer_id = 17 where customer_id = 4""")
    grown = _grows_like_a_fresh_one(warehouse, settings)
    assert [row[1] for row in grown["scores.score_x"]] == [0, 1, 2, 3, 17, 0, 1, 2, 3, 17]
    warehouse.execute("update scores.score_x set score = 3.0")
    _publish(warehouse, settings, kept=())
    assert [row[2] for row in _published(settings)["scores.score_x"]] == [1.0] * 5 + [3.0] * 5


@pytest.mark.parametrize(
    "change",
    [
        "create table warehouse.dim_new as select 1 as a",
        "alter table warehouse.dim_thing add column size integer",
        "drop table staging.masked_text__published",
    ],
)
def test_what_was_made_in_another_way_is_made_afresh(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, change: str
) -> None:
    warehouse.execute(change)
    assert _publish(warehouse, settings, kept=()) == 0


def test_another_key_makes_it_afresh(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    assert _publish(warehouse, settings, kept=[DIMENSION], key=PseudonymKey(b"n" * 32, (KEY.current,))) == 0


def test_a_text_shown_that_gets_another_mask_makes_it_afresh(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """A name became known: what stands in the former file would keep it. A new text that is masked is no reason."""
    _write(warehouse, "select 20 as event_key, 'call 02 7654 3210' as text, 0 as amount")
    assert _publish(warehouse, settings, kept=()) == 1
    _write(warehouse, "select 21 as event_key, 'Anna Verdi came' as text, 0 as amount")
    assert _publish(warehouse, settings, kept=()) == 2
    warehouse.execute("""
        create table staging.stg_leads as select 'Anna Verdi' as full_name""")
    assert _publish(warehouse, settings, kept=()) == 0
    assert (21, "[name] came", 0) in _published(settings)["warehouse.fct_event"]
    version = settings.published / publishing.LINK
    assert b"Verdi" not in version.resolve().read_bytes()


def test_a_former_version_that_cannot_be_read_is_done_without(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    version = (settings.published / publishing.LINK).resolve()
    version.chmod(0o600)
    version.write_bytes(b"no database")
    assert _publish(warehouse, settings, kept=()) == 0


def test_a_fresh_file_comes_from_time_to_time(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "MOST_GROWN", 2)
    assert [_publish(warehouse, settings, kept=()) for _ in range(4)] == [1, 2, 0, 1]


def test_nothing_grows_after_a_publication_that_failed(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _published(settings)
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "exchange_tables", _fail)
        with pytest.raises(StellaError):
            _publish(warehouse, settings, kept=())
    assert _published(settings) == before
    assert _publish(warehouse, settings, kept=()) == 0


def _fail(*_: object) -> dict[str, int]:
    raise StellaError("no room")


def test_a_version_grows_without_touching_the_one_that_is_read(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    with open_published(settings) as early:
        _write(warehouse, "select range as event_key, 'later' as text, 7 as amount from range(8, 12)")
        _publish(warehouse, settings, kept=())
        assert early.execute("select count(*) from warehouse.fct_event").fetchall() == [(10,)]
    assert len(_published(settings)["warehouse.fct_event"]) == 12
