from __future__ import annotations

import duckdb
import pytest

from dagster_project.identity import blocking


def _people(records: int, families: int) -> duckdb.DuckDBPyConnection:
    """Everybody of one given name, in so many families and twice as many postcodes; the rest is unknown."""
    connection = duckdb.connect()
    columns = (
        "birth_date",
        "email",
        "email_local",
        "phone",
        "tax_code",
        "street",
        "street_words",
        "house_number",
        "city",
    )
    unknown = ", ".join(f"null::text as {column}" for column in columns)
    connection.execute(
        f"create table identity_feature as select i as record_id, 'person' as party, 'anna' as given_name, "
        f"'f' || i % {families} as family_name, (i % {2 * families})::text as postcode, "
        f"{unknown} from range({records}) as numbers(i)"
    )
    return connection


def test_a_rule_that_brings_too_many_pairs_makes_way_for_a_narrower_one(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = _people(1000, 10)
    names, narrower = ("given_name", "family_name"), ("given_name", "family_name", "postcode")
    kept = blocking.choose_rules(connection, "person", 1000)
    assert kept[names] == 10 * 100 * 99 // 2
    assert narrower not in kept
    monkeypatch.setattr(blocking, "LEAST_BUDGET", 60_000)
    kept = blocking.choose_rules(connection, "person", 1000)
    assert names not in kept
    assert kept[narrower] == 20 * 50 * 49 // 2


def test_the_pairs_of_all_rules_stay_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = _people(1000, 10)
    monkeypatch.setattr(blocking, "LEAST_BUDGET", 1)
    for share in (1, 6, 60):
        monkeypatch.setattr(blocking, "BUDGET_A_RECORD", share)
        assert sum(blocking.choose_rules(connection, "person", 1000).values()) <= share * 1000


def test_changed_records_are_paired_with_those_of_their_blocks_only() -> None:
    connection = _people(100, 10)
    connection.execute("create table changed as select 3 as record_id")
    rule = {("given_name", "family_name"): 450}
    assert blocking.write_pairs(connection, "identity_feature", rule) == 450
    assert blocking.write_pairs(connection, "identity_feature", rule, "changed") == 9
    pairs = connection.execute("from identity_candidate order by all").fetchall()
    assert pairs == [(3, 10 * place + 3) for place in range(1, 10)]


def test_poor_records_are_looked_at_more_widely(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = _people(1000, 10)
    monkeypatch.setattr(blocking, "LEAST_BUDGET", 15_000)
    place = ("postcode",)
    monkeypatch.setattr(blocking, "RULES", (("given_name", "family_name", "postcode"),))
    assert place not in blocking.choose_rules(connection, "person", 1000)
    wide = blocking.choose_rules(connection, "person", 1000, is_poor=True)
    assert wide[place] == 20 * 50 * 49 // 2
    assert sum(wide.values()) <= 8 * 15_000


@pytest.mark.parametrize(
    ("rules", "least"),
    [
        ([("email",)], 0.5),
        ([("substr(email_local, 1, 7)",), ("email",)], 0.5),
        ([("email", "given_name")], 0.4),
        ([("email",), ("given_name",)], 0.5 + 0.5 * 0.8),
        ([("phone",)], 0.0),
        ([], 0.0),
    ],
)
def test_the_recall_to_expect_is_that_of_any_rule(rules: list[tuple[str, ...]], least: float) -> None:
    assert blocking.expected_recall(rules, {"email": 0.5, "given_name": 0.8}) == pytest.approx(least)


def test_many_rules_need_no_more_memory_than_one() -> None:
    connection = _people(100, 50)
    connection.execute("update identity_feature set birth_date = '1980-05-' || (record_id % 28 + 1), city = 'pisa'")
    connection.execute("set memory_limit = '48MB'")
    connection.execute("set threads = 2")
    assert blocking.write_pairs(connection, "identity_feature", dict.fromkeys(blocking.RULES, 0)) == 100 * 99 // 2
