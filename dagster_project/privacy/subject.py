"""The person that a request is about: found by any of his identifiers, with everything that identifies him.

Belongs here: reading the identity ledger and `raw` about one person. Taking him out is in `tombstones.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from dagster_project.privacy.tombstones import Identifier
from dagster_project.settings import StellaError

LEDGER = "intermediate.identity_ledger"
SHORTEST_TRACE = 6
"""A shorter text would be found by chance in files that have nothing to do with the person."""


@dataclass(frozen=True)
class Subject:
    """One person: id, identifiers that are his alone, those that others share, and what else is said of him."""

    customer_id: int
    identifiers: frozenset[Identifier]
    shared: frozenset[Identifier]
    attributes: frozenset[str]

    @property
    def traces(self) -> list[str]:
        """The texts to search files for, the longest first, so that none is cut by a part of it."""
        kept = {i.value for i in self.shared}
        # A handle may be an everyday word; only written as a handle it names the person.
        plain = {i for i in self.identifiers if i.kind == "handle" and i.value.isalpha()}
        found = {i.value for i in self.identifiers - plain if len(i.value) >= SHORTEST_TRACE} - kept
        found |= {f"@{i.value}" for i in plain if i.value not in kept}
        return sorted(found, key=lambda text: (-len(text), text))


def find_subject(connection: duckdb.DuckDBPyConnection, named: str) -> Subject:
    """Find a person by customer id, reference, e-mail address, telephone number, handle, visitor or device.

    Raises:
        StellaError: nobody, or more than one, is known by that; the message does not repeat it.
    """
    if not _is_there(connection):
        raise StellaError("Nobody is known here yet: no run has been made. Run `stella run` first.")
    text = named.strip()
    found = connection.execute(
        f"select distinct customer_id from {LEDGER} where believed_to is null and (cast(customer_id as varchar) = $1"
        " or identifier = $1 or (identifier_kind = 'email' and identifier = lower($1)))",
        [text],
    ).fetchall()
    if not found:
        raise StellaError(
            "Nobody is known by what --customer says. Give a customer_id of warehouse.dim_customer, or a reference, "
            "e-mail address, telephone number (+39...), handle, visitor or device of the person, as the source has it. "
            "Nothing was changed."
        )
    if len(found) > 1:
        raise StellaError(
            f"What --customer says is shared by {len(found)} customers. Give the customer_id of the one that is meant. "
            "Nothing was changed."
        )
    return _describe(connection, int(found[0][0]))


def _is_there(connection: duckdb.DuckDBPyConnection) -> bool:
    schema, table = LEDGER.split(".")
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
        ).fetchone()
    )


def _describe(connection: duckdb.DuckDBPyConnection, customer_id: int) -> Subject:
    rows = connection.execute(
        f"select distinct identifier_kind, source_system, identifier from {LEDGER} where customer_id = ?", [customer_id]
    ).fetchall()
    own = {Identifier(*row) for row in rows}
    connection.execute("create or replace temp table subject_record (source_system varchar, customer_ref varchar)")
    records = [[i.scope, i.value] for i in own if i.kind == "record"]
    if records:
        connection.executemany("insert into subject_record values (?, ?)", records)
    is_his = "(source_system, customer_ref) in (select source_system, customer_ref from subject_record)"
    said = connection.execute(
        "select distinct unnest([full_name, given_name, family_name, organisation_name, tax_code, street, "
        f"cast(birth_date as varchar)]) from raw.customers where {is_his}"
    ).fetchall()
    for kind in ("email", "phone"):
        values = connection.execute(f"select distinct {kind} from raw.customers where {is_his}").fetchall()
        own |= {Identifier(kind, "", value) for (value,) in values if value}
    shared = {i for i in own if _is_shared(connection, i, customer_id, is_his)}
    attributes = frozenset(value for (value,) in said if value and len(value) > 2)
    return Subject(customer_id, frozenset(own - shared), frozenset(shared), attributes)


def _is_shared(connection: duckdb.DuckDBPyConnection, identifier: Identifier, customer_id: int, is_his: str) -> bool:
    """Whether the ledger or the registry gives the identifier to somebody else too."""
    elsewhere = connection.execute(
        f"select 1 from {LEDGER} where believed_to is null and identifier_kind = ? and source_system = ? "
        "and identifier = ? and customer_id <> ? limit 1",
        [identifier.kind, identifier.scope, identifier.value, customer_id],
    ).fetchone()
    if elsewhere or identifier.kind not in {"email", "phone"}:
        return elsewhere is not None
    form = {"email": "lower(trim(email))", "phone": "regexp_replace(phone, '[^0-9]', '', 'g')"}[identifier.kind]
    value = identifier.message.split(":", 1)[1]
    return bool(
        connection.execute(f"select 1 from raw.customers where {form} = ? and not {is_his} limit 1", [value]).fetchone()
    )
