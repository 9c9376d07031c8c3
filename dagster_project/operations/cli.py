"""The console command `stella`. Each verb reads its settings, calls one room, and turns a fault into one message."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dagster_project import machine
from dagster_project.benchmark.verbs import bench, grade
from dagster_project.operations.outcome import EXIT_FAILED
from dagster_project.operations.plain import plain
from dagster_project.operations.terminal import Company, open_console
from dagster_project.settings import StellaError

app = typer.Typer(
    help="Stella, the customer data warehouse: from raw feeds to ranked campaigns.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to score and decide for.")]


@app.command()
def run(
    company: Company = None,
    as_of: AsOf = None,
    force: Annotated[bool, typer.Option(help="Run even if nothing has changed since the last run.")] = False,
    wait: Annotated[int | None, typer.Option(min=0, help="Seconds to wait for another run to end.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Build every table whole.")] = False,
) -> None:
    """Run the whole way: load, check, build, score, decide, publish."""
    from dagster_project.benchmark.grade_identity import show_after_run  # noqa: PLC0415
    from dagster_project.operations.erasure import and_finish_erasure, is_unfinished  # noqa: PLC0415
    from dagster_project.operations.outcome import EXIT_OK, EXIT_WARNINGS  # noqa: PLC0415
    from dagster_project.operations.run import run as run_all  # noqa: PLC0415 - a verb pays for its own imports
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    session, console = open_session(company=company, as_of=_day(as_of)), open_console()
    is_forced = force or is_unfinished(session, console)
    code = and_finish_erasure(session, console, lambda: run_all(session, console, is_forced, wait, is_full=full), wait)
    if code in {EXIT_OK, EXIT_WARNINGS}:
        show_after_run(session, console)
    raise typer.Exit(code)


@app.command()
def load(
    feed: Annotated[list[str], typer.Option(help="A feed; may be given several times.")],
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    company: Company = None,
) -> None:
    """Load feeds and build nothing; with a range of days, judge anew what is known of them."""
    from dagster_project.ingestion.backfill import Days  # noqa: PLC0415
    from dagster_project.operations.load import load as load_feeds  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    if (first is None) != (last is None):
        raise StellaError("--from and --to go together: give both, or neither.")
    days = Days(first.date(), last.date()) if first and last else None
    raise typer.Exit(load_feeds(open_session(company=company), open_console(), feed, days))


@app.command()
def retry(company: Company = None, as_of: AsOf = None) -> None:
    """Take up the last run where it failed or was stopped; what it made is kept."""
    from dagster_project.operations.erasure import and_finish_erasure, is_unfinished  # noqa: PLC0415
    from dagster_project.operations.run import run as run_all  # noqa: PLC0415
    from dagster_project.operations.run import run_part  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    session, console = open_session(company=company, as_of=_day(as_of)), open_console()
    if is_unfinished(session, console):
        raise typer.Exit(and_finish_erasure(session, console, lambda: run_all(session, console, is_forced=True)))
    raise typer.Exit(run_part(session, console))


@app.command()
def rebuild(
    select: Annotated[list[str], typer.Option(help="A table, schema.table or schema; may be given several times.")],
    company: Company = None,
    as_of: AsOf = None,
) -> None:
    """Make tables anew, with all that draws on them, and publish; nothing is loaded."""
    from dagster_project.operations.run import run_part  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    raise typer.Exit(run_part(open_session(company=company, as_of=_day(as_of)), open_console(), tables=select))


@app.command()
def replay(
    known_at: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"], help="What had arrived by then."),
    ],
    as_of: AsOf = None,
    to: Annotated[Path | None, typer.Option(help="The file to write; default: below STELLA_HOME, in replays/.")] = None,
    company: Company = None,
) -> None:
    """Build, into a file of its own, what would have been decided on a past day with what was known then."""
    from dagster_project.operations.replay import replay as replay_day  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    raise typer.Exit(replay_day(open_session(company=company), known_at, _day(as_of), to, open_console()))


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="The question; without it, read from standard input.")] = None,
    company: Company = None,
    output: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",
) -> None:
    """Ask the published file, read-only."""
    from dagster_project.operations.sql import answer  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    answer(get_settings(company=company), query if query is not None else sys.stdin.read(), output, sys.stdout)


@app.command()
def status(company: Company = None) -> None:
    """Show the last runs, freshness, warnings, figures, and the published version; also while a run is at work."""
    from dagster_project.operations.session import open_session  # noqa: PLC0415
    from dagster_project.operations.status import show_status  # noqa: PLC0415

    show_status(open_session(company=company), open_console())


@app.command()
def publish(company: Company = None) -> None:
    """Publish what is built, without building it again."""
    from dagster_project.operations.publishing_again import publish_again  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    publish_again(open_session(company=company), open_console())


@app.command()
def demo(
    landing: Annotated[Path, typer.Argument(help="Folder for the feeds.")],
    truth: Annotated[Path, typer.Argument(help="Folder for the truth; no pipeline reads it.")],
    profile: Annotated[Path | None, typer.Option(help="A world's profile; default: the demo's own.")] = None,
    customers: Annotated[int | None, typer.Option(min=1, help="How many persons.")] = None,
    by_day: Annotated[bool, typer.Option(help="One file per feed and day, instead of one per feed.")] = False,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day after the last one; a world that is there lives on to it."),
    ] = None,
    ahead: Annotated[int, typer.Option(min=0, help="With --until: days kept ready beyond it.")] = 28,
) -> None:
    """Simulate the demo company's world into a folder, or let the one that is there live on."""
    from dagster_project.operations.demo import simulate_into, simulate_until  # noqa: PLC0415

    if until is None:
        simulate_into(landing, truth, profile=profile, customers=customers, by_day=by_day)
        return
    said = simulate_until(landing, truth, until.date(), profile, customers, by_day=by_day, ahead=ahead)
    open_console().print(said, highlight=False)


