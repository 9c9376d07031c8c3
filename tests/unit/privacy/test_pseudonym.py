"""Pseudonyms: the hash is the standard's, unknown and null stay, another key gives others."""

from __future__ import annotations

import hashlib
import hmac

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.privacy.pseudonym import install, keyed_hash


@given(key=st.binary(min_size=32, max_size=150), message=st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_the_hash_is_hmac_sha_256(key: bytes, message: str) -> None:
    with duckdb.connect() as connection:
        install(connection, key)
        row = connection.execute("select keyed_hash(?)", [message]).fetchone()
    expected = hmac.new(key, message.encode(), hashlib.sha256).hexdigest()
    assert row == (expected,)
    assert keyed_hash(key, message) == expected


def test_unknown_and_null_stay_and_another_key_gives_other_pseudonyms() -> None:
    answers = []
    for key in (b"a" * 32, b"b" * 32):
        with duckdb.connect() as connection:
            install(connection, key)
            rows = connection.execute(
                "select pseudonym_key(v), pseudonym_text(v) from (values (7), (-1), (null)) as t (v)"
            ).fetchall()
        assert rows[1][0] == -1
        assert rows[2] == (None, None)
        answers.append(rows[0])
    assert answers[0] != answers[1]
    assert all(0 <= number < 2**60 and text.startswith("p") for number, text in answers)


@pytest.mark.parametrize("reference", ["a@b.example", "+39 06 1234567", "0612345678", "anna.rossi", "Anna Rossi"])
def test_a_reference_that_says_who_somebody_is_is_recognised(reference: str) -> None:
    assert _is_identifying(reference)


@pytest.mark.parametrize("reference", ["C1709965332", "100000123", "00042", "crm-17", "7f3a0c11-8a9b", "CUST_0001"])
def test_a_reference_that_is_only_a_number_stays(reference: str) -> None:
    assert not _is_identifying(reference)


def _is_identifying(reference: str) -> bool:
    with duckdb.connect() as connection:
        install(connection, b"k" * 32)
        row = connection.execute("select is_identifying(?)", [reference]).fetchone()
    assert row is not None
    return bool(row[0])
