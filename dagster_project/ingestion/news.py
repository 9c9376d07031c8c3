"""Whether anything has arrived that no run has tried yet.

Belongs here: that one question, asked before a run starts and by the sensor. What
becomes of new files is decided in `loading.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from dagster_project.database import tables
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.fault import FileFault
from dagster_project.ingestion.files import Found, find_files
from dagster_project.ingestion.scanning import content_hash
from dagster_project.ingestion.store import Known, known_files
from dagster_project.settings import Settings


def has_news(connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company) -> bool:
    """Tell whether a run would try a file: one never seen, or changed, or held back by the last run.

    A feed that is a query always counts as news: only its database knows.
    """
    if "_load" not in tables(connection, "raw") or any(source.query for source in company.feeds.values()):
        return True
    return any(True for _ in new_files(connection, settings, company))


def new_files(connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company) -> Iterator[Found]:
    """Find the files that a run would try: never seen, or changed, or held back by the last run."""
    is_fresh = "_load" not in tables(connection, "raw")
    landing = company.landing_folder(settings.company_home)
    for feed, source in company.feeds.items():
        known = None if is_fresh else known_files(connection, feed, source.is_whole_list)
        for file in find_files(landing, source):
            if known is None or not _was_tried(connection, feed, file, known):
                yield file


def _was_tried(connection: duckdb.DuckDBPyConnection, feed: str, file: Found, known: Known) -> bool:
    if known.is_untouched(file.name, file.size, file.modified_ns):
        return True
    try:
        digest = content_hash(file.path)
    except (FileFault, OSError):
        return False
    tried = "select 1 from raw._load where feed = ? and file = ? and file_hash = ? and status = 'set_aside'"
    return (
        known.is_loaded(file.name, digest)
        or connection.execute(tried, [feed, file.name, digest]).fetchone() is not None
    )
