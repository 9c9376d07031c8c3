"""The verb `dev`: Dagster's UI on this machine alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dagster_project.settings import REPOSITORY, Settings


def serve(settings: Settings, port: int) -> int:
    """Start Dagster's UI and daemon on 127.0.0.1 until interrupted; returns their exit code."""
    from dagster_project.defs.run import prepare_instance  # noqa: PLC0415 - Dagster takes seconds to import

    prepare_instance(settings)
    environment = {
        **os.environ,
        "COMPANY": str(settings.company_folder),
        "STELLA_HOME": str(settings.home.expanduser().resolve()),
    }
    dagster = Path(sys.executable).with_name("dagster")
    command = [str(dagster), "dev", "-m", "dagster_project.definitions", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.call(command, cwd=REPOSITORY, env=environment)  # noqa: S603 - our own words only
