"""The persons that a request is about: found by any of their identifiers, with everything that identifies them.

Belongs here: reading the identity ledger and `raw` about a person. Taking him out is in `tombstones.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from dagster_project.privacy.tombstones import Identifier
from dagster_project.settings import StellaError

LEDGER = "intermediate.identity_ledger"
KINDS = ("record", "lead", "email", "phone", "handle", "visitor", "device")
SHORTEST_TRACE = 6
"""A shorter text would be found by chance in files that have nothing to do with the person."""
SHORTEST_NUMBER = 9
"""The same of a telephone number that is written as a number."""

_HIS_ACCOUNTS = "(select social_account_key from warehouse.dim_social_account where customer_id = $1)"
REACHED: Mapping[str, str] = {
    "decisions.withheld_contact": "plan_ref in (select plan_ref from decisions.contact_plan where customer_id = $1)",
    "warehouse.bridge_post_topic": (
        "social_post_key in (select social_post_key from warehouse.fct_social_post where customer_id = $1)"
    ),
    "warehouse.fct_social_follow": (
        f"follower_social_account_key in {_HIS_ACCOUNTS} or followed_social_account_key in {_HIS_ACCOUNTS}"
    ),
}
"""Tables that speak of a customer without his number, and which of their rows do."""


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
        digits = {"".join(filter(str.isdigit, i.value)) for i in self.identifiers if i.kind == "phone"}
        found |= {number for number in digits if len(number) >= SHORTEST_NUMBER}
        return sorted(found, key=lambda text: (-len(text), text))

    @property
    def too_short(self) -> int:
        """How many of his identifiers are too short to be told from other texts in a file."""
        return sum(len(i.value) < SHORTEST_TRACE for i in self.identifiers if not i.value.isalpha())


def find_subject(connection: duckdb.DuckDBPyConnection, named: str) -> Subject:
    """Find a person by customer id, reference, e-mail address, telephone number, handle, visitor or device.

    Raises:
        StellaError: nobody, or more than one, is known by that; the message does not repeat it.
    """
    found = find_customers(connection, named)
    if len(found) != 1:
        raise StellaError(f"--customer: {fault_of(found)} Nothing was changed.")
    return describe(connection, found)[0]


def fault_of(found: Sequence[int]) -> str:
    """Say why what was given names no one person."""
    if found:
        return (
            f"it is shared by {len(found)} customers; give `customer_id:` and the number of the one that is meant, or "
            f"say what it is: {', '.join(f'`{kind}:`' for kind in KINDS)}."
        )
    return (
        "nobody is known by it; give a customer_id of warehouse.dim_customer, or a reference, e-mail address, "
        "telephone number (+39...), handle, visitor or device of the person, as the source has it."
    )


def find_customers(connection: duckdb.DuckDBPyConnection, named: str) -> list[int]:
    """Name the customers that are known by a text; `customer_id:` or a kind of identifier before it says what it is.

    A customer_id that was joined to another, or split, leads to those that have its records now.

    Raises:
        StellaError: no run has been made.
    """
    if not _is_there(connection):
        raise StellaError("Nobody is known here yet: no run has been made. Run `stella run` first.")
    kind, text = _parted(named)
    found = connection.execute(
        f"select distinct customer_id from {LEDGER} where believed_to is null and ("
        "($1 in ('', 'customer_id') and cast(customer_id as varchar) = $2) or ($1 in ('', identifier_kind) and "
        "(identifier = $2 or (identifier_kind = 'email' and identifier = lower($2)) or "
        "(identifier_kind = 'handle' and lower(identifier) = lower(ltrim($2, '@'))))))",
        [kind, text],
    ).fetchall()
    if not found and kind in {"", "customer_id"}:
        found = connection.execute(
            f"select distinct now.customer_id from {LEDGER} as now inner join {LEDGER} as before "
            "using (identifier_kind, source_system, identifier) where now.believed_to is null "
            "and now.identifier_kind = 'record' and cast(before.customer_id as varchar) = ?",
            [text],
        ).fetchall()
    return sorted(int(row[0]) for row in found)


def possible(connection: duckdb.DuckDBPyConnection, named: str) -> list[Identifier]:
    """Say what a text may stand for, in every known source system; for somebody who is no longer known."""
    kind, text = _parted(named)
    systems = [s for (s,) in connection.execute("select distinct source_system from raw.customers").fetchall()]
    return [
        Identifier(one, scope, text)
        for one in KINDS
        if kind in {"", one}
        for scope in (systems if one in {"record", "lead"} else [""])
    ]


def _parted(named: str) -> tuple[str, str]:
    parted = re.fullmatch(rf"({'|'.join(('customer_id', *KINDS))}):(.*)", named.strip())
    return (parted[1], parted[2].strip()) if parted else ("", named.strip())


def _is_there(connection: duckdb.DuckDBPyConnection) -> bool:
    schema, table = LEDGER.split(".")
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
        ).fetchone()
    )


def describe(connection: duckdb.DuckDBPyConnection, customers: Sequence[int]) -> list[Subject]:
    """Read all that identifies persons; what only they share among themselves is theirs alone."""
    connection.execute(
        "create or replace temp table subject_identifier as "
        f"select distinct customer_id, identifier_kind, source_system, identifier from {LEDGER} "
        "where customer_id in (select unnest(?))",
        [list(customers)],
    )
    return [_describe(connection, customer_id) for customer_id in customers]


def _describe(connection: duckdb.DuckDBPyConnection, customer_id: int) -> Subject:
    rows = connection.execute(
        "select identifier_kind, source_system, identifier from subject_identifier where customer_id = ?", [customer_id]
    ).fetchall()
    own = {Identifier(*row) for row in rows}
    is_his = (
        "(source_system, customer_ref) in (select source_system, identifier from subject_identifier "
        f"where identifier_kind = 'record' and customer_id = {customer_id})"
    )
    said = connection.execute(
        "select distinct unnest([full_name, given_name || ' ' || family_name, given_name, family_name, "
        f"organisation_name, tax_code, street, cast(birth_date as varchar)]) from raw.customers where {is_his}"
    ).fetchall()
    for kind in ("email", "phone"):
        values = connection.execute(f"select distinct {kind} from raw.customers where {is_his}").fetchall()
        own |= {Identifier(kind, "", value) for (value,) in values if value}
    shared = {i for i in own if _is_shared(connection, i)}
    attributes = frozenset(value for (value,) in said if value and len(value) > 2)
    return Subject(customer_id, frozenset(own - shared), frozenset(shared), attributes)


def _is_shared(connection: duckdb.DuckDBPyConnection, identifier: Identifier) -> bool:
    """Whether the ledger or the registry gives the identifier to somebody whom the request is not about."""
    elsewhere = connection.execute(
        f"select 1 from {LEDGER} where believed_to is null and identifier_kind = ? and source_system = ? "
        "and identifier = ? and customer_id not in (select customer_id from subject_identifier) limit 1",
        [identifier.kind, identifier.scope, identifier.value],
    ).fetchone()
    if elsewhere or identifier.kind not in {"email", "phone"}:
        return elsewhere is not None
    form = {"email": "lower(trim(email))", "phone": "regexp_replace(phone, '[^0-9]', '', 'g')"}[identifier.kind]
    value = identifier.message.split(":", 1)[1]
    is_theirs = (
        "(source_system, customer_ref) in (select source_system, identifier from subject_identifier "
        "where identifier_kind = 'record')"
    )
    return bool(
        connection.execute(
            f"select 1 from raw.customers where {form} = ? and not {is_theirs} limit 1", [value]
        ).fetchone()
    )
