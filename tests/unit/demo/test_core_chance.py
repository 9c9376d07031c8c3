"""Chance: the right laws, without memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sources.companies.demo.chance import Chance, scramble

PERSONS = np.arange(20_000)
LAWS = {
    "uniform": (lambda c: c.uniform("t", PERSONS), stats.uniform()),
    "normal": (lambda c: c.normal("t", PERSONS), stats.norm()),
    "exponential": (lambda c: c.exponential("t", PERSONS), stats.expon()),
    "gamma": (lambda c: c.gamma(0.243, "t", PERSONS), stats.gamma(0.243)),
    "beta": (lambda c: c.beta(0.793, 2.426, "t", PERSONS), stats.beta(0.793, 2.426)),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("seed", [1, 20240701])
def test_draws_follow_their_law(law: str, seed: int) -> None:
    draw, distribution = LAWS[law]
    assert stats.kstest(draw(Chance(seed)), distribution.cdf).pvalue > 1e-3


@pytest.mark.parametrize("mean", [0.05, 1.7, 12.0])
def test_poisson_counts_have_poisson_frequencies(mean: float) -> None:
    count = Chance(3).poisson(mean, "t", PERSONS)
    assert count.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / len(PERSONS)))
    assert count.var() == pytest.approx(mean, rel=0.05)
    assert np.mean(count == 0) == pytest.approx(np.exp(-mean), abs=0.012)


def test_a_draw_depends_on_its_keys_alone() -> None:
    whole = Chance(7).uniform("t", PERSONS, 3)
    part = Chance(7).uniform("t", PERSONS[500:700][::-1], 3)
    assert np.array_equal(part, whole[500:700][::-1])


@pytest.mark.parametrize(
    "other",
    [
        lambda c: c.uniform("u", PERSONS, 3),
        lambda c: c.uniform("t", PERSONS, 4),
        lambda c: c.uniform("t", PERSONS + 1, 3),
        lambda c: c.uniform("t", 3, PERSONS),
        lambda _: Chance(8).uniform("t", PERSONS, 3),
    ],
    ids=["purpose", "second key", "first key", "keys exchanged", "seed"],
)
def test_other_keys_give_independent_draws(other) -> None:
    assert abs(np.corrcoef(Chance(7).uniform("t", PERSONS, 3), other(Chance(7)))[0, 1]) < 4 / np.sqrt(len(PERSONS))


def test_picks_come_in_proportion_to_weights() -> None:
    picked = np.bincount(Chance(1).pick([1, 0, 3], "t", PERSONS), minlength=3) / len(PERSONS)
    assert picked == pytest.approx([0.25, 0, 0.75], abs=0.02)
    rows = np.tile([2.0, 1.0, 1.0], (len(PERSONS), 1))
    by_row = np.bincount(Chance(1).pick_by_row(rows, "t", PERSONS), minlength=3) / len(PERSONS)
    assert by_row == pytest.approx([0.5, 0.25, 0.25], abs=0.02)


def test_dirichlet_rows_have_the_mean_and_spread_of_their_kind() -> None:
    shapes = np.array([[1.0, 2.0, 3.0], [20.0, 10.0, 10.0]])
    drawn = Chance(5).dirichlet(shapes, PERSONS % 2, "t", PERSONS)
    assert drawn.sum(axis=1) == pytest.approx(np.ones(len(PERSONS)))
    for kind, shape in enumerate(shapes):
        mean = shape / shape.sum()
        own = drawn[kind == PERSONS % 2]
        assert own.mean(axis=0) == pytest.approx(mean, abs=0.01)
        assert own.var(axis=0) == pytest.approx(mean * (1 - mean) / (shape.sum() + 1), rel=0.1)


@given(st.integers(0, 2**16), st.integers(2, 12))
def test_scrambling_is_one_to_one(key: int, half: int) -> None:
    bits = 2 * half
    numbers = np.arange(min(2**bits, 4096))
    scrambled = scramble(numbers, key, bits)
    assert len(np.unique(scrambled)) == len(numbers)
    assert scrambled.min() >= 0
    assert scrambled.max() < 2**bits
