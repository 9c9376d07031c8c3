"""The verb `status`: one page on how things stand. It opens no warehouse, so it answers while a run is at work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from dagster_project import clock
from dagster_project.operations import lock, register, stock
from dagster_project.operations.outcome import EXIT_FAILED, EXIT_OK, EXIT_WARNINGS
from dagster_project.operations.plain import plain
from dagster_project.operations.session import Session
from dagster_project.publishing.publish import LINK
from dagster_project.settings import Settings, StellaError

RUNS_SHOWN = 5
ENDINGS = {EXIT_OK: "all is well", EXIT_FAILED: "[red]failed[/red]", EXIT_WARNINGS: "[yellow]with warnings[/yellow]"}


def show_status(session: Session, console: Console) -> None:
    """Print the last runs, each feed's freshness, open warnings, figures, and the published version and its age.

    Raises:
        StellaError: no run has been made yet.
    """
    settings = session.settings
    if not settings.database.is_file() and not lock.holder(settings):
        raise StellaError(f"No run has been made yet for {settings.company_name}. Run `stella run` first.")
    console.print(
        f"[bold]{plain(session.company.title)}[/bold]  working folder {plain(settings.company_home)}", soft_wrap=True
    )
    _show_runs(settings, console)
    taken = stock.last(settings)
    if taken is None:
        console.print("\nNo run has come to its end yet: what it left is told then.")
    else:
        _show_feeds(taken, stock.moment_of(session), console)
        _show_warnings(taken, stock.moment_of(session), console)
        _show_figures(taken, console)
    _show_published(settings, taken, console)


def _show_runs(settings: Settings, console: Console) -> None:
    at_work, left = lock.holder(settings), lock.left_by(settings)
    if at_work:
        console.print(f"[cyan]At work[/cyan]  {plain(at_work.sentence)}", highlight=False, soft_wrap=True)
    if left:
        console.print(f"[red]Stopped before its end[/red]  {plain(left.sentence)}", highlight=False, soft_wrap=True)
    table = _table(("last runs", "left"), ("took", "right"), ("exit", "right"), ("", "left"))
    for entry in reversed(register.last_runs(settings, RUNS_SHOWN)):
        took = "–" if entry.seconds is None else f"{entry.seconds:,.0f} s"
        ending = ENDINGS.get(entry.exit_code, "") if entry.exit_code is not None else "[red]stopped[/red]"
        note = f": {plain(entry.note)}" if entry.exit_code == EXIT_FAILED and entry.note else ""
        code = "–" if entry.exit_code is None else str(entry.exit_code)
        table.add_row(f"{_minute(entry.started_at)}  {plain(entry.verb)}", took, code, ending + note)
    if table.row_count:
        console.print()
        console.print(table)


def _show_feeds(taken: stock.Stock, moment: datetime, console: Console) -> None:
    table = _table(
        ("feed", "left"), ("files", "right"), ("rows accepted", "right"), ("refused", "right"),
        ("last load, UTC", "left"), ("newest record", "left"), ("age", "right"), ("promised", "right"),
    )  # fmt: skip
    for feed in taken.feeds:
        age = feed.age(moment)
        promised = _span(timedelta(seconds=feed.promised_seconds)) if feed.promised_seconds else ""
        said = _span(max(age, timedelta(0))) if age is not None else ""
        table.add_row(
            feed.feed, f"{feed.files:,}", f"{feed.rows_accepted:,}", f"{feed.rows_quarantined:,}", feed.last_load,
            _minute(feed.newest) if feed.newest else "", f"[yellow]{said}[/yellow]" if feed.is_late(moment) else said,
            promised,
        )  # fmt: skip
    console.print()
    console.print(table)


def _show_warnings(taken: stock.Stock, moment: datetime, console: Console) -> None:
    said = [f"[red]failed[/red] {plain(failure)}" for failure in taken.failures]
    if taken.stale:
        shown = ", ".join(taken.stale[:8]) + (f" and {len(taken.stale) - 8} more" if taken.stale[8:] else "")
        said.append(f"[yellow]stale[/yellow] {len(taken.stale)} tables keep their former content: {shown}")
    said += [
        f"[yellow]late[/yellow] {feed.feed}: the newest {feed.basis} is of {_minute(feed.newest)} UTC"
        for feed in taken.feeds
        if feed.is_late(moment) and feed.newest
    ]
    said += [
        f"[red]{status.replace('_', ' ')}[/red] {feed}: {plain(file)}: {plain(reason)}"
        for feed, file, status, reason in taken.not_taken_in
    ]
    said += [f"[yellow]check[/yellow] {plain(name)}: {plain(reason[:300])}" for name, reason in taken.checks]
    console.print(f"\n[bold]Open warnings[/bold]  {len(said) or 'none'}", highlight=False)
    for line in said:
        console.print(f"  {line}", highlight=False, soft_wrap=True)


def _show_figures(taken: stock.Stock, console: Console) -> None:
    broken = sum(not is_equal for _, _, is_equal in taken.figures)
    console.print(
        f"\n[bold]Reconciliation[/bold]  {len(taken.figures) - broken} of {len(taken.figures)} figures tie out",
        highlight=False,
    )
    for name, sentence, is_equal in taken.figures:
        colour = "dim" if is_equal else "red"
        console.print(f"  [{colour}]{plain(name)}: {plain(sentence)}[/{colour}]", highlight=False, soft_wrap=True)


def _show_published(settings: Settings, taken: stock.Stock | None, console: Console) -> None:
    link = settings.published / LINK
    day = f"Day {taken.as_of}. " if taken and taken.as_of else ""
    if not link.exists():
        console.print(f"\n{day}Nothing is published yet.")
        return
    version = link.resolve()
    age = clock.now() - datetime.fromtimestamp(version.stat().st_mtime, UTC)
    kept = len(list(version.parent.glob("stella-*.duckdb")))
    console.print(
        f"\n{day}[bold]Published[/bold]  {link} → {version.name}, {_span(max(age, timedelta(0)))} old; "
        f"{kept} of at most {settings.keep_versions} versions kept",
        highlight=False,
        soft_wrap=True,
    )


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title, justify in columns:
        table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M}"


def _span(span: timedelta) -> str:
    minutes = span // timedelta(minutes=1)
    for size, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size and (number := minutes // size):
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"
