"""What a batch is expected to look like: derived from its contract and from the batches before it.

Belongs here: which expectations hold for which batch, and how much room each leaves. Does not belong here: rules on
single rows (null where required, type, range, allowed value, code). Those are the contract's, ingestion quarantines the
rows that break them, and here only their share is looked at.

The room for a drift is a practical one (a shift that matters) plus four standard errors, so that a small batch is not
blamed for chance. The first batch of a feed has nothing to drift from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.references import Missing
from dagster_project.ingestion.validation_batch import Batch, codes_of, key_label, kind_of
from dagster_project.ingestion.validation_profile import BatchProfile, ColumnProfile, population_stability
from dagster_project.ingestion.whole_list import NONE_VANISHED, Vanished

STANDARD_ERRORS = 4.0
# Fewer refused rows say nothing about the source: they wait in quarantine, and the others go in.
FEW_REFUSED = 50
VOLUME_FACTOR = 4.0
NULL_SHARE_ROOM = 0.10
MEAN_ROOM_SD = 0.25
STABILITY_LIMIT = 0.25
RANGE_SHARE = 0.999
OTHER_SHARE = 0.5
# What happens by chance less often than this is taken to be no chance.
BY_CHANCE = 1e-3


@dataclass(frozen=True)
class Check:
    """One expectation: which column of which frame, of what kind (Great Expectations' class), within which bounds.

    `frame` is `shape` (one row: the batch's own measures) or `rows`. `breach` is the contract's word for what a failure
    does: `warn` or `blocking`. `subject` is the contract's column, if it is about one.
    """

    name: str
    frame: str
    kind: str
    column: str
    breach: str
    reason: str
    minimum: float | None = None
    maximum: float | None = None
    mostly: float | None = None
    values: tuple[str, ...] = ()
    subject: str | None = None


@dataclass(frozen=True)
class Shape:
    """The one-row frame (`measures`, by name) with the checks on it."""

    measures: dict[str, float]
    checks: list[Check]


def shape_of(
    contract: Contract, batch: Batch, now: BatchProfile, before: BatchProfile | None,
    missing: Sequence[Missing] = (), vanished: Vanished = NONE_VANISHED,
) -> Shape:  # fmt: skip
    """Expect a bearable share of refused rows, known references, a usual volume, and categories split as before."""
    measures = {"rows": float(now.rows), "refused_share": batch.refused_share, "rows_per_day": now.rows_per_day}
    breach = contract.breach["refused_share"] if batch.rows_quarantined >= FEW_REFUSED else "warn"
    checks = [
        Check(
            "refused_share", "shape", "between", "refused_share", breach,
            "the share of rows that broke the contract", 0.0, contract.refused_share_limit,
        )
    ]  # fmt: skip
    if vanished.rows:
        measures["vanished_share"] = vanished.share
        checks.append(_still_there(contract, vanished))
    for reference in missing:
        measure = f"unknown {reference.column}"
        measures[measure] = float(reference.rows)
        checks.append(_known(contract, measure, reference))
    if before is None or not now.rows:
        return Shape(measures, checks)
    low, high = volume_bounds(before)
    checks.append(
        Check(
            "volume", "shape", "between", "rows_per_day", contract.breach["volume"],
            f"rows a day, against the median of {before.batches} batches before", low, high,
        )
    )  # fmt: skip
    for column in contract.columns:
        shares, usual = now.columns[column.name].shares, before.columns.get(column.name)
        if not shares or usual is None or not usual.shares:
            continue
        measure = f"psi of {column.name}"
        measures[measure] = population_stability(shares, usual.shares, now.rows, before.rows)
        limit = split_limit(now.rows, before.rows, len({*shares, *usual.shares}))
        checks.append(
            Check(
                "split", "shape", "between", measure, contract.breach["drift"],
                f"population stability index of {column.name} against {before.batches} batches before",
                *_outward(0.0, limit), subject=column.name,
            )
        )  # fmt: skip
    return Shape(measures, checks)


def _still_there(contract: Contract, vanished: Vanished) -> Check:
    return Check(
        "vanished_share", "shape", "between", "vanished_share", contract.breach["vanished_share"],
        f"the share of known records that {vanished.list} lacks ({vanished.rows:,} of {vanished.known:,};"
        f" if they are gone, STELLA_ACCEPT={contract.feed} lets the list in)", 0.0, contract.vanished_share_limit,
    )  # fmt: skip


def _known(contract: Contract, measure: str, missing: Missing) -> Check:
    example = f", such as {missing.example[:60]!r}" if missing.example else ""
    plural = "s" if missing.references > 1 else ""
    return Check(
        "reference", "shape", "between", measure, contract.breach["reference"],
        f"rows whose {missing.column} no row of {missing.feed} has ({missing.references:,} reference{plural}{example})",
        0.0, 0.0, subject=missing.column,
    )  # fmt: skip


def row_checks(contract: Contract, now: BatchProfile, before: BatchProfile | None) -> list[Check]:
    """Expect each key once a file, codes that are known, and columns filled, centred and spread as before."""
    checks = [
        Check("key_is_unique", "rows", "unique", key_label(contract), contract.breach["drift"],
              "a row stands once in a file")
    ]  # fmt: skip
    for column in contract.columns:
        usual = before.columns.get(column.name) if before else None
        if kind_of(column) == "code" and "other" in codes_of(column) and now.columns[column.name].shares:
            checks.append(
                Check(
                    "known_codes", "rows", "not_in", column.name, contract.breach["unknown_code"],
                    "names that the company's codes map, rather than 'other'",
                    mostly=1 - OTHER_SHARE, values=("other",), subject=column.name,
                )
            )  # fmt: skip
        if usual is None or before is None:
            continue
        if not column.required:
            checks += _filled(contract, column.name, now, usual, before)
        if kind_of(column) == "number" and usual.mean is not None and now.columns[column.name].mean is not None:
            checks += _centred_and_spread(contract, column.name, now, usual, before)
    return checks


def volume_bounds(before: BatchProfile) -> tuple[float, float]:
    """Allow a quarter to four times the usual rows a day, and four Poisson standard errors."""
    usual = before.rows_per_day
    noise = STANDARD_ERRORS * math.sqrt(usual)
    return _outward(max(0.0, usual / VOLUME_FACTOR - noise), usual * VOLUME_FACTOR + noise)


def split_limit(rows: int, rows_before: int, categories: int) -> float:
    """Allow the index a shift that matters, and four times what chance alone gives it: (categories − 1)(1/n + 1/n₀)."""
    noise = max(categories - 1, 1) * (1 / max(rows, 1) + 1 / max(rows_before, 1))
    return STABILITY_LIMIT + STANDARD_ERRORS * noise


def _filled(
    contract: Contract, name: str, now: BatchProfile, usual: ColumnProfile, before: BatchProfile
) -> list[Check]:
    n, n0 = max(now.rows, 1), max(before.rows, 1)
    p = usual.null_share
    error = math.sqrt(max(p * (1 - p), 0.25 / n0) * (1 / n + 1 / n0))
    filled = _outward(1 - p - NULL_SHARE_ROOM - STANDARD_ERRORS * error, 1.0)[0]
    reason = "share of rows that fill this column"
    if now.columns[name].null_share == 1 and usual.is_always_filled and p**n < BY_CHANCE:
        # However few they are: the column itself is gone from what is sent.
        filled, reason = max(filled, _outward(1 / n, 1.0)[0]), f"{reason}, as every batch before did"
    if filled <= 0:
        return []
    return [
        Check("filled_share", "rows", "filled", name, contract.breach["drift"], reason, filled, 1.0, subject=name)
    ]  # fmt: skip


def _centred_and_spread(
    contract: Contract, name: str, now: BatchProfile, usual: ColumnProfile, before: BatchProfile
) -> list[Check]:
    assert usual.mean is not None and usual.sd is not None  # noqa: S101 - the caller saw the mean
    assert usual.minimum is not None and usual.maximum is not None  # noqa: S101
    n, n0 = max(now.rows, 1), max(before.rows, 1)
    error = math.sqrt(usual.between_sd**2 + usual.sd**2 * (1 / n + 1 / n0))
    # The last term: a column that never varies is not blamed for the last bit of a sum.
    room = MEAN_ROOM_SD * usual.sd + STANDARD_ERRORS * error + 1e-9 * abs(usual.mean)
    width = max(usual.maximum - usual.minimum, abs(usual.maximum), abs(usual.minimum))
    return [
        Check("mean", "rows", "mean", name, contract.breach["drift"], "the mean, against the batches before",
              *_outward(usual.mean - room, usual.mean + room), subject=name),
        Check("range", "rows", "within", name, contract.breach["drift"], "values near the range seen before",
              *_outward(usual.minimum - width, usual.maximum + width), RANGE_SHARE, subject=name),
    ]  # fmt: skip


def _outward(low: float, high: float) -> tuple[float, float]:
    """Round bounds to six digits that a person can read, never inward."""
    return _rounded(low, math.floor), _rounded(high, math.ceil)


def _rounded(value: float, direction: Callable[[float], int]) -> float:
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 5)
    return float(f"{direction(value / unit) * unit:.12g}")
