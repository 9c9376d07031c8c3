"""The verb `dev`: Dagster's UI on this machine alone."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

from dagster_project.settings import REPOSITORY, Settings, StellaError


def serve(settings: Settings, port: int) -> int:
    """Start Dagster's UI and daemon on 127.0.0.1 until interrupted; returns their exit code.

    Raises:
        StellaError: the port is taken, or may not be used.
    """
    _check_port(port)
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


def _check_port(port: int) -> None:
    """Refuse a port that is taken: Dagster starts its other processes before it finds out."""
    with socket.socket() as probe:
        # A port that was let go a moment ago is free, as it is for the UI's own server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as fault:
            reason = "is taken" if fault.errno == errno.EADDRINUSE else f"cannot be used ({fault.strerror})"
            raise StellaError(
                f"Port {port} on 127.0.0.1 {reason}. Give another: make dev PORT=3001, or stella dev --port 3001."
            ) from None
