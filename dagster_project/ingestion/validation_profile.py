"""What a batch looked like, in numbers: the yardstick for the batches after it.

Belongs here: measuring a batch in one pass of DuckDB, keeping the measures in `raw._batch_profile`, pooling the batches
before into a baseline. Does not belong here: what is still acceptable (`validation_suite`). Columns that the contract
calls personal or sensitive are measured by their share of nulls alone, so no value of theirs is ever kept.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from statistics import median

import duckdb

from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.validation_batch import Batch, kind_of, quoted

BASELINE_BATCHES = 20
_KEPT = """
create table if not exists raw._batch_profile (
    feed varchar, batch_id varchar, column_name varchar, row_count bigint, day_count bigint, null_share double,
    mean double, sd double, minimum double, maximum double, shares json, is_baseline boolean, profiled_at timestamptz
)"""


@dataclass(frozen=True)
class ColumnProfile:
    """One column of one batch, or of several batches pooled.

    `null_share` and the values of `shares` are 0 to 1; the moments are in the column's own unit and null for anything
    but numbers. `between_sd` is the standard deviation of the batches' means (0 for a single batch). With
    `is_always_filled` no batch lacks it altogether.
    """

    null_share: float
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    shares: dict[str, float] = field(default_factory=dict)
    between_sd: float = 0.0
    is_always_filled: bool = True


@dataclass(frozen=True)
class BatchProfile:
    """One batch, or the baseline of `batches` batches. `rows_per_day` is per day on which the feed's events fell."""

    rows: int
    rows_per_day: float
    columns: dict[str, ColumnProfile]
    batches: int = 1


def profile(connection: duckdb.DuckDBPyConnection, contract: Contract, batch: Batch) -> BatchProfile:
    """Measure the accepted rows of a batch, all of them, in one query."""
    measures = ["count(*)", _days(contract)]
    for column in contract.columns:
        name = quoted(column.name)
        measures.append(f"count({name})")
        if kind_of(column) == "number":
            number = f"cast({name} as double)"
            measures.append(f"[avg({number}), stddev_pop({number}), min({number}), max({number})]")
        elif kind_of(column) == "code":
            measures.append(f"histogram(cast({name} as varchar))")
        else:
            measures.append("null")
    row = connection.execute(f"select {', '.join(measures)} from ({batch.accepted}) as batch").fetchone() or ()
    rows, days = int(row[0]), max(int(row[1]), 1)
    columns = {
        column.name: _column_profile(kind_of(column), rows, int(row[2 + 2 * i]), row[3 + 2 * i])
        for i, column in enumerate(contract.columns)
    }
    return BatchProfile(rows, rows / days, columns)


def _days(contract: Contract) -> str:
    """Count the days the batch spans, by the feed's event time; a feed without one is a single day."""
    when = contract.event_time
    return f"count(distinct epoch_us({quoted(when)}) // {24 * 3600 * 10**6})" if when else "1"


def _column_profile(kind: str, rows: int, filled: int, measured: object) -> ColumnProfile:
    null_share = 1 - filled / rows if rows else 0.0
    if not filled or measured is None:
        return ColumnProfile(null_share)
    if kind == "number":
        assert isinstance(measured, list)  # noqa: S101 - the query's own shape
        mean, sd, minimum, maximum = measured
        return ColumnProfile(null_share, mean, sd, minimum, maximum)
    assert isinstance(measured, dict)  # noqa: S101
    return ColumnProfile(null_share, shares={str(code): count / filled for code, count in measured.items()})


def keep(connection: duckdb.DuckDBPyConnection, batch: Batch, measured: BatchProfile, *, is_baseline: bool) -> None:
    """Write a batch's measures; a batch that blocks is kept for the record but is no yardstick."""
    connection.execute(_KEPT)
    connection.execute("delete from raw._batch_profile where feed = ? and batch_id = ?", [batch.feed, batch.batch_id])
    days = round(measured.rows / measured.rows_per_day) if measured.rows_per_day else 0
    rows = [
        [batch.feed, batch.batch_id, name, measured.rows, days, c.null_share, c.mean, c.sd, c.minimum, c.maximum,
         json.dumps(c.shares) if c.shares else None, is_baseline, batch.loaded_at]
        for name, c in measured.columns.items()
    ]  # fmt: skip
    connection.executemany(f"insert into raw._batch_profile values ({', '.join('?' * 13)})", rows)


