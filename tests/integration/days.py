"""A small company, day by day: each morning what arrived, a run under that day's clock, and what it published.

Runs happen in this process: what is looked at is what they give, and the command's start would take as long as a day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from rich.console import Console

from dagster_project import clock
from dagster_project.operations.replay import replay
from dagster_project.operations.run import run
from dagster_project.operations.session import Session, open_session
from sources.companies.demo import load_profile, simulate
from tests.integration.runs import small_world

ROME = ZoneInfo("Europe/Rome")
OF_ONE_DAY = ("scores", "decisions")
Published = Mapping[str, list[tuple[object, ...]]]


def midnight(day: date) -> datetime:
    """Name a day as the command line does: without a time."""
    return datetime.combine(day, time())


def published(file: Path, day: date, only: Collection[str] = ()) -> Published:
    """Read every row and column of a published file; of scores and decisions, which keep past days, those of the day.

    Doubles to six digits behind the point: a sum of doubles depends on the order of its parts.
    """
    with duckdb.connect(str(file.resolve()), read_only=True) as reader:
        tables = reader.execute(
            """select schema_name, table_name, list(
                case when data_type = 'DOUBLE' then printf('round("%s", 6)', column_name)
                    else printf('"%s"', column_name) end order by column_index)
            from duckdb_columns() where database_name = current_database() and schema_name <> 'main' group by all"""
        ).fetchall()
        return {
            f"{schema}.{table}": reader.execute(
                f'select {", ".join(columns)} from {schema}."{table}"'
                + (f" where as_of_date = date '{day}'" if schema in OF_ONE_DAY else "")
                + " order by all"
            ).fetchall()
            for schema, table, columns in tables
            if not only or f"{schema}.{table}" in only
        }


@dataclass
class Days:
    """The company from `first` on; `told` is what each day published, `said` what its run said."""

    folder: Path
    first: date
    persons: int
    days: int
    told: dict[date, Published] = field(default_factory=dict)
    said: dict[date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Simulate the world: what came before the first day at once, and then a delivery a day."""
        self.company = small_world(self.folder, self.persons)
        profile = load_profile(self.company / "world.yml")
        self.landing = self.folder / "home" / self.company.name / "landing"
        simulate(profile, self.landing, self.folder / "truth", until=self.first)
        last = self.first + timedelta(days=self.days)
        simulate(profile, self.folder / "to_come", self.folder / "truth", until=last, since=self.first, by_day=True)

    @property
    def database(self) -> Path:
        """The file that the runs build in."""
        return self.folder / "home" / self.company.name / "build.duckdb"

    def session(self, day: date, hour: int = 6, as_of: date | None = None) -> Session:
        """Open a session on the morning of a day, for that day or for another one."""
        now = datetime.combine(day, time(hour), ROME)
        return open_session(company=str(self.company), home=self.folder / "home", as_of=as_of or day, now=now)

    def deliver(self, days: Iterable[date], suffix: str = "") -> None:
        """Put the files of days into the landing folder; with a suffix, as files of another name and other bytes."""
        for day in days:
            for file in sorted((self.folder / "to_come").glob(f"*/*_{day}*")):
                target = self.landing / file.parent.name / file.name.replace(f"_{day}", f"_{day}{suffix}")
                target.parent.mkdir(exist_ok=True)
                end = b"\n" if suffix and file.suffix in {".csv", ".jsonl"} else b""
                target.write_bytes(file.read_bytes() + end)

    def live(self, day: date, kept: Collection[str] = ()) -> Session:
        """Deliver what happened on the day before, run, and keep what was published: these tables, or all."""
        self.deliver([day - timedelta(days=1)])
        session, said = self.session(day), StringIO()
        assert run(session, Console(file=said, width=1000)) != 1, said.getvalue()[-4000:]
        self.said[day] = said.getvalue()
        self.told[day] = published(session.settings.published / "stella.duckdb", day, kept)
        return session

    def replay(self, day: date, until: date, known_at: date | None = None) -> Path:
        """Replay a day, as somebody does who asks on `until`; with what was known on it, or on another day."""
        target, said = self.folder / f"replay_{day}_{known_at}_{until}.duckdb", StringIO()
        moment = midnight(known_at or day)
        code = replay(self.session(until, hour=7), moment, day, target, Console(file=said, width=200))
        assert code == 0, said.getvalue()[-4000:]
        clock.set_to(None)
        return target
