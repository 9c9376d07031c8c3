"""No model compares every row with every other: what is right on a small world must end on a large one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dagster_project.operations.dbt import PROJECT
from tests.integration.runs import Run

pytestmark = pytest.mark.xdist_group("whole_way")

# Each of these holds its rows against a list of a dozen lines kept by hand.
AGAINST_A_SHORT_LIST = {
    "int_lifecycle_rule__spread", "int_standing_rule__spread", "mart_customer_lifecycle", "mart_kpi", "dim_page",
    "fct_customer_standing__scored",
}  # fmt: skip


@pytest.fixture(scope="module")
def compiled(demo_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("compiled")
    environment = {
        "STELLA_DATABASE": str(demo_run.database),
        "STELLA_THREADS": "2",
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    dbt = str(Path(sys.executable).with_name("dbt"))
    done = subprocess.run(
        [dbt, "compile", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return target / "compiled" / "stella" / "models"


def test_large_tables_are_joined_by_key(demo_run: Run, compiled: Path) -> None:
    models = sorted(path for path in compiled.rglob("*.sql") if path.is_file())
    assert len(models) > 100
    slow = set()
    with duckdb.connect(str(demo_run.database), read_only=True) as reader:
        for path in models:
            plan = reader.execute(f"explain {path.read_text()}").fetchall()[0][1]
            if re.search("BLOCKWISE_NL_JOIN", plan):
                slow.add(path.stem)
    assert slow <= AGAINST_A_SHORT_LIST
