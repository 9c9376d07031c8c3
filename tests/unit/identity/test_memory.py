from __future__ import annotations

import random

import pytest

import dagster_project.identity.registry
from dagster_project.identity import resolve
from dagster_project.identity.memory import forget_records
from dagster_project.identity.registry import read_registry
from tests.unit.identity.registry import Registry
from tests.unit.identity.test_matching import FAMILY, GIVEN, STREETS

Rows = dict[tuple[str, str], dict[str, object]]
SYLLABLES = ("ba", "le", "mo", "ri", "tu", "san", "del", "cor", "vin", "zo")


def _population(draw: random.Random, persons: int) -> Rows:
    """Give records of persons, half of them with a second one that has a slip."""
    rows: Rows = {}
    for number in range(persons):
        person: dict[str, object] = {
            "given_name": draw.choice(GIVEN),
            "family_name": draw.choice(FAMILY) + "".join(draw.choices(SYLLABLES, k=2)),
            "birth_date": f"{draw.randint(1940, 2000)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
            "street": f"{draw.choice(STREETS)} {draw.randint(1, 200)}",
            "postcode": str(draw.randint(10000, 10040)),
            "city": "Torino",
            "email": f"m{number}@example.org",
        }
        rows["crm", f"a{number}"] = person
        if number % 2:
            slip = draw.choice([{"family_name": f"{person['family_name']}i"}, {"street": None}, {"postcode": "10099"}])
            rows["webshop", f"b{number}"] = person | {"email": None} | slip
    return rows


def _registry(rows: Rows) -> Registry:
    made = Registry()
    for (system, ref), row in rows.items():
        made.person(ref, system, **row)
    return made


def _said(registry: Registry) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    now = registry.connection.execute(
        "select * exclude (believed_from, believed_to) from intermediate.identity_ledger "
        "where believed_to is null order by all"
    ).fetchall()
    return now, registry.reviewed()


def test_nothing_new_compares_nothing_and_writes_nothing() -> None:
    registry = _registry(_population(random.Random(1), 60))
    first = resolve(registry.connection)
    before = registry.ledger()
    models = registry.connection.execute("select * from intermediate.identity_model").fetchall()
    second = resolve(registry.connection)
    assert first.scored["person"] > 0
    assert second.scored == {"person": 0}
    assert second.links == first.links
    assert registry.ledger() == before
    assert registry.connection.execute("select * from intermediate.identity_model").fetchall() == models


def test_what_is_forgotten_of_the_pairs_is_found_again() -> None:
    """As in a replay of the day on which the model was learned, or after an erasure: it has the model, and no pairs."""
    registry = _registry(_population(random.Random(2), 150))
    first = resolve(registry.connection)
    before = registry.ledger(), registry.connection.execute("from intermediate.identity_pair order by all").fetchall()
    forget_records(registry.connection)
    again = resolve(registry.connection)
    pairs = registry.connection.execute("from intermediate.identity_pair order by all").fetchall()
    assert again.scored == first.scored
    assert (registry.ledger(), pairs) == before
    assert resolve(registry.connection).scored == {"person": 0}
    assert registry.connection.execute("select count(*) from intermediate.identity_model").fetchone() == (1,)


def test_nothing_is_remembered_of_who_was_erased() -> None:
    rows = _population(random.Random(3), 100)
    rows["crm", "gone"] = rows["crm", "a1"] | {"given_name": "Zenobia", "family_name": "Quattrocchi", "email": "z@z.it"}
    registry = _registry(rows)
    resolve(registry.connection)
    believed = {record: number for record, number in registry.believed().items() if record[1] != "gone"}
    registry.connection.execute("delete from staging.stg_customers where customer_ref = 'gone'")
    forget_records(registry.connection)
    left = registry.connection.execute("select table_name from duckdb_tables() where schema_name = 'intermediate'")
    assert {table for (table,) in left.fetchall()} == {
        "identity_ledger", "identity_model", "identity_review", "identity_term",
    }  # fmt: skip
    resolve(registry.connection)
    assert registry.believed() == believed
    gone = "select ('0x' || left(md5(?), 15))::bigint"
    for table, column, text in (
        ("identity_term", "term_key", "zenobia"),
        ("identity_term", "term_key", "quattrocchi"),
        ("identity_record_state", "record_id", "crm|gone"),
        ("identity_pair", "record_id_l", "crm|gone"),
        ("identity_pair", "record_id_r", "crm|gone"),
    ):
        held = f"select count(*), count(*) filter ({column} in ({gone})) from intermediate.{table}"
        total, of_him = registry.connection.execute(held, [text]).fetchall()[0]
        assert total > 10
        assert of_him == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_days_changes_give_what_all_records_together_give(seed: int) -> None:
    """New, changed and vanished records: only their blocks are compared; the result is that of a full resolution."""
    draw = random.Random(seed)
    rows = _population(draw, 150)
    registry = _registry(rows)
    full = resolve(registry.connection)
    for system, ref in draw.sample(sorted(rows), 2):
        change = draw.choice([{"family_name": "Altrove"}, {"birth_date": None}, {"email": "m3@example.org"}])
        rows[system, ref] = rows[system, ref] | change
        registry.change(ref, system, **change)
    gone = draw.choice(sorted(rows))
    del rows[gone]
    registry.connection.execute("delete from staging.stg_customers where (source_system, customer_ref) = (?, ?)", gone)
    rows["pos", "new"] = rows[draw.choice(sorted(rows))] | {"email": None}
    registry.person("new", "pos", **rows["pos", "new"])
    day = resolve(registry.connection)
    assert day.scored["person"] < full.scored["person"] / 10

    together = _registry(rows)
    resolve(together.connection, edge_sources=[])
    for table in ("identity_model", "identity_term"):
        remembered = registry.connection.execute(f"from intermediate.{table}").to_arrow_table()
        together.connection.register("remembered", remembered)
        together.connection.execute(f"create or replace table intermediate.{table} as select * from remembered")
    all_at_once = resolve(together.connection)
    assert all_at_once.scored["person"] > full.scored["person"] / 2
    assert _said(registry) == _said(together)


