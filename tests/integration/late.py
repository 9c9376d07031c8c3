"""Words about the past that come late: each contradicts, for a time that is over, what was believed of it.

Every kind that a decision may draw on: a product's name, a customer's town, a record that turns out to be somebody
else's, a permission withdrawn, a permission given, what became of a contact.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

PRODUCT_NAME = "The name that it should have had"
TOWN = "Nowhere-on-Sea"
PERSONAL = (
    "full_name, given_name, family_name, tax_code, birth_date, gender, email, phone, street, city, postcode, country"
)


@dataclass(frozen=True)
class Late:
    """Whom it is about: references of records, and of the contact that was answered."""

    moved: str
    merged: tuple[str, str]
    withdrawn: str
    permitted: str
    answered: str


def tell_late(database: Path, landing: Path) -> Late:
    """Deliver them all, as files of their feeds, and say whom they are about."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as build (read_only)")
        connection.execute("use build; set TimeZone = 'UTC'")
        _write(
            connection,
            landing / "products" / "late.csv",
            f"""
            select * exclude (middle) replace ('{PRODUCT_NAME}' as name, middle as updated_at)
            from (
                select product.*, middle from raw.products as product
                inner join (
                    select product_ref, quantile_disc(ordered_at, 0.5) as middle
                    from warehouse.fct_order_line inner join warehouse.dim_product using (product_key)
                    where not is_inferred group by 1 having count(distinct ordered_at) > 5 order by 1 limit 1
                ) using (product_ref)
                order by product.updated_at limit 1
            )""",
        )
        _arrive(connection, landing)
        return Late(
            _move(connection, landing),
            _merge(connection, landing),
            _consent(connection, landing, "withdrawn", "opt_in", "opt_out"),
            _consent(connection, landing, "permitted", "opt_out", "opt_in"),
            _answer(connection, landing),
        )


def _write(connection: duckdb.DuckDBPyConnection, file: Path, query: str) -> None:
    kind = "json" if file.suffix == ".jsonl" else "csv"
    connection.execute(
        f"""copy (select * exclude (_extra, _file, _line, _row_hash, _loaded_at) from ({query}))
        to '{file}' (format {kind})"""
    )


def _last(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...]:
    row = connection.execute(f"{query} order by all desc limit 1").fetchone()
    assert row is not None, query
    return row


def _move(connection: duckdb.DuckDBPyConnection, landing: Path) -> str:
    """A customer lived elsewhere from the middle of his time on."""
    (ref,) = _last(
        connection,
        """
        select customer_ref from raw.customers where source_system = 'crm' and updated_at > registered_at
            and street is not null and not coalesce(is_deleted, false)""",
    )
    _write(
        connection,
        landing / "customers" / "late_move.csv",
        f"""
        select * exclude (interests) replace (
            '{TOWN}' as city, registered_at + (updated_at - registered_at) / 2 as updated_at, street || ' bis' as street
        ) from raw.customers where source_system = 'crm' and customer_ref = '{ref}' order by updated_at desc limit 1""",
    )
    return ref


def _merge(connection: duckdb.DuckDBPyConnection, landing: Path) -> tuple[str, str]:
    """A record of the shop and one of the app, believed to be two persons, have been one all along."""
    person = (
        "party_type = 'person' and tax_code is {} null and birth_date is not null and not coalesce(is_deleted, false)"
    )
    (keeps,) = _last(
        connection,
        f"""
        select customer_ref from raw.customers where source_system = 'crm' and {person.format("not")}""",
    )
    (joins,) = _last(
        connection,
        f"""
        select customer_ref from raw.customers where source_system = 'app' and {person.format("")}""",
    )
    copied = ", ".join(f"kept.{name} as {name}" for name in PERSONAL.split(", "))
    _write(
        connection,
        landing / "customers" / "late_merge.csv",
        f"""
        select joins.* exclude (interests) replace ({copied}, joins.updated_at + interval 1 hour as updated_at)
        from raw.customers as joins
        cross join (select * from raw.customers where source_system = 'crm' and customer_ref = '{keeps}'
            order by updated_at desc limit 1) as kept
        where joins.source_system = 'app' and joins.customer_ref = '{joins}' order by joins.updated_at desc limit 1""",
    )
    return keeps, joins


def _consent(connection: duckdb.DuckDBPyConnection, landing: Path, name: str, was: str, becomes: str) -> str:
    """Somebody of one record said something else of e-mails than what is believed, a day after he said it."""
    (ref,) = _last(
        connection,
        f"""
        select customer_ref from raw.consents as told
        inner join warehouse.bridge_customer_identity as identity
            on told.source_system = identity.source_system and told.customer_ref = identity.identifier
                and identity.identifier_kind = 'record' and identity.is_current
        inner join warehouse.dim_customer as customer on identity.customer_id = customer.customer_id
            and customer.is_current and customer.record_count = 1 and not customer.is_deleted
        inner join marts.mart_customer_permission as permission on identity.customer_id = permission.customer_id
        where told.source_system = 'crm' and told.channel = 'email' and told.purpose = 'marketing'
            and permission.is_email_permitted = {was == "opt_in"}
        group by customer_ref having count(*) = 1 and any_value(told.status) = '{was}'""",
    )
    _write(
        connection,
        landing / "consents" / f"late_{name}.csv",
        f"""
        select * replace ('{becomes}' as status, effective_at + interval 1 day as effective_at) from raw.consents
        where source_system = 'crm' and customer_ref = '{ref}' and channel = 'email' and purpose = 'marketing'""",
    )
    return ref


def _answer(connection: duckdb.DuckDBPyConnection, landing: Path) -> str:
    """Somebody accepted an offer an hour after it was sent."""
    (ref,) = _last(
        connection,
        """
        select contact_ref from warehouse.fct_campaign_contact
        where accepted_at is null and is_delivered and not is_responded""",
    )
    _write(
        connection,
        landing / "campaign_responses" / "late.jsonl",
        f"""
        select 'late' as response_ref, contact_ref, campaign_ref, source_system, customer_ref, 'accepted' as response,
            sent_at + interval 1 hour as responded_at, _extra, _file, _line, _row_hash, _loaded_at
        from raw.campaign_contacts where contact_ref = '{ref}' limit 1""",
    )
    return ref


def _arrive(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """Somebody registers a few hours after the last load: no word about the past, but one of the day."""
    _write(
        connection,
        landing / "customers" / "late_newcomer.csv",
        """
        select * exclude (interests) replace (
            'NEW' || customer_ref as customer_ref, _loaded_at + interval 2 hour as registered_at,
            _loaded_at + interval 2 hour as updated_at,
            'New' as given_name, 'Comer' as family_name, 'New Comer' as full_name,
            'new@comer.example' as email, null as phone, null as tax_code, date '1971-02-03' as birth_date
        ) from raw.customers where source_system = 'crm' order by _loaded_at desc, customer_ref limit 1""",
    )
