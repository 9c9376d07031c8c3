"""The verbs `status` and `publish`: what is there now, and putting it before the readers again."""

from __future__ import annotations

from datetime import datetime

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.database import tables
from dagster_project.ingestion.freshness import late_feeds
from dagster_project.operations import dbt
from dagster_project.operations.session import Session
from dagster_project.publishing.privacy import describe
from dagster_project.publishing.publish import LINK
from dagster_project.publishing.publish import publish as publish_version
from dagster_project.settings import StellaError


def show_status(session: Session, console: Console) -> None:
    """Print per feed what was loaded, refused and set aside, which feeds are late, and which version is published.

    Raises:
        StellaError: no run has been made yet, or one is at work.
    """
    _require_warehouse(session)
    with session.connection() as connection:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("feed", "files", "rows accepted", "in quarantine", "set aside", "last load"):
            table.add_column(title, justify="left" if title in {"feed", "last load"} else "right")
        for feed, files, accepted, quarantined, aside, last in _loads(connection):
            table.add_row(
                feed, f"{files:,}", f"{accepted:,}", f"{quarantined:,}", f"{aside:,}", f"{last:%Y-%m-%d %H:%M} UTC"
            )
        console.print(table)
        for late in late_feeds(connection, session.contracts.values(), session.company, session.settings.as_of):
            console.print(f"[yellow]late[/yellow] {late.feed}: {late.sentence}", highlight=False, soft_wrap=True)
        console.print(f"\nDay {session.as_of(connection)}", highlight=False)
    link = session.settings.published / LINK
    if link.exists():
        console.print(f"Published {link} → {link.resolve().name}", highlight=False, soft_wrap=True)
    else:
        console.print("Nothing is published yet.")


def publish_again(session: Session, console: Console) -> None:
    """Publish what is built now.

    Raises:
        StellaError: no run has been made yet, or one is at work.
    """
    _require_warehouse(session)
    manifest = dbt.manifest_json(session.settings)
    with session.connection() as connection:
        if not tables(connection, "warehouse"):
            raise StellaError("There is nothing to publish yet. Run `stella run` first.")
        publication = publish_version(connection, session.settings, describe(manifest), session.as_of(connection))
    console.print(
        f"{publication.table_count} tables, {publication.row_count:,} rows in {publication.seconds:.1f} s: "
        f"{escape(str(publication.link))}",
        highlight=False,
        soft_wrap=True,
    )


def _loads(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int, int, int, datetime]]:
    return connection.execute(
        """
        select feed, count(*) filter (where status = 'loaded'), coalesce(sum(rows_accepted), 0),
               coalesce(sum(rows_quarantined), 0), count(*) filter (where status in ('set_aside', 'held_back')),
               max(loaded_at)
        from raw._load group by feed order by feed
        """
    ).fetchall()


def _require_warehouse(session: Session) -> None:
    if not session.settings.database.is_file():
        raise StellaError(f"No run has been made yet for {session.settings.company_name}. Run `stella run` first.")
