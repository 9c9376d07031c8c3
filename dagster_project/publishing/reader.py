"""Open the published file as any reader should: read-only, shut off from files and network, configuration locked."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.publishing.publish import LINK
from dagster_project.settings import Settings, StellaError


def published_version(settings: Settings) -> Path:
    """Find the version that the link points to now.

    Raises:
        StellaError: nothing was published yet.
    """
    link = settings.published / LINK
    if not link.exists():
        raise StellaError(f"Nothing is published for {settings.company_name} yet ({link}). Run `stella run` first.")
    # Resolved, because DuckDB shares one instance per path in a process and would go on showing the old version.
    return link.resolve()


def open_published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the newest version; the connection can read its tables and nothing else."""
    reader = duckdb.connect(
        str(published_version(settings)),
        read_only=True,
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": settings.memory_limit,
            "threads": str(settings.threads),
        },
    )
    reader.execute("set TimeZone = 'UTC'")
    reader.execute("set lock_configuration = true")
    return reader
