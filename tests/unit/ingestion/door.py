"""A company folder of a test's own, and the short words with which tests speak of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.loading import FeedReport, load_feed, prepare
from dagster_project.settings import Settings, get_settings

ORDER = "source_system,order_ref,line_number,product_ref,quantity,unit_price,ordered_at"


@dataclass(repr=False)
class Door:
    """A company, its working folder and an empty warehouse in memory."""

    folder: Path
    contracts: dict[str, Contract] = field(repr=False)
    connection: duckdb.DuckDBPyConnection = field(default_factory=lambda: duckdb.connect(":memory:"), repr=False)
    knobs: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Door({self.folder})"

    def __post_init__(self) -> None:
        self.landing.mkdir(parents=True)
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")
        prepare(self.connection, self.contracts)
        self.company()

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def settings(self) -> Settings:
        return get_settings(company=str(self.folder), home=self.folder.parent / "home", **self.knobs)

    def company(self, feeds: str = "  order_lines: 'order*'", more: str = "", zone: str = "Europe/Rome") -> None:
        text = f"name: acme\nhome_currency: EUR\ntime_zone: {zone}\nfeeds:\n{feeds}\n{more}\n"
        (self.folder / "company.yml").write_text(text, encoding="utf-8")

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, feed: str = "order_lines") -> FeedReport:
        company = load_company(self.folder, self.contracts)
        return load_feed(self.connection, self.settings, company, self.contracts[feed])

    def rows(self, columns: str, feed: str = "order_lines", schema: str = "raw") -> list[tuple[Any, ...]]:
        return self.connection.execute(
            f"select {columns} from {schema}.{feed} order by _file, _line, _loaded_at"
        ).fetchall()

    def refused(self, columns: str = "_rule, _column, _line", feed: str = "order_lines") -> list[tuple[Any, ...]]:
        return self.rows(columns, feed, "quarantine")

    def one(self, sql: str) -> Any:
        row = self.connection.execute(sql).fetchone()
        return row[0] if row else None


def orders(*rows: str, header: str = ORDER, end: str = "\n") -> str:
    """A CSV file of order lines."""
    return end.join([header, *rows]) + end


def order(ref: str = "A1", line: int = 1, quantity: str = "1", price: str = "10", at: str = "2024-01-05") -> str:
    """A row of such a file."""
    return f"shop,{ref},{line},p1,{quantity},{price},{at}"
