"""Publishing: what is copied, what is withheld, and what a reader sees while versions change."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.privacy.key import PseudonymKey
from dagster_project.publishing import publish as publishing
from dagster_project.publishing.privacy import Description, describe
from dagster_project.publishing.reader import open_published, published_version
from dagster_project.settings import Settings, StellaError

DAY = date(2026, 1, 1)
DESCRIPTIONS = {
    ("warehouse", "dim_customer"): Description(
        "One row per version; don't merge.", False, {"customer_id": "The durable number."}, frozenset({"email"})
    ),
    ("warehouse", "dim_customer_personal"): Description("", True),
}


def _publish(settings: Settings, rows: int) -> publishing.Publication:
    with connect(settings) as connection:
        connection.execute(
            "create or replace table warehouse.dim_customer as "
            f"select range as customer_id, 'a@b.c' as email from range({rows})"
        )
        connection.execute("create or replace table warehouse.dim_customer_personal as select 1 as customer_id")
        connection.execute("create or replace table raw.customers as select 1 as x")
        return publishing.publish(connection, settings, DESCRIPTIONS, DAY)


def test_only_published_schemas_without_personal_columns_are_copied(settings: Settings) -> None:
    _publish(settings, 3)
    with open_published(settings) as reader:
        columns = reader.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall()
    assert [c for c in columns if c[0] != "main"] == [("warehouse", "dim_customer", "customer_id")]


def test_descriptions_travel_as_comments(settings: Settings) -> None:
    _publish(settings, 3)
    with open_published(settings) as reader:
        tables = reader.execute("select comment from duckdb_tables() where table_name = 'dim_customer'").fetchall()
        columns = reader.execute("select comment from duckdb_columns() where column_name = 'customer_id'").fetchall()
    assert tables == [("One row per version; don't merge.",)]
    assert columns == [("The durable number.",)]


def test_an_open_reader_keeps_the_old_version_and_a_new_one_sees_the_new(settings: Settings) -> None:
    _publish(settings, 1)
    with open_published(settings) as early:
        for rows in (2, 3, 4):
            _publish(settings, rows)
        assert early.execute("select count(*) from warehouse.dim_customer").fetchall() == [(1,)]
        with open_published(settings) as late:
            assert late.execute("select count(*) from warehouse.dim_customer").fetchall() == [(4,)]


def test_old_versions_are_pruned(settings: Settings) -> None:
    for rows in (1, 2, 3, 4):
        _publish(settings, rows)
    kept = sorted((settings.published / "versions").iterdir())
    assert len(kept) == 2
    assert published_version(settings) == kept[-1].resolve()


def test_a_failed_publication_leaves_the_last_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(settings, 1)
    before = published_version(settings)

    def disagree(version: Path, _expected: object) -> None:
        raise StellaError(f"{version.name} disagrees")

    monkeypatch.setattr(publishing, "_verify", disagree)
    with pytest.raises(StellaError):
        _publish(settings, 2)
    assert published_version(settings) == before
    assert list((settings.published / "versions").iterdir()) == [before]


def test_what_a_killed_run_left_is_no_version(settings: Settings) -> None:
    _publish(settings, 1)
    versions = settings.published / "versions"
    for name in ("stella-19990101T000000000000.part", "stella-19990101T000000000000.part.wal"):
        (versions / name).write_bytes(b"half")
    before = published_version(settings)
    _publish(settings, 2)
    assert sorted(versions.iterdir()) == [before, published_version(settings)]


def test_a_version_that_a_reader_holds_is_removed_and_still_read(settings: Settings) -> None:
    """Whoever has it open keeps it, as the system does with any file; nobody else finds it."""
    _publish(settings, 1)
    oldest = published_version(settings)
    with duckdb.connect(str(oldest), read_only=True) as reader:
        for rows in (2, 3, 4):
            _publish(settings, rows)
        assert not oldest.exists()
        assert reader.execute("select count(*) from warehouse.dim_customer").fetchall() == [(1,)]
        assert len(list((settings.published / "versions").iterdir())) == settings.keep_versions


def test_a_copy_with_missing_rows_is_refused(settings: Settings, tmp_path: Path) -> None:
    version = tmp_path / "v.duckdb"
    with duckdb.connect(str(version)) as writer:
        writer.execute("create schema marts")
        writer.execute("create table marts.t as select 1 as a")
    with pytest.raises(StellaError, match=r"marts\.t holds"):
        publishing._verify(version, {"marts.t": 2})


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "create table main.x (i int)",
        "drop table warehouse.dim_customer",
        "attach '/tmp/other.duckdb' as other",
        "copy warehouse.dim_customer to '/tmp/out.csv'",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_reader_can_only_read(settings: Settings, statement: str) -> None:
    _publish(settings, 1)
    with open_published(settings) as reader, pytest.raises(duckdb.Error):
        reader.execute(statement)


def test_reading_before_publishing_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(StellaError, match="stella run"):
        open_published(settings)


def test_privacy_is_read_from_meta_of_columns_and_models() -> None:
    node = {
        "resource_type": "model",
        "schema": "warehouse",
        "name": "dim_x",
        "alias": "dim_x",
        "description": "d",
        "columns": {
            "email": {"description": "e", "config": {"meta": {"privacy": "personal"}}},
            "religion": {"description": "r", "meta": {"privacy": "sensitive"}},
            "city": {"description": "c"},
        },
    }
    whole = {**node, "name": "dim_y", "alias": "dim_y", "config": {"meta": {"privacy": "personal"}}}
    described = describe({"nodes": {"a": node, "b": whole, "t": {"resource_type": "test"}}})
    assert described["warehouse", "dim_x"].withheld_columns == {"email", "religion"}
    assert not described["warehouse", "dim_x"].is_withheld
    assert described["warehouse", "dim_y"].is_withheld


def test_keys_and_telling_references_are_published_as_pseudonyms(settings: Settings) -> None:
    described = {
        ("warehouse", "dim_account"): Description(pseudonym_columns=frozenset({"account_key", "handle"})),
        ("warehouse", "fct_post"): Description(pseudonym_columns=frozenset({"account_key"})),
    }
    with connect(settings) as connection:
        connection.execute("create table warehouse.dim_account as select 5 as account_key, 'anna_r' as handle")
        connection.execute(
            "create table warehouse.fct_post as from (values (5, 'C1'), (5, 'a@b.example'), (-1, null)) "
            "as t (account_key, customer_ref)"
        )
        publishing.publish(connection, settings, described, DAY, PseudonymKey(b"k" * 32))
    with open_published(settings) as reader:
        accounts = reader.execute("from warehouse.dim_account").fetchall()
        posts = reader.execute("from warehouse.fct_post order by account_key, customer_ref").fetchall()
    assert accounts[0][0] != 5
    assert accounts[0][1].startswith("p")
    assert [key for key, _ in posts] == [-1, accounts[0][0], accounts[0][0]]
    references = [reference for _, reference in posts]
    assert references[:2] == [None, "C1"]
    assert references[2].startswith("p")


def test_another_key_changes_every_pseudonym_and_they_still_join(settings: Settings) -> None:
    described = {
        ("warehouse", table): Description(pseudonym_columns=frozenset({"handle"}))
        for table in ("dim_account", "fct_post")
    }
    found = []
    with connect(settings) as connection:
        for table in ("dim_account", "fct_post"):
            connection.execute(f"create table warehouse.{table} as from (values ('anna_r'), ('b_2')) as t (handle)")
        for key in (PseudonymKey(b"k" * 32), PseudonymKey(b"n" * 32, (b"k" * 32,))):
            publishing.publish(connection, settings, described, DAY, key)
            with open_published(settings) as reader:
                joined = reader.execute("from warehouse.dim_account inner join warehouse.fct_post using (handle)")
                found.append({handle for (handle,) in joined.fetchall()})
    before, after = found
    assert len(before) == len(after) == 2
    assert not before & after


def test_a_text_in_a_list_is_not_published_as_it_cannot_be_masked(settings: Settings) -> None:
    described = {("warehouse", "fct_post"): Description(masked_columns=frozenset({"text", "words"}))}
    with connect(settings) as connection:
        connection.execute(
            "create table warehouse.fct_post as select 1 as post_key, 'a@b.example' as text, ['a@b.c'] as words"
        )
        publishing.publish(connection, settings, described, DAY)
    with open_published(settings) as reader:
        assert reader.execute("from warehouse.fct_post").fetchall() == [(1, "[email]")]


def test_the_restricted_file_is_made_only_where_asked_for_and_only_for_its_owner(settings: Settings) -> None:
    _publish(settings, 3)
    link = settings.published / publishing.PERSONAL_LINK
    assert not link.exists()
    _publish(settings.model_copy(update={"publish_personal": True}), 3)
    assert stat.S_IMODE(link.resolve().stat().st_mode) == 0o600
    assert stat.S_IMODE(link.resolve().parent.stat().st_mode) == 0o700
    with duckdb.connect(str(link.resolve()), read_only=True) as reader:
        assert reader.execute("select distinct email from warehouse.dim_customer").fetchall() == [("a@b.c",)]
        assert reader.execute("select count(*) from warehouse.dim_customer_personal").fetchall() == [(1,)]
    _publish(settings, 3)
    assert not link.exists()
    assert not (settings.published / "personal").exists()
