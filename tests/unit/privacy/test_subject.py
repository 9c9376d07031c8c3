"""A person is found by anything that identifies him alone; what others share is told apart."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.privacy.subject import describe, find_customers, find_subject, possible
from dagster_project.settings import StellaError


@pytest.mark.parametrize(
    "named", ["1", "W111111", "ANNA@x.it", " +39333123456 ", "summer", "@Summer", "record:W111111", "customer_id:1"]
)
def test_found_by_each_identifier(people: duckdb.DuckDBPyConnection, named: str) -> None:
    assert find_subject(people, named).customer_id == 1


def test_what_others_share_is_kept(people: duckdb.DuckDBPyConnection) -> None:
    subject = find_subject(people, "1")
    assert {(i.kind, i.value) for i in subject.shared} == {("visitor", "v1234567"), ("phone", "333 123456")}
    assert {"Anna Rossi", "Via Po 1", "1980-02-03"} <= subject.attributes
    # An everyday word is looked for only where it is written as a handle.
    assert set(subject.traces) == {"+39333123456", "39333123456", "anna@x.it", "Anna@x.it", "W111111", "@summer"}


@pytest.mark.parametrize(("named", "said"), [("nobody@x.it", "nobody is known"), ("v1234567", "shared by 2 customers")])
def test_unknown_and_ambiguous_are_told_without_repeating_them(
    people: duckdb.DuckDBPyConnection, named: str, said: str
) -> None:
    with pytest.raises(StellaError, match=said) as fault:
        find_subject(people, named)
    assert named not in str(fault.value)
    assert "Nothing was changed" in str(fault.value)


def test_before_the_first_run() -> None:
    with duckdb.connect() as empty, pytest.raises(StellaError, match="no run has been made"):
        find_subject(empty, "1")


def test_a_reference_that_is_another_customers_number(people: duckdb.DuckDBPyConnection) -> None:
    people.execute("insert into intermediate.identity_ledger values ('record', 'shop', '1', 2, null)")
    assert find_customers(people, "1") == [1, 2]
    assert find_customers(people, "customer_id:1") == [1]
    assert find_customers(people, "record:1") == [2]


def test_a_number_that_was_joined_to_another_leads_there(people: duckdb.DuckDBPyConnection) -> None:
    people.execute("insert into intermediate.identity_ledger values ('record', 'shop', 'W111111', 7, now())")
    assert find_customers(people, "7") == [1]


def test_what_only_those_of_one_request_share_goes(people: duckdb.DuckDBPyConnection) -> None:
    anna, berto = describe(people, [1, 2])
    assert anna.shared == berto.shared == frozenset()
    assert "v1234567" in anna.traces
    assert {"v1234567", "W222222"} <= set(berto.traces)


def test_what_somebody_unknown_may_have_been_known_by(people: duckdb.DuckDBPyConnection) -> None:
    assert {i.message for i in possible(people, "email: Anna@x.it")} == {"email:anna@x.it"}
    assert "record:shop|W9" in {i.message for i in possible(people, "W9")}