@app.command()
def respond(
    company: Company = None,
    plan: Annotated[Path | None, typer.Option(help="CSV or Parquet; default: the newest published plan.")] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day after the last one; default: when the plan's windows are over."),
    ] = None,
    by_day: Annotated[bool, typer.Option(help="One file per feed and day, instead of one per feed.")] = False,
) -> None:
    """Let the simulated customers answer the contact plan: what follows comes in as new files."""
    from dagster_project.operations.demo import respond_to_plan  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    session = open_session(company=company)
    said = respond_to_plan(session.settings, session.company, plan, _day(until), by_day=by_day)
    open_console().print(said, highlight=False)


@app.command()
def check(company: Company = None) -> None:
    """Check the contracts and the company's folder without loading anything."""
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    session = open_session(company=company)
    open_console().print(
        f"{len(session.contracts)} contracts and company {session.company.name} are sound.", highlight=False
    )


@app.command()
def key(
    rotate: Annotated[bool, typer.Option(help="Put a fresh key in the place of the one that is there.")] = False,
    file: Annotated[Path, typer.Option(help="The environment file.")] = Path(".env"),
) -> None:
    """Write a fresh secret key for the pseudonyms into .env."""
    from dagster_project.privacy.key import write_fresh_key  # noqa: PLC0415

    name = write_fresh_key(file, rotate)
    open_console().print(f"{file.resolve()} holds the fresh key {name} (mode 0600). Keep a copy in a safe place.")


@app.command()
def erase(
    customer: Annotated[str | None, typer.Option(help="Customer id, reference, e-mail, phone or handle.")] = None,
    requests: Annotated[Path | None, typer.Option("--file", help="A file with one of them a line.")] = None,
    company: Company = None,
) -> None:
    """Erase a person from everything that is kept; accounting keeps its numbers without him."""
    from dagster_project.operations.erasure import erase as erase_persons  # noqa: PLC0415
    from dagster_project.operations.requests import read_requests  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    raise typer.Exit(erase_persons(open_session(company=company), read_requests(customer, requests), open_console()))


@app.command()
def export_person(
    customer: Annotated[str, typer.Option(help="Customer id, reference, e-mail, phone or handle.")],
    to: Annotated[Path, typer.Option(help="The JSON file to write (mode 0600).")],
    company: Company = None,
) -> None:
    """Write all that is kept of a person, and what was derived about him, into a file."""
    from dagster_project.operations.export_person import export  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    rows = export(open_session(company=company), customer, to)
    open_console().print(f"{rows:,} rows: {to}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
    company: Company = None,
) -> None:
    """Open Dagster's UI on this machine."""
    from dagster_project.operations.dev import serve  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    raise typer.Exit(serve(get_settings(company=company), port))


app.command()(bench)
app.command()(grade)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def main() -> None:
    """Run the command; a user's fault, or the machine's, is one message on standard error, and exit code 2 or 1."""
    try:
        app()
    except StellaError as fault:
        _complain(str(fault))
        sys.exit(fault.exit_code)
    except Exception as fault:
        said = machine.told(fault)
        if said is None:
            raise
        _complain(said)
        sys.exit(EXIT_FAILED)


def _complain(said: str) -> None:
    Console(stderr=True, soft_wrap=True).print(f"[red]stella:[/red] {plain(said)}", highlight=False, markup=True)
