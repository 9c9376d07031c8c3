"""The verb `publish`: putting what is built before the readers again."""

from __future__ import annotations

from rich.console import Console

from dagster_project.database import tables
from dagster_project.operations import dbt, lock
from dagster_project.operations.plain import plain
from dagster_project.operations.session import Session
from dagster_project.publishing.privacy import describe
from dagster_project.publishing.publish import publish
from dagster_project.settings import StellaError


def publish_again(session: Session, console: Console) -> None:
    """Publish what is built now.

    Raises:
        StellaError: no run has been made yet, one is at work, or the secret key is missing.
    """
    settings = session.settings
    if not settings.database.is_file():
        raise StellaError(f"No run has been made yet for {settings.company_name}. Run `stella run` first.")
    manifest = dbt.manifest_json(settings)
    with lock.hold(settings, "stella publish", settings.lock_wait), session.connection() as connection:
        if not tables(connection, "warehouse"):
            raise StellaError("There is nothing to publish yet. Run `stella run` first.")
        key, day = session.key_to_publish(connection), session.as_of(connection)
        publication = publish(connection, settings, describe(manifest), day, key)
    console.print(
        f"{publication.table_count} tables, {publication.row_count:,} rows in {publication.seconds:.1f} s: "
        f"{plain(publication.link)}",
        highlight=False,
        soft_wrap=True,
    )
