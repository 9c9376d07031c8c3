from __future__ import annotations

import duckdb
import numpy as np
import pytest

from dagster_project.identity.comparisons import BIRTH_DATE, TAX_CODE
from dagster_project.identity.judgement import contradiction, judgement
from dagster_project.identity.training import STRANGERS, Model, threshold
from tests.unit.identity.registry import Registry


def _odds(*blocks: tuple[int, float]) -> np.ndarray:
    """Give log2 odds: so many pairs that are one with about such a probability."""
    shares = np.concatenate([share + (1 - share) * np.linspace(-0.01, 0.01, pairs) for pairs, share in blocks])
    return np.asarray(np.log2(shares / (1 - shares)))


def _linked(odds: np.ndarray) -> int:
    return int((odds >= threshold(odds)).sum())


def test_strangers_are_found_by_their_place_not_by_holding_each_record_against_all() -> None:
    connection = duckdb.connect()
    connection.execute("create table records as select i * 7919 % 20011 as record_id from range(20000) as numbers(i)")
    statement = STRANGERS.format(source="records")
    plan = connection.execute(f"explain {statement}").fetchall()[0][1]
    assert "HASH_JOIN" in plan
    assert "NESTED_LOOP_JOIN" not in plan
    connection.execute(statement)
    pairs = "select count(*), count(distinct (record_id_l, record_id_r)) from identity_candidate"
    assert connection.execute(pairs).fetchone() == (60_000, 60_000)


def test_two_in_a_thousand_are_wrong_where_records_are_good() -> None:
    assert _linked(_odds((1000, 0.99999), (25, 0.9))) == 1000 + 20
    assert _linked(_odds((1000, 0.99999), (15, 0.9))) == 1015


def test_poor_records_are_linked_at_lower_odds() -> None:
    """Where many pairs of one would stay apart, a few wrong ones are taken for many right ones: one for 10 missed."""
    assert _linked(_odds((1000, 0.99999), (100, 0.9))) == 1000 + 47
    assert _linked(_odds((1000, 0.99999), (100, 0.9), (1000, 0.4))) == 1100


def test_nobody_is_linked_where_nothing_is_likely() -> None:
    assert threshold(_odds((50, 0.01))) == 1.0
    assert threshold(np.array([])) == 1.0
    assert threshold(_odds((5, 0.6))) == 4.0


@pytest.mark.parametrize(("pairs", "is_trusted"), [(3, True), (1000, False)])
def test_few_pairs_take_no_columns_trust_away(pairs: float, is_trusted: bool) -> None:
    model = Model((TAX_CODE,), {}, {}, {}, seen={"tax_code": [0.7, 0.0, 0.3]}, seen_pairs={"tax_code": pairs})
    assert (model.share_different("tax_code") < 0.02) is is_trusted


def test_a_birth_date_wrong_in_part_is_counted_apart() -> None:
    seen = {"birth_date": [0.9, 0.05, 0.04, 0.01]}
    model = Model((BIRTH_DATE,), {}, {}, {}, seen=seen, seen_pairs={"birth_date": 1e6})
    assert model.share_different("birth_date") == pytest.approx(0.01, rel=1e-3)
    assert model.share_different("birth_date", "part") == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize(
    ("other", "forgiven", "contradicts"),
    [
        ("1998-08-04", (), True),
        ("1998-08-04", ("birth_date_in_part",), True),
        ("1998-08-04", ("birth_date", "birth_date_in_part"), False),
        ("1970-11-30", (), True),
        ("1970-11-30", ("birth_date_in_part",), False),
        ("1998-05-17", ("birth_date_in_part",), False),
        ("1970-05-18", (), False),
        (None, (), False),
    ],
)
def test_where_dates_are_often_wrong_in_part_a_whole_other_one_still_contradicts(
    other: str | None, forgiven: tuple[str, ...], contradicts: bool
) -> None:
    connection = Registry().connection
    row = (
        "select 'crm' as source_system, true as is_live, null as tax_code, null as party_type, null as gender, "
        "'ann' as given_name, ['ann'] as name_words"
    )
    said = connection.execute(
        f"select {contradiction(judgement('l', 'r'), forgiven)} from ({row}, date '1970-05-17' as birth_date) as l, "
        f"({row}, $1::date as birth_date) as r",
        [other],
    ).fetchone()
    assert said == (contradicts,)
