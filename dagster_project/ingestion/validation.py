"""Great Expectations at the door: each feed's newly accepted batch, looked at as a whole.

Belongs here: running the expectations and turning what they find into plain results. What is expected is in
`validation_suite`, what of a batch may be seen in `validation_batch`, the pages in `validation_docs`. Works on
dataframes, because Great Expectations' SQL sources do not work on DuckDB; in memory, without analytics.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from dagster_project import collecting
from dagster_project.ingestion import validation_docs
from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.references import Missing
from dagster_project.ingestion.validation_batch import Batch, rows_of
from dagster_project.ingestion.validation_profile import baseline, keep, profile
from dagster_project.ingestion.validation_suite import Check, row_checks, shape_of
from dagster_project.ingestion.whole_list import NONE_VANISHED, Vanished
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

# No value of a row is ever wanted back: counts and shares say enough.
_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class CheckResult:
    """What one expectation found. `severity` is `warn` or `error`; only an error that failed blocks."""

    name: str
    column: str | None
    success: bool
    severity: str
    observed: str
    expected: str
    message: str


@dataclass(frozen=True)
class BatchResult:
    """What the expectations on one batch found. `rows` are the batch's; `sampled` of them were looked at one by one."""

    feed: str
    rows: int
    sampled: int | None
    success: bool
    blocking: bool
    results: list[CheckResult]

    @property
    def failures(self) -> list[CheckResult]:
        """The checks that failed, errors first."""
        return sorted((r for r in self.results if not r.success), key=lambda r: r.severity != "error")


@dataclass
class Validation:
    """One run's validation: where dataframes are handed to Great Expectations, and the pages of what was validated."""

    settings: Settings
    frames: Any = None
    pages: list[validation_docs.Page] = field(default_factory=list)

    def validate(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, batch: Batch,
        missing: Sequence[Missing] = (), vanished: Vanished = NONE_VANISHED,
    ) -> BatchResult:  # fmt: skip
        """Hold a batch against its contract's promises on the whole and against the batches before it.

        `missing` are its references that no row of the feed they name has; `vanished` is what a whole list lacked.

        Keeps the batch's measures in `raw._batch_profile`; one that blocks is no yardstick for the next.
        """
        now, before = profile(connection, contract, batch), baseline(connection, batch)
        shape = shape_of(contract, batch, now, before, missing, vanished)
        found = self._run(f"{batch.feed}: the batch", pd.DataFrame([shape.measures]), shape.checks)
        sampled = None
        if now.rows:
            checks = row_checks(contract, now, before)
            wanted = {check.column for check in checks}
            rows, is_sample = rows_of(connection, contract, batch, wanted, self.settings.validation_rows)
            sampled = len(rows) if is_sample else None
            found += self._run(f"{batch.feed}: its rows", rows, checks)
        results = [_result(check, evaluated) for check, evaluated in found]
        blocking = any(not r.success and r.severity == "error" for r in results)
        keep(connection, batch, now, is_baseline=not blocking)
        result = BatchResult(batch.feed, now.rows, sampled, all(r.success for r in results), blocking, results)
        self.pages.append(
            validation_docs.Page(batch, result.rows, sampled, blocking, [evaluated for _, evaluated in found])
        )
        return result

    def build_docs(self) -> Path:
        """Write the pages of this run's batches and the index over all that were ever written; give the index."""
        return validation_docs.write(self.settings.data_docs, self.settings.company_name, self.pages)

    def _run(self, name: str, frame: pd.DataFrame, checks: list[Check]) -> list[tuple[Check, Any]]:
        """Let Great Expectations evaluate checks on a frame; each comes back with its own result."""
        self.frames = self.frames or open_frames()
        import great_expectations as gx  # noqa: PLC0415

        batch = self.frames.get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite(name=name, expectations=[_expectation(i, c) for i, c in enumerate(checks)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outcome: ExpectationSuiteValidationResult = batch.validate(suite, result_format=_RESULT_FORMAT)
        for evaluated in outcome.results:
            if "observed_value" in evaluated.result:  # the pages cannot show numpy's numbers
                evaluated.result["observed_value"] = float(evaluated.result["observed_value"])
        return [(checks[e.expectation_config.meta["check"]], e) for e in outcome.results]


def open_validation(settings: Settings) -> Validation:
    """Open a run's validation; the first batch opens Great Expectations, so a run without one is quick."""
    return Validation(settings)


def open_frames() -> Any:
    """Open Great Expectations in memory: no project folder, no analytics, no progress bars, dataframes alone."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with collecting.held():
        import great_expectations as gx  # noqa: PLC0415 - takes seconds
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    for site in list(context.get_site_names()):
        context.delete_data_docs_site(site)
    asset = context.data_sources.add_pandas("stella").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole")


def _expectation(position: int, check: Check) -> Any:
    """Say a check in Great Expectations' words."""
    import great_expectations.expectations as gxe  # noqa: PLC0415

    said = {
        "column": check.column,
        "severity": "critical" if check.breach == "blocking" else "warning",
        "meta": {"check": position, "reason": check.reason},
    }
    bounds = {"min_value": check.minimum, "max_value": check.maximum}
    match check.kind:
        case "between":  # the frame has one row, so its maximum is the measure, and the pages show it
            return gxe.ExpectColumnMaxToBeBetween(**said, **bounds)
        case "within":
            return gxe.ExpectColumnValuesToBeBetween(**said, **bounds, mostly=check.mostly)
        case "mean":
            return gxe.ExpectColumnMeanToBeBetween(**said, **bounds)
        case "filled":
            return gxe.ExpectColumnProportionOfNonNullValuesToBeBetween(**said, **bounds)
        case "not_in":
            return gxe.ExpectColumnValuesToNotBeInSet(**said, value_set=list(check.values), mostly=check.mostly)
        case "unique":
            return gxe.ExpectColumnValuesToBeUnique(**said)
        case _:
            raise ValueError(check.kind)


def _result(check: Check, evaluated: Any) -> CheckResult:
    success = bool(evaluated.success)
    observed, expected = _observed(evaluated.result), _expected(check)
    about = f"{check.reason}: {observed}, expected {expected}"
    return CheckResult(
        name=check.name,
        column=check.subject,
        success=success,
        severity="error" if check.breach == "blocking" else "warn",
        observed=observed,
        expected=expected,
        message=about if check.subject is None or check.subject in check.reason else f"{check.subject}: {about}",
    )


def _observed(result: dict[str, Any]) -> str:
    if "observed_value" in result:
        return _number(result["observed_value"])
    if "unexpected_count" in result:
        return f"{result['unexpected_count']:,} of {result['element_count']:,} rows differ"
    return "not evaluated"


def _expected(check: Check) -> str:
    match check.kind:
        case "unique":
            return "no key twice"
        case "not_in":
            return f"at most {1 - (check.mostly or 0):.1%} {', '.join(check.values)}"
        case "within":
            return f"{check.mostly or 0:.1%} in {_number(check.minimum)} to {_number(check.maximum)}"
        case "filled":
            return f"at least {_number(check.minimum)}"
        case _ if check.minimum == check.maximum:
            return _number(check.minimum)
        case _:
            return f"{_number(check.minimum)} to {_number(check.maximum)}"


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "nothing"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
