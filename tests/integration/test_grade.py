"""What the plan of a simulated company promises is held against the truth of its world."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.benchmark.grade import grade
from dagster_project.benchmark.grade_identity import grade_accounts, grade_households, grade_identity
from dagster_project.benchmark.world_truth import read_world
from tests.integration.runs import Run, stella

pytestmark = pytest.mark.xdist_group("whole_way")


def test_the_plan_keeps_what_it_promises_and_beats_other_choices(demo_run: Run) -> None:
    world = read_world(demo_run.home / demo_run.company.name / "truth")
    with duckdb.connect(str(demo_run.database), read_only=True) as connection:
        (day,) = connection.execute("select max(as_of_date) from decisions.contact_plan").fetchone() or (None,)
        found = grade(connection, world, day)
    assert found.contacts > 100
    assert found.low <= found.together <= found.high
    assert found.at_random < found.plan < found.perfect
    assert found.best_customers < found.plan


def test_records_of_one_person_are_one_customer(demo_run: Run) -> None:
    """The demo's families, twins, namesakes and movers; every record that any of its feeds names."""
    with duckdb.connect(str(demo_run.database), read_only=True) as connection:
        quality = grade_identity(connection, demo_run.home / demo_run.company.name / "truth")
    assert quality.precision >= 0.995
    assert quality.f1 >= 0.985
    assert f"F1 {quality.f1:.4f}" in demo_run.output


def test_persons_of_one_household_live_in_one(demo_run: Run) -> None:
    """Partners with two names who share no phone are the ones that cannot be found."""
    with duckdb.connect(str(demo_run.database), read_only=True) as connection:
        quality = grade_households(connection, demo_run.home / demo_run.company.name / "truth")
    assert quality.precision >= 0.99
    assert quality.recall >= 0.6


def test_accounts_given_to_customers_are_theirs(demo_run: Run) -> None:
    """Two thirds of the accounts tell neither a reference nor an address, and most of these no whole name."""
    with duckdb.connect(str(demo_run.database), read_only=True) as connection:
        quality = grade_accounts(connection, demo_run.home / demo_run.company.name / "truth")
    assert quality.precision >= 0.98
    assert quality.recall >= 0.3


def test_the_verb_says_it_in_words(demo_run: Run) -> None:
    said = stella(demo_run.home, demo_run.company, "grade")
    assert said.exit_code == 0, said.output
    assert "of the best possible" in said.output
    assert "taken for one person" in said.output
