"""What a dbt test found, in words: dbt itself says how many rows, and not which columns they concern.

A test whose config says `meta: {tells_findings: true}` gives a row a finding: `finding` (a sentence that names no value
of a row) and `row_count`. Its SQL is asked once more, only where it does not hold.
"""

from __future__ import annotations

import duckdb

from dagster_project.operations import dbt
from dagster_project.settings import Settings


def told(connection: duckdb.DuckDBPyConnection, settings: Settings, result: dbt.NodeResult) -> str:
    """Say what a test found, or in dbt's words what there is to say of a node."""
    node = dbt.parse(settings).nodes.get(result.unique_id)
    has_found = result.status in {"fail", "warn"} and node is not None
    if not has_found or not node.config.meta.get("tells_findings") or not node.compiled_code:
        return result.message
    # A cursor of its own, because dbt reports from its worker threads.
    query = f"select finding, row_count from ({node.compiled_code}) as found order by finding"
    found = connection.cursor().execute(query).fetchall()
    return "; ".join(f"{finding}: {rows:,}" for finding, rows in found) or result.message
