"""Which personal columns a company sends, told from the classes of the contracts.

Belongs here: what is offered before anything is loaded, and what `raw` holds afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from dagster_project.ingestion.checking import matched
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.fault import FileFault
from dagster_project.ingestion.files import find_files, open_file
from dagster_project.ingestion.reading import Place, identifier
from dagster_project.ingestion.temporary import drop_temporary
from dagster_project.privacy.tombstones import FeedClasses
from dagster_project.settings import Settings


def personal_columns(company: Company, contract: Contract) -> frozenset[str]:
    """Name a feed's personal columns, less those that this company's `not_personal` takes out."""
    source = company.feeds.get(contract.feed)
    return contract.personal_columns - set(source.not_personal if source else ())


def classes_of(contract: Contract) -> FeedClasses:
    """Say of a feed what forgetting somebody needs to know."""
    return FeedClasses(
        contract.feed, bool(contract.money), contract.personal_columns, frozenset(contract.required_columns),
        contract.column_names,
    )  # fmt: skip


def offered(settings: Settings, company: Company, contracts: Mapping[str, Contract]) -> dict[str, list[str]]:
    """Name the personal columns that a company's mappings, queries and files name, by feed, without loading anything.

    A file that cannot be read offers nothing; it will be set aside.
    """
    found = {}
    for feed in company.feeds:
        personal = personal_columns(company, contracts[feed])
        names = sorted(personal & _named(settings, company, contracts[feed], personal)) if personal else []
        if names:
            found[feed] = names
    return found


def is_personal_data_there(
    connection: duckdb.DuckDBPyConnection, company: Company, contracts: Mapping[str, Contract]
) -> bool:
    """Whether `raw` holds a value of a personal column."""
    there = {
        (table, column)
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'raw'"
        ).fetchall()
    }
    for feed in company.feeds:
        columns = [c for c in sorted(personal_columns(company, contracts[feed])) if (feed, c) in there]
        condition = " or ".join(f"{identifier(c)} is not null" for c in columns)
        if columns and connection.execute(f"select 1 from raw.{feed} where {condition} limit 1").fetchone():
            return True
    return False


def _named(settings: Settings, company: Company, contract: Contract, personal: frozenset[str]) -> set[str]:
    source = company.feeds[contract.feed]
    path = company.mapping(contract.feed)
    if path is not None:
        return _words(path.read_text(encoding="utf-8", errors="replace"))
    if source.query:
        # A star may bring anything.
        return set(personal) if re.search(r"\*", source.query) else _words(source.query)
    return _in_first_file(settings, company, contract)


def _words(sql: str) -> set[str]:
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return {word.lower() for word in re.findall(r"\w+", bare)}


def _in_first_file(settings: Settings, company: Company, contract: Contract) -> set[str]:
    files = find_files(company.landing_folder(settings.company_home), company.feeds[contract.feed])
    spill = settings.company_home / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    kinds = {c.name: c.type for c in contract.columns}
    with duckdb.connect() as connection:
        for file in files[:3]:
            try:
                place = Place(Path(spill), settings.max_file_bytes)
                reading = open_file(connection, file, company.feeds[contract.feed], kinds, place)
            except (FileFault, OSError, duckdb.Error):
                continue
            drop_temporary(connection)
            return set(matched(contract, reading.columns))
    return set()
