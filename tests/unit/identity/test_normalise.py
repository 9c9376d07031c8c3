from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.identity.normalise import define_macros

CONNECTION = duckdb.connect()
define_macros(CONNECTION)


def phone(written: str | None, country: str | None) -> str | None:
    row = CONNECTION.execute("select identity_phone(?, ?)", [written, country]).fetchone()
    assert row
    return None if row[0] is None else str(row[0])


@pytest.mark.parametrize(
    ("written", "country", "digits"),
    [
        ("+39 06 5550 1234", None, "390655501234"),
        ("0039-06-5550-1234", "DE", "390655501234"),
        ("06 5550 1234", "IT", "390655501234"),
        ("333 123 4567", "IT", "393331234567"),
        ("39 333 123 4567", "IT", "393331234567"),
        ("020 7946 0958", "GB", "442079460958"),
        ("+44 (0)20 7946 0958", "GB", "442079460958"),
        ("044 668 18 00", "CH", "41446681800"),
        ("12345", "IT", None),
        ("0000000000", "IT", None),
        ("333 123 4567", None, None),
        ("333 123 4567", "ZZ", None),
        ("call me", "IT", None),
        (None, "IT", None),
    ],
)
def test_a_phone_becomes_its_international_digits(written: str | None, country: str | None, digits: str | None) -> None:
    assert phone(written, country) == digits


@given(st.text(max_size=30), st.sampled_from(["IT", "GB", "DE", "CH", None]))
def test_no_text_breaks_the_phone(written: str, country: str | None) -> None:
    result = phone(written, country)
    assert result is None or (result.isdigit() and 8 <= len(result) <= 15)


@given(st.integers(10**8, 10**9 - 1), st.sampled_from([" ", "-", ".", "/"]))
def test_punctuation_does_not_matter(number: int, mark: str) -> None:
    digits = str(number)
    written = mark.join([digits[:3], digits[3:6], digits[6:]])
    assert phone(written, "GB") == phone(digits, "GB")


def test_names_lose_accents_and_signs_of_any_script() -> None:
    row = CONNECTION.execute(
        "select identity_name(' Élodie-Marie O''Brien '), identity_name('Жанна'), identity_name('--')"
    ).fetchone()
    assert row == ("elodie marie o brien", "жанна", None)
