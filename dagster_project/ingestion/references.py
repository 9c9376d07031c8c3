"""References that point nowhere yet: counted for each batch, never a reason to refuse a row.

Belongs here: which references of a batch no row of the feed they name has, and the order of loading that makes the
question fair. A dimension row may come late; until it does, the warehouse has an inferred row in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import duckdb

from dagster_project.ingestion.contract import Column, Contract
from dagster_project.ingestion.reading import identifier
from dagster_project.ingestion.validation_batch import Batch
from dagster_project.settings import StellaError


@dataclass(frozen=True)
class Missing:
    """A column of a batch some of whose references are in no row of `feed`. No `example` where values are personal."""

    column: str
    feed: str
    rows: int
    references: int
    example: str | None


def in_order_of_reference(feeds: Sequence[str], contracts: Mapping[str, Contract]) -> list[str]:
    """Order feeds so that each comes after those that it refers to, which may have brought the rows it wants.

    Raises:
        StellaError: references run in a circle.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for feed in feeds:
        targets = {_target(column)[0] for column in _referring(contracts[feed])}
        sorter.add(feed, *sorted(target for target in targets if target in feeds and target != feed))
    try:
        return list(sorter.static_order())
    except CycleError as circle:
        raise StellaError(
            f"sources/contracts: the references {' → '.join(circle.args[1])} run in a circle, so no feed of it can be "
            "loaded before those that refer to it. Take one of these relationships out."
        ) from None


def missing_references(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract], delivered: Collection[str], batch: Batch
) -> list[Missing]:
    """Count the accepted rows of a batch whose reference no row of its feed has, whatever that row's age.

    References to a feed that the company does not deliver are not asked for. Where both rows say which system issued a
    reference, it must be the same one.
    """
    found = [
        _missing(connection, contracts, column, batch)
        for column in _referring(contracts[batch.feed])
        if _target(column)[0] in delivered
    ]
    return [missing for missing in found if missing.rows]


def _missing(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract], column: Column, batch: Batch
) -> Missing:
    feed, name = _target(column)
    has_system = all("source_system" in contracts[f].column_names for f in (batch.feed, feed))
    system = "source_system" if has_system else "cast(null as varchar)"
    same_system = " and known.source_system = wanted.system" if has_system else ""
    row = connection.execute(f"""
with wanted as (
    select {identifier(column.name)} as reference, {system} as system, count(*) as row_count
    from ({batch.accepted}) as batch where {identifier(column.name)} is not null group by all
),
missing as (
    select * from wanted where system is not null and not exists (
        select 1 from raw.{identifier(feed)} as known
        where known.{identifier(name)} = wanted.reference{same_system}
    )
    union all
    select * from wanted where system is null and not exists (
        select 1 from raw.{identifier(feed)} as known where known.{identifier(name)} = wanted.reference
    )
)
select coalesce(sum(row_count), 0), count(*), min(reference) from missing""").fetchone()
    rows, references, example = row or (0, 0, None)
    return Missing(column.name, feed, int(rows), int(references), None if column.is_personal else example)


def _referring(contract: Contract) -> list[Column]:
    return [column for column in contract.columns if column.references is not None]


def _target(column: Column) -> tuple[str, str]:
    feed, _, name = (column.references or "").partition(".")
    return feed, name
