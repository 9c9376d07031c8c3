"""The one resource: the session of this run."""

from __future__ import annotations

import dagster as dg

from dagster_project.operations.session import Session, open_session
from dagster_project.operations.standing import forget


@dg.resource(description="Settings, company and contracts of this run, read from the environment.")
def session(_context: dg.InitResourceContext) -> Session:
    """Open the session of a run; until `stella run` has finished one, no run counts as the last."""
    opened = open_session()
    forget(opened.settings)
    return opened
