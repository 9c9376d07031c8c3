"""The console command `stella`. Each verb reads its settings, calls one room, and turns a fault into one message."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dagster_project import machine
from dagster_project.operations.outcome import EXIT_FAILED
from dagster_project.operations.plain import plain
from dagster_project.settings import StellaError

app = typer.Typer(
    help="Stella, the customer data warehouse: from raw feeds to ranked campaigns.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Company = Annotated[
    str | None, typer.Option(help="Name below sources/companies, or a path. Default: $COMPANY, else demo.")
]
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

    session, console = open_session(company=company, as_of=_day(as_of)), _console()
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
    raise typer.Exit(load_feeds(open_session(company=company), _console(), feed, days))


@app.command()
def retry(company: Company = None, as_of: AsOf = None) -> None:
    """Take up the last run where it failed or was stopped; what it made is kept."""
    from dagster_project.operations.erasure import and_finish_erasure, is_unfinished  # noqa: PLC0415
    from dagster_project.operations.run import run as run_all  # noqa: PLC0415
    from dagster_project.operations.run import run_part  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    session, console = open_session(company=company, as_of=_day(as_of)), _console()
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

    raise typer.Exit(run_part(open_session(company=company, as_of=_day(as_of)), _console(), tables=select))


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

    raise typer.Exit(replay_day(open_session(company=company), known_at, _day(as_of), to, _console()))


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

    show_status(open_session(company=company), _console())


@app.command()
def publish(company: Company = None) -> None:
    """Publish what is built, without building it again."""
    from dagster_project.operations.publishing_again import publish_again  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    publish_again(open_session(company=company), _console())


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
    _console().print(said, highlight=False)


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
    _console().print(said, highlight=False)


@app.command()
def check(company: Company = None) -> None:
    """Check the contracts and the company's folder without loading anything."""
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    session = open_session(company=company)
    _console().print(
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
    _console().print(f"{file.resolve()} holds the fresh key {name} (mode 0600). Keep a copy in a safe place.")


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

    raise typer.Exit(erase_persons(open_session(company=company), read_requests(customer, requests), _console()))


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
    _console().print(f"{rows:,} rows: {to}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
    company: Company = None,
) -> None:
    """Open Dagster's UI on this machine."""
    from dagster_project.operations.dev import serve  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    raise typer.Exit(serve(get_settings(company=company), port))


@app.command()
def bench(
    size: Annotated[int, typer.Option(min=100, help="Customers of the demo world; with --identity, records.")] = 5_000,
    folder: Annotated[Path | None, typer.Option(help="Where to work; default: below STELLA_HOME.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Measure so often; the session of median time counts.")] = 1,
    record: Annotated[bool, typer.Option("--record", help="Keep the ratios as those to be held to.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Fail when a ratio is 25 % worse than recorded.")] = False,
    identity: Annotated[
        bool, typer.Option("--identity", help="Resolve so many records, beside Splink's own tutorial, instead.")
    ] = False,
    day: Annotated[
        bool, typer.Option("--day", help="Measure what one more day costs beside the whole, instead.")
    ] = False,
) -> None:
    """Time a run beside the floor: the same tables by plain SQL in one process."""
    from dagster_project.benchmark.compare import compare  # noqa: PLC0415
    from dagster_project.benchmark.day import measure_days  # noqa: PLC0415
    from dagster_project.benchmark.resolution import compare_resolution  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    if (identity or day) and ((identity and day) or record or check or repeats > 1):
        raise StellaError(
            "--identity and --day measure something else each, once: leave --repeats, --record and --check out."
        )
    if identity:
        compare_resolution(get_settings(), size, folder, _console())
        return
    if day:
        measure_days(get_settings(), size, folder, _console())
        return
    compare(get_settings(), size, folder, _console(), repeats=repeats, is_recorded=record, is_checked=check)


@app.command()
def grade(company: Company = None) -> None:
    """Hold a simulated company's customers and contact plan against the truth of its world."""
    from dagster_project.benchmark.grade import grade_company  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    grade_company(open_session(company=company), _console())


def _console() -> Console:
    # Without a terminal, no width to fold at: logs and pipes get whole lines.
    return Console() if sys.stdout.isatty() else Console(width=200)


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
