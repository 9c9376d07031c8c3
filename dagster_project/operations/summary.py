"""What a run says at its end: rows, tables, checks, the best campaigns, and where the published file is."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.database import tables
from dagster_project.operations.plain import plain
from dagster_project.publishing.publish import LINK
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Landed:
    """The files and rows of one run; of those not taken in: feed, file, set_aside or held_back, reason."""

    not_taken_in: list[tuple[str, str, str, str]]
    files: int = 0
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_unchanged: int = 0


def landed_since(connection: duckdb.DuckDBPyConnection, moment: datetime) -> Landed:
    """Sum up `raw._load` since a moment. Rows of a batch that was held back are in no sum: none of them went in."""
    totals = connection.execute(
        """
        select count(*) filter (where status in ('loaded', 'set_aside')), coalesce(sum(rows_in), 0),
               coalesce(sum(rows_accepted), 0), coalesce(sum(rows_quarantined), 0), coalesce(sum(rows_unchanged), 0)
        from raw._load where loaded_at >= ? and status <> 'held_back'
        """,
        [moment],
    ).fetchone()
    aside = connection.execute(
        "select feed, file, status, reason from raw._load where loaded_at >= ? and status in ('set_aside', 'held_back')"
        " order by all",
        [moment],
    ).fetchall()
    return Landed(aside, *(int(n) for n in totals or ()))


def quarantine_reasons(connection: duckdb.DuckDBPyConnection, moment: datetime) -> list[tuple[str, str, str, int]]:
    """Count the rows refused since a moment by feed, rule and column."""
    parts = [
        f"select '{feed}' as feed, _rule, coalesce(_column, '') as _column, count(*) as row_count"
        f' from quarantine."{feed}" where _loaded_at >= $moment group by all'
        for feed in tables(connection, "quarantine")
    ]
    if not parts:
        return []
    return connection.execute(
        " union all ".join(parts) + " order by row_count desc, feed, _rule, _column", {"moment": moment}
    ).fetchall()


def show_landed(
    console: Console, landed: Landed, reasons: list[tuple[str, str, str, int]], said: Sequence[str] = ()
) -> None:
    """Print what came in, what was refused and why, and what is to be `said` of it besides."""
    console.print(
        f"\n[bold]Landed[/bold]  {landed.files:,} files, {landed.rows_in:,} rows: {landed.rows_accepted:,} accepted,"
        f" {landed.rows_unchanged:,} unchanged, {landed.rows_quarantined:,} quarantined"
    )
    for feed, rule, column, row_count in reasons[:8]:
        console.print(f"  [yellow]{row_count:>8,}[/yellow]  {feed}: {rule} {plain(column)}", highlight=False)
    if len(reasons) > 8:
        console.print(f"            … and {len(reasons) - 8} more reasons: see the quarantine tables", highlight=False)
    for sentence in said[:12]:
        console.print(f"  [yellow]warning[/yellow] {plain(sentence)}", highlight=False, soft_wrap=True)
    if len(said) > 12:
        console.print(f"            … and {len(said) - 12} more: see the feeds in stella dev", highlight=False)
    for feed, file, status, reason in landed.not_taken_in:
        console.print(
            f"  [red]{status.replace('_', ' ')}[/red] {feed}: {plain(file)}: {plain(reason)}",
            highlight=False,
            soft_wrap=True,
        )


def show_figures(console: Console, figures: list[tuple[str, str, bool]]) -> None:
    """Print how many pairs of figures tie out, and each that does not."""
    broken = [(name, sentence) for name, sentence, is_equal in figures if not is_equal]
    count = f"{len(figures) - len(broken)} of {len(figures)}"
    console.print(
        f"[bold]Tied[/bold]    {count} figures tie out, to the row and to the cent",
        highlight=False,
    )
    for name, sentence in broken:
        console.print(f"  [red]differs[/red] {plain(name)}: {plain(sentence)}", highlight=False, soft_wrap=True)


def show_campaigns(console: Console, connection: duckdb.DuckDBPyConnection, currency: str, limit: int = 5) -> None:
    """Print the campaigns of the highest rank."""
    if "campaign_priority" not in tables(connection, "decisions"):
        return
    found = connection.execute(
        """
        select rank, name, list_kind, expected_profit_amount, cost_amount, return_on_spend, reach_count, reason
        from decisions.campaign_priority
        where as_of_date = (select max(p.as_of_date) from decisions.campaign_priority as p)
        order by rank limit ?
        """,
        [limit],
    ).fetchall()
    if not found:
        console.print("\n[bold]Campaigns[/bold]  none to rank")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title, justify in (("", "right"), ("campaign", "left"), (f"profit {currency}", "right"), ("cost", "right"),
                           ("return", "right"), ("reach", "right"), ("why", "left")):  # fmt: skip
        table.add_column(title, justify=justify, no_wrap=title != "why")  # type: ignore[arg-type]
    for rank, name, kind, profit, cost, gain, reach, reason in found:
        label = plain(name or "") + (" (to repeat)" if kind == "repeat_candidate" else "")
        table.add_row(str(rank), label, _money(profit), _money(cost), _ratio(gain), f"{reach or 0:,}", plain(reason))
    console.print("\n[bold]Top campaigns[/bold] by expected incremental profit")
    console.print(table)


def show_published(console: Console, settings: Settings) -> None:
    """Print where the published file is and how to ask it something."""
    console.print(f"\n[bold]Published[/bold]  {plain(settings.published / LINK)}", highlight=False, soft_wrap=True)
    company = "" if settings.company == "demo" else f"COMPANY={shlex.quote(settings.company)} "
    console.print(
        f'Query it:  {plain(company)}.venv/bin/stella sql "from marts.mart_customer_360 limit 5"',
        highlight=False,
        soft_wrap=True,
    )


def _money(amount: object) -> str:
    return "–" if amount is None else f"{amount:,.0f}"


def _ratio(ratio: object) -> str:
    return "–" if ratio is None else f"{ratio:.1f} ×"
