"""What is told of a person is complete: tables that do not have his number are asked by what leads to them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from dagster_project.operations.export_person import derived_of
from dagster_project.operations.forgetting import forget_in_tables
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.subject import REACHED, Subject
from dagster_project.privacy.tombstones import prepare

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Customers 1 and 2, each with an account, a post, a planned contact that was withheld; each follows a third."""
    with duckdb.connect() as connection:
        for schema in ("raw", "quarantine", "staging", "intermediate", "warehouse", "marts", "scores", "decisions"):
            connection.execute(f"create schema {schema}")
        for statement in (
            "warehouse.dim_social_account (social_account_key, customer_id) as from (values (11, 1), (12, 2), (13, 3))",
            "warehouse.fct_social_post (social_post_key, customer_id) as from (values (21, 1), (22, 2))",
            "warehouse.bridge_post_topic (social_post_key, topic_key) as from (values (21, 5), (22, 5))",
            (
                "warehouse.fct_social_follow as select col0 as follower_social_account_key, "
                "col1 as followed_social_account_key from (values (11, 13), (12, 13), (13, 11))"
            ),
            "decisions.contact_plan (plan_ref, customer_id) as from (values ('P1', 1), ('P2', 2))",
            "decisions.withheld_contact (plan_ref, reason) as from (values ('P1', 'minor'), ('P2', 'bounced'))",
            "scores.score_customer (customer_id, value) as from (values (1, 10.0), (2, 20.0))",
        ):
            connection.execute(f"create table {statement}")
        yield connection


def test_every_table_that_speaks_of_him_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    told = {name: len(table["rows"]) for name, table in derived_of(warehouse, 1, {}).items()}
    every = warehouse.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name <> 'main'"
    )
    assert set(told) == {name for (name,) in every.fetchall()}
    assert set(REACHED) < set(told)
    assert told == {**dict.fromkeys(told, 1), "warehouse.fct_social_follow": 2}


def test_what_was_withheld_of_him_is_forgotten_with_him(warehouse: duckdb.DuckDBPyConnection) -> None:
    prepare(warehouse)
    forget_in_tables(warehouse, Subject(1, frozenset(), frozenset(), NOBODY), [], PseudonymKey(b"k" * 32))
    assert warehouse.execute("select plan_ref from decisions.withheld_contact").fetchall() == [("P2",)]
