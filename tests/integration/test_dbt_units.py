"""dbt's unit tests of the branching SQL, run on the schemas that a finished run leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.operations.dbt import PROJECT
from tests.integration.runs import Run

pytestmark = pytest.mark.xdist_group("whole_way")


def test_every_dbt_unit_test_passes(demo_run: Run, tmp_path: Path) -> None:
    database = tmp_path / "build.duckdb"
    shutil.copyfile(demo_run.database, database)
    target = tmp_path / "target"
    environment = {
        "STELLA_DATABASE": str(database),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    dbt = str(Path(sys.executable).with_name("dbt"))
    project = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"]
    done = subprocess.run(
        [dbt, "test", "--select", "test_type:unit", *project],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    results = json.loads((target / "run_results.json").read_text())["results"]
    assert len(results) > 30
    assert {result["status"] for result in results} == {"pass"}