def baseline(connection: duckdb.DuckDBPyConnection, batch: Batch) -> BatchProfile | None:
    """Pool the last batches of a feed, without this one; none where it is the first."""
    connection.execute(_KEPT)
    rows = connection.execute(
        """
        with ranked as (
            select *, dense_rank() over (order by profiled_at desc, batch_id desc) as recency
            from raw._batch_profile
            where feed = ? and batch_id <> ? and is_baseline and row_count > 0
        )
        select batch_id, column_name, row_count, day_count, null_share, mean, sd, minimum, maximum, shares
        from ranked where recency <= ?
        """,
        [batch.feed, batch.batch_id, BASELINE_BATCHES],
    ).fetchall()
    if not rows:
        return None
    sizes = {row[0]: (int(row[2]), max(int(row[3]), 1)) for row in rows}
    seen: dict[str, list[tuple[int, ColumnProfile]]] = {}
    for _, name, count, _, null_share, mean, sd, minimum, maximum, shares in rows:
        measured = ColumnProfile(null_share, mean, sd, minimum, maximum, json.loads(shares or "{}"))
        seen.setdefault(name, []).append((int(count), measured))
    return BatchProfile(
        rows=sum(count for count, _ in sizes.values()),
        rows_per_day=float(median(count / days for count, days in sizes.values())),
        columns={name: _pooled(parts) for name, parts in seen.items()},
        batches=len(sizes),
    )


def _pooled(parts: list[tuple[int, ColumnProfile]]) -> ColumnProfile:
    """Pool one column over batches, each weighted by its rows (for moments and shares: by its filled rows)."""
    total = sum(rows for rows, _ in parts)
    null_share = sum(rows * p.null_share for rows, p in parts) / total
    filled = [(rows * (1 - p.null_share), p) for rows, p in parts if p.null_share < 1]
    is_always_filled = len(filled) == len(parts)
    weight = sum(w for w, _ in filled)
    shares = {
        code: sum(w * p.shares.get(code, 0.0) for w, p in filled) / weight
        for code in sorted({code for _, p in filled for code in p.shares})
    }
    numbers = [(w, p.mean, p.sd or 0.0, p.minimum, p.maximum) for w, p in filled if p.mean is not None]
    if not numbers:
        return ColumnProfile(null_share, shares=shares, is_always_filled=is_always_filled)
    mean = sum(w * m for w, m, *_ in numbers) / weight
    between = sum(w * (m - mean) ** 2 for w, m, *_ in numbers) / weight
    within = sum(w * sd**2 for w, _, sd, *_ in numbers) / weight
    return ColumnProfile(
        null_share=null_share,
        mean=mean,
        sd=math.sqrt(within + between),
        minimum=min(low for *_, low, _ in numbers if low is not None),
        maximum=max(high for *_, high in numbers if high is not None),
        shares=shares,
        between_sd=math.sqrt(between),
        is_always_filled=is_always_filled,
    )


def population_stability(share: dict[str, float], before: dict[str, float], rows: int, rows_before: int) -> float:
    """Measure how far a split has moved: Σ (p − q) ln(p / q), 0 for no move; above 0.25 is usually called a shift.

    A category that one side lacks counts as half a row there, and as one in ten thousand at least, so the index stays
    finite and a few rows are not blamed for what they cannot show.
    """
    floor, floor_before = (max(1e-4, 0.5 / max(n, 1)) for n in (rows, rows_before))
    pairs = [(max(share.get(k, 0.0), floor), max(before.get(k, 0.0), floor_before)) for k in {*share, *before}]
    return sum((p - q) * math.log(p / q) for p, q in pairs)
