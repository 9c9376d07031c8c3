"""A shop of one order, of which one run after another is looked at."""

from __future__ import annotations

from pathlib import Path

from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations.session import Session
from dagster_project.settings import get_settings

ORDERS = "source_system,order_ref,line_number,product_ref,quantity,net_amount,ordered_at\nshop,1,1,P,1,9,2026-01-05\n"


def open_shop(folder: Path) -> Path:
    """Write the company's folder, in which its orders land; name it."""
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "company.yml").write_text(
        "name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: .\ncalendar: historical\n"
        "feeds:\n  order_lines: '*.csv'\n"
    )
    return folder


def session_of(company: Path, **settings: object) -> Session:
    """Open a session of the company, its working folder beside it."""
    return Session(get_settings(company=str(company), home=company.parent / "home", **settings))


def load(company: Path) -> None:
    """Load its orders."""
    session = session_of(company)
    with session.connection() as connection:
        prepare(connection, session.contracts)
        load_feed(connection, session.settings, session.company, session.contracts["order_lines"])
