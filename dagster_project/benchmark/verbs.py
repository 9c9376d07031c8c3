"""The verbs `bench` and `grade` of the command `stella`: what a run costs, and how right it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.operations.terminal import Company, open_console
from dagster_project.settings import StellaError


def bench(
    size: Annotated[int, typer.Option(min=100, help="Customers of the demo world; with --identity, records.")] = 5_000,
    folder: Annotated[Path | None, typer.Option(help="Where to work; default: below STELLA_HOME.")] = None,
    world: Annotated[
        str, typer.Option(help="A world of the demo, by its file; scale: large feeds as Parquet.")
    ] = "world",
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
    from dagster_project.benchmark.compare import compare  # noqa: PLC0415 - a verb pays for its own imports
    from dagster_project.benchmark.day import measure_days  # noqa: PLC0415
    from dagster_project.benchmark.resolution import compare_resolution  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    settings = get_settings()
    if (identity or day) and ((identity and day) or record or check or repeats > 1):
        raise StellaError(
            "--identity and --day measure something else each, once: leave --repeats, --record and --check out."
        )
    if world != "world" and (identity or record or check):
        raise StellaError("--world cannot be given with --identity, --record or --check: they are of the demo's own.")
    if not (worlds := settings.company_folder / f"{world}.yml").is_file():
        raise StellaError(f"{worlds} is not there: name a world by its file beside company.yml, such as scale.")
    if identity:
        compare_resolution(settings, size, folder, open_console())
    elif day:
        measure_days(settings, size, folder, open_console(), world)
    else:
        compare(
            settings, size, folder, open_console(), world=world, repeats=repeats, is_recorded=record, is_checked=check
        )


def grade(company: Company = None) -> None:
    """Hold a simulated company's customers and contact plan against the truth of its world."""
    from dagster_project.benchmark.grade import grade_company  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    grade_company(open_session(company=company), open_console())