def test_a_model_is_learned_anew_when_many_records_are_new() -> None:
    rows = _population(random.Random(5), 60)
    registry = _registry(rows)
    resolve(registry.connection)
    for number, row in enumerate(_population(random.Random(6), 10).values()):
        registry.person(f"n{number}", "app", **(row | {"email": f"n{number}@example.org"}))
    resolve(registry.connection)
    beliefs = registry.connection.execute(
        "select count(*), count(believed_to), count(distinct believed_from) from intermediate.identity_model"
    ).fetchone()
    assert beliefs == (2, 1, 2)
    assert resolve(registry.connection).scored == {"person": 0}
    remembered = _remembered(registry), registry.ledger()
    forget_records(registry.connection)
    resolve(registry.connection)
    assert (_remembered(registry), registry.ledger()) == remembered


def _remembered(registry: Registry) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: registry.connection.execute(f"from intermediate.{table} order by all").fetchall()
        for table in (
            "identity_record_state", "identity_pair", "identity_registry", "identity_registry_feature",
            "identity_judgement",
        )
    }  # fmt: skip


def test_the_registry_is_read_again_only_where_it_says_something_else() -> None:
    registry = _registry(_population(random.Random(8), 60))
    resolve(registry.connection)
    assert read_registry(registry.connection) == 0
    registry.change("a1", city="Asti")
    registry.change("a2", email=None, phone=None, street=None)
    registry.person("new", "pos", given_name="Ada")
    registry.connection.execute("delete from staging.stg_customers where customer_ref = 'a3'")
    resolve(registry.connection)
    assert read_registry(registry.connection) == 0
    day = _remembered(registry)
    registry.connection.execute("update intermediate.identity_registry set said = said + 1 where customer_ref = 'a4'")
    assert read_registry(registry.connection) == 1
    forget_records(registry.connection)
    resolve(registry.connection)
    for table in ("identity_registry", "identity_registry_feature", "identity_judgement"):
        assert _remembered(registry)[table] == day[table]


def test_what_another_version_remembers_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = _registry(_population(random.Random(9), 60))
    with monkeypatch.context() as patch:
        patch.setattr(dagster_project.identity.registry, "_version", lambda connection: "another")
        first = resolve(registry.connection)
    registry.connection.execute("update intermediate.identity_registry set email = null, name_words = ['x']")
    registry.connection.execute("update intermediate.identity_registry_feature set family_name = 'x'")
    said = "update intermediate.identity_judgement set says = 127, version = 0"
    registry.connection.execute(said)
    again = resolve(registry.connection)
    assert (again.links, again.opened, again.closed) == (first.links, 0, 0)
    registry.connection.execute(said)
    assert resolve(registry.connection).customers == first.customers
    registry.connection.execute("update intermediate.identity_judgement set says = 127")
    assert resolve(registry.connection).customers > first.customers


def test_a_registry_with_the_columns_of_another_version_is_read_anew() -> None:
    registry = _registry(_population(random.Random(9), 20))
    resolve(registry.connection)
    before = _remembered(registry)
    for change in ("drop column phone_digits", "add column nickname text"):
        registry.connection.execute(f"alter table intermediate.identity_registry {change}")
    registry.connection.execute("comment on table intermediate.identity_registry is 'another'")
    assert read_registry(registry.connection) == len(before["identity_registry"])
    assert _remembered(registry)["identity_registry"] == before["identity_registry"]


def test_what_is_remembered_names_nobody() -> None:
    rows = _population(random.Random(7), 40)
    registry = _registry(rows)
    resolve(registry.connection)
    words = {str(value).lower() for row in rows.values() for value in (row["family_name"], row["email"]) if value}
    for table in ("identity_model", "identity_term", "identity_record_state", "identity_pair", "identity_judgement"):
        text = str(registry.connection.execute(f"select * from intermediate.{table}").fetchall()).lower()
        assert len(text) > 100
        assert not [word for word in words if word in text]
