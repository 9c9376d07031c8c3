"""What became of a run: a step that failed and a blocking check that did are told apart, and nothing is raised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.defs.run import outcome_of
from dagster_project.operations.outcome import RunOutcome


@dg.asset
def broken() -> None:
    raise ValueError("no figure fits")


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="judged", blocking=True)])
def judged() -> Iterator[Any]:
    yield dg.MaterializeResult()
    yield dg.AssetCheckResult(check_name="holds", passed=False, severity=dg.AssetCheckSeverity.ERROR)


@dg.asset(deps=[judged])
def after_judged() -> None: ...


def _outcome(*assets: dg.AssetsDefinition) -> RunOutcome:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(assets, instance=instance, raise_on_error=False)
    return outcome_of(result.run_id, result.all_events, [asset.key for asset in assets])


def test_a_step_that_fails_is_told_with_its_cause() -> None:
    outcome = _outcome(broken)
    assert not outcome.is_success
    assert list(outcome.failures) == ["broken"]
    assert "no figure fits" in outcome.failures["broken"]
    assert outcome.stale == ["broken"]


def test_a_blocking_check_is_told_as_a_check() -> None:
    outcome = _outcome(judged, after_judged)
    assert outcome.failures == {}
    assert [check.name for check in outcome.failed_checks] == ["holds"]
    assert outcome.stale == ["after_judged"]
