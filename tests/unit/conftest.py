"""Persons for whoever asks who somebody is."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture
def people() -> Iterator[duckdb.DuckDBPyConnection]:
    """Anna and Berto of one family, as the ledger and the registry have them; they share a telephone and a visitor."""
    with duckdb.connect() as opened:
        opened.execute("create schema raw; create schema intermediate")
        opened.execute(
            "create table intermediate.identity_ledger as select *, null::timestamptz as believed_to from (values"
            " ('record', 'shop', 'W111111', 1), ('email', '', 'anna@x.it', 1), ('handle', 'x', 'summer', 1),"
            " ('phone', '', '+39333123456', 1), ('visitor', '', 'v1234567', 1), ('visitor', '', 'v1234567', 2),"
            " ('record', 'shop', 'W222222', 2)) as t (identifier_kind, source_system, identifier, customer_id)"
        )
        opened.execute(
            "create table raw.customers as select * from (values"
            " ('shop', 'W111111', 'Anna Rossi', 'Anna', 'Rossi', null::varchar, null::varchar, 'Via Po 1',"
            " date '1980-02-03', 'Anna@x.it', '333 123456'),"
            " ('shop', 'W222222', 'Berto Rossi', 'Berto', 'Rossi', null, null, 'Via Po 1', null, null, '333123456'))"
            " as t (source_system, customer_ref, full_name, given_name, family_name, organisation_name, tax_code,"
            " street, birth_date, email, phone)"
        )
        yield opened
