"""A batch on its way in, as dataframes that Great Expectations can look at.

Belongs here: which rows make up a batch, how many of them are looked at, and what of them may be seen. A personal or
sensitive value never gets into a dataframe: such a column arrives as "there or not there", and a key as a hash.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pandas as pd

from dagster_project.ingestion.contracts import Column, Contract
from dagster_project.ingestion.whole_list import NO_LINE


@dataclass(frozen=True)
class Batch:
    """What one run newly accepted of one feed.

    `accepted` is a select giving the rows; `batch_id` names the batch in the profiles and the pages; the counts are
    those of the files that were loaded: `rows_in` = accepted + quarantined + unchanged.
    """

    feed: str
    batch_id: str
    accepted: str
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    loaded_at: datetime

    @property
    def refused_share(self) -> float:
        """The share of the rows that came in which broke the contract (0 to 1)."""
        return self.rows_quarantined / self.rows_in if self.rows_in else 0.0


def kind_of(column: Column) -> str:
    """Say how a column is measured: `number`, `code` (few values, each with a share) or `presence` (nulls alone).

    A key names a row: its number says nothing about the batch.
    """
    if column.is_personal or column.key_position is not None:
        return "presence"
    if column.type in ("decimal", "integer"):
        return "number"
    if column.type == "boolean" or codes_of(column):
        return "code"
    return "presence"


def codes_of(column: Column) -> tuple[str, ...]:
    """Name the values a column may have, where the contract or a code list counts them."""
    return column.values or (column.code_list.values if column.code_list else ())


def quoted(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def newest_batch(connection: duckdb.DuckDBPyConnection, feed: str, since: datetime) -> Batch | None:
    """Find what was loaded of a feed at or after an instant; none where nothing came.

    Several files of one run are one batch.
    """
    row = connection.execute(
        """
        select
            cast(coalesce(sum(rows_in), 0) as bigint),
            cast(coalesce(sum(rows_accepted), 0) as bigint),
            cast(coalesce(sum(rows_quarantined), 0) as bigint),
            max(loaded_at)
        from raw._load
        where feed = ? and status = 'loaded' and loaded_at >= ?
        """,
        [feed, since],
    ).fetchone()
    if row is None or row[3] is None:
        return None
    return Batch(
        feed=feed,
        batch_id=row[3].strftime("%Y%m%dT%H%M%S%fZ"),
        accepted=f"select * from raw.{quoted(feed)} where _loaded_at >= timestamptz '{since.isoformat()}'"
        f" and _line is distinct from {NO_LINE}",
        rows_in=row[0],
        rows_accepted=row[1],
        rows_quarantined=row[2],
        loaded_at=row[3],
    )


def rows_of(
    connection: duckdb.DuckDBPyConnection, contract: Contract, batch: Batch, wanted: Collection[str], limit: int
) -> tuple[pd.DataFrame, bool]:
    """Fetch the wanted columns of a batch, or beyond `limit` rows a sample of about so many; say whether it is one.

    Numbers and codes come as they are, everything else as 1 or null. `key_label(contract)` holds a hash of the key. The
    hash also draws the sample: it is the same whenever it is drawn, and rows that share a key are in or out together.
    """
    key_hash = f"hash({', '.join(quoted(name) for name in key_of(contract))})"
    seen = [f"{key_hash} as {quoted(key_label(contract))}"]
    for column in contract.columns:
        if column.name not in wanted:
            continue
        name = quoted(column.name)
        match kind_of(column):
            case "number":
                seen.append(f"cast({name} as double) as {name}")
            case "code":
                seen.append(f"cast({name} as varchar) as {name}")
            case _:
                seen.append(f"case when {name} is not null then 1.0 end as {name}")
    sampled = batch.rows_accepted > limit
    drawn = f" where {key_hash} % {batch.rows_accepted} < {limit}" if sampled else ""
    query = f"select {', '.join(seen)} from ({batch.accepted}) as batch{drawn}"
    return connection.execute(query).to_arrow_table().to_pandas(), sampled


def key_of(contract: Contract) -> list[str]:
    """Name the columns that no two rows share: the key, the file, and the content, as corrections come along."""
    return [*contract.keys, "_file", "_row_hash"]


def key_label(contract: Contract) -> str:
    """Name the key as the pages show it; never the name of a column, which may be looked at beside it."""
    return f"({' + '.join(contract.keys)})"
