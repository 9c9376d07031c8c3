"""A simulated company's customers, their households and accounts against the persons of its world."""

from __future__ import annotations

from pathlib import Path

import duckdb
from rich.console import Console

from dagster_project.benchmark.resolution import Quality, judge, judge_groups
from dagster_project.database import tables
from dagster_project.operations.session import Session

_RESOLVED = """
select source_system, identifier as customer_ref, customer_id as cluster
from intermediate.identity_ledger where identifier_kind = 'record' and believed_to is null
"""
# One row a person: the household of his customer and the one that he truly lives in.
_HOUSED = """
select min(lives.household_id) as cluster, person.household_id as truly
from intermediate.identity_ledger as ledger
inner join '{truth}/person_record.parquet' as record
    on ledger.source_system = record.source_system and ledger.identifier = record.customer_ref
inner join '{truth}/person.parquet' as person on record.person_id = person.person_id
inner join warehouse.bridge_customer_household as lives on ledger.customer_id = lives.customer_id and lives.is_current
where ledger.identifier_kind = 'record' and ledger.believed_to is null
group by person.person_id, person.household_id
"""
# One row an account of a platform: to whom it was given, whether it is some customer's, and whether it is his.
_ACCOUNTS = """
with owner as (
    select distinct record.person_id, ledger.customer_id
    from intermediate.identity_ledger as ledger
    inner join '{truth}/person_record.parquet' as record
        on ledger.source_system = record.source_system and ledger.identifier = record.customer_ref
    where ledger.identifier_kind = 'record' and ledger.believed_to is null
),
account as (
    select told.customer_id,
        truly.person_id in (select person_id from owner) as is_there,
        exists (
            select 1 from owner where owner.person_id = truly.person_id and owner.customer_id = told.customer_id
        ) as is_right
    from '{truth}/social_account.parquet' as truly
    left join intermediate.identity_ledger as told
        on told.identifier_kind = 'handle' and told.believed_to is null
        and lower(truly.platform) = told.source_system and lower(truly.handle) = told.identifier
)
select count(*) filter (is_right) / greatest(count(customer_id), 1),
    count(*) filter (is_right) / greatest(count(*) filter (is_there), 1),
    2 * count(*) filter (is_right) / greatest(count(customer_id) + count(*) filter (is_there), 1)
from account
"""


def grade_identity(connection: duckdb.DuckDBPyConnection, truth: Path) -> Quality:
    """Hold the records that are one customer against those of one person; `truth` is the world's folder."""
    return judge(connection, _RESOLVED, truth / "person_record.parquet")


def grade_households(connection: duckdb.DuckDBPyConnection, truth: Path) -> Quality:
    """Hold the persons who are one household against those who live in one; `truth` is the world's folder."""
    return judge_groups(connection, _HOUSED.format(truth=truth))


def grade_accounts(connection: duckdb.DuckDBPyConnection, truth: Path) -> Quality:
    """Hold the accounts that were given to customers against those that are theirs; `truth` is the world's folder."""
    return Quality(*map(float, connection.execute(_ACCOUNTS.format(truth=truth)).fetchall()[0]))


def show_after_run(session: Session, console: Console) -> None:
    """Print in one line how well a simulated company's records were told; of any other company nothing is known."""
    truth = session.settings.company_home / "truth"
    if not (session.company.folder / "world.yml").is_file() or not (truth / "person_record.parquet").is_file():
        return
    with session.connection() as connection:
        if "identity_ledger" not in tables(connection, "intermediate"):
            return
        quality = grade_identity(connection, truth)
    console.print(
        f"[bold]Graded[/bold]  {quality.precision:.2%} of the pairs of records taken for one person are, "
        f"{quality.recall:.2%} of those that are were found: F1 {quality.f1:.4f}. Profit, households, accounts: "
        "stella grade",
        highlight=False,
        soft_wrap=True,
    )


def show_identity(connection: duckdb.DuckDBPyConnection, truth: Path, console: Console) -> None:
    """Print how well records, households and accounts were told."""
    for what, quality in (
        ("pairs of records taken for one person", grade_identity(connection, truth)),
        ("pairs of persons taken for one household", grade_households(connection, truth)),
        ("accounts taken for some customer's", grade_accounts(connection, truth)),
    ):
        console.print(
            f"Of the {what} {quality.precision:.2%} are; of those that are {quality.recall:.2%} are found: "
            f"F1 {quality.f1:.4f}.",
            highlight=False,
        )
