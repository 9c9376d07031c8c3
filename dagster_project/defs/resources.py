"""The one resource: the session of this run."""

from __future__ import annotations

import dagster as dg

from dagster_project.operations.session import Session, open_session


@dg.resource(description="Settings, company and contracts of this run, read from the environment.")
def session(_context: dg.InitResourceContext) -> Session:
    """Open the session of a run."""
    return open_session()
