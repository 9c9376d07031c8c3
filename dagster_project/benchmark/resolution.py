"""The verb `bench --identity`: resolving so many records, beside Splink's own tutorial on the same records.

One process after the other: drawing the records (not part of the comparison), the house's resolution, the tutorial.
What either found is then held against the truth.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.benchmark.measuring import machine_of, measure
from dagster_project.benchmark.persons import write_persons
from dagster_project.settings import Settings

WAYS = {"stella": "measured_resolution", "Splink's tutorial": "measured_tutorial"}
_PAIRS = """
with resolved as (
    select cluster, truly, count(*) as held from ({told}) group by all
),
counted as (
    select
        (select sum(held * (held - 1) / 2) from resolved) as good,
        (select sum(held * (held - 1) / 2) from (select sum(held) as held from resolved group by cluster)) as found,
        (select sum(held * (held - 1) / 2) from (select sum(held) as held from resolved group by truly)) as there
)
select good / greatest(found, 1), good / greatest(there, 1), 2 * good / greatest(found + there, 1) from counted
"""


class Quality(NamedTuple):
    """How well pairs were found: of those found, the share that is right; of those there, the share that was found."""

    precision: float
    recall: float
    f1: float


def compare_resolution(settings: Settings, size: int, folder: Path | None, console: Console) -> None:
    """Draw the records, resolve them both ways, and print seconds, memory, pairs and quality.

    Args:
        settings: the demo's settings.
        size: how many records.
        folder: where to work; default: below the working folder.
        console: where to print.

    Raises:
        StellaError: there are fewer records, or one of the ways failed.
    """
    place = (folder or settings.home / "bench").expanduser().resolve() / f"identity_{size}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    clock = time.perf_counter()
    records, truth = place / "records.parquet", place / "truth.parquet"
    write_persons(records, truth, size, settings.company_folder / "world.yml")
    console.print(
        f"{machine_of(settings)}; {size:,} records drawn in {time.perf_counter() - clock:.0f} s", highlight=False
    )
    rows: list[tuple[str, dict[str, Any], Quality]] = []
    for way, module in WAYS.items():
        found = place / f"{module}.parquet"
        measured = measure(place, settings, module, [records, found, place / f"{module}.json"])
        rows += [(f"{way}{note}", measured, quality) for note, quality in qualities(found, truth).items()]
        if "day" in measured:
            rows.append((f"{way}, 1 % changed", measured["day"], rows[-1][2]))
    show(console, rows)
    shutil.rmtree(place)


def qualities(found: Path, truth: Path) -> dict[str, Quality]:
    """Hold clusters against the truth; where there are several thresholds, the first one and the best one."""
    with duckdb.connect() as reader:
        columns = [name for name, *_ in reader.execute(f"describe from '{found}'").fetchall()]
        if "threshold" not in columns:
            return {"": judge(reader, f"from '{found}'", truth)}
        thresholds = [t for (t,) in reader.execute(f"select distinct threshold from '{found}' order by 1").fetchall()]
        by = {t: judge(reader, f"select * from '{found}' where threshold = {t}", truth) for t in thresholds}
    best = max(by, key=lambda threshold: by[threshold].f1)
    return {f", from {thresholds[0]}": by[thresholds[0]], f", from {best} (best)": by[best]}


def judge(connection: duckdb.DuckDBPyConnection, found: str, truth: Path) -> Quality:
    """Hold a query's clusters (source_system, customer_ref, cluster) against a file of persons, pair by pair."""
    return judge_groups(
        connection,
        f"select cluster, person_id as truly from ({found}) inner join '{truth}' using (source_system, customer_ref)",
    )


def judge_groups(connection: duckdb.DuckDBPyConnection, told: str) -> Quality:
    """Hold the groups that a query tells (cluster) against the true ones (truly), pair by pair of its rows."""
    return Quality(*map(float, connection.execute(_PAIRS.format(told=told)).fetchall()[0]))


def show(console: Console, rows: list[tuple[str, dict[str, Any], Quality]]) -> None:
    """Print one line for each way."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("way", "wall s", "CPU s", "peak MB", "pairs scored", "precision", "recall", "F1"):
        table.add_column(title, justify="left" if title == "way" else "right")
    for way, measured, quality in rows:
        table.add_row(
            way,
            *(f"{measured[key]:,.0f}" for key in ("wall_seconds", "cpu_seconds", "peak_mb", "pairs")),
            *(f"{share:.4f}" for share in quality),
        )
    console.print(table)
