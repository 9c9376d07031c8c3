"""What every step of a run needs to know: settings, company, contracts, the day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

import duckdb

from dagster_project import clock, database
from dagster_project.ingestion import as_of
from dagster_project.ingestion.company import Company, load_company
from dagster_project.ingestion.contracts import Contract, load_contracts
from dagster_project.ingestion.marked_yaml import did_you_mean
from dagster_project.ingestion.personal import classes_of, is_personal_data_there, offered
from dagster_project.privacy.key import PseudonymKey, find_key
from dagster_project.privacy.retention import LOADED, Limit, forget_old
from dagster_project.privacy.tombstones import FeedClasses
from dagster_project.settings import REPOSITORY, Settings, StellaError, get_settings

CONTRACTS = REPOSITORY / "sources" / "contracts"


@dataclass(frozen=True)
class Session:
    """One run's view of the installation and the company."""

    settings: Settings
    built: set[str] = field(default_factory=set)
    """The dbt models and seeds (unique ids) that this run has built so far."""
    kept: set[tuple[str, str]] = field(default_factory=set)
    """The tables (schema, table) that this run has left as they were."""
    known_to: datetime | None = None
    """The moment up to which the tables know the rows of `raw`, in a run that brings them up to date."""
    is_sound: bool = False
    """Whether every test of the tables held when they were built; else all are built, and asked, again."""
    blocks: int = 0
    """How large the file was when it last had no gaps, where deleted rows may leave more of them; else 0."""
    outdated: set[str] = field(default_factory=set)
    """Feeds of which this run has changed rows that the tables know: all is then built whole."""
    said: list[str] = field(default_factory=list)
    """What this run has to say of what it loaded, beside the counts: feed and sentence."""

    @property
    def is_daily(self) -> bool:
        """Whether this run brings tables up to date; else it builds all of them whole."""
        return self.known_to is not None and not self.outdated

    @cached_property
    def company(self) -> Company:
        """The company, as its `company.yml` says."""
        return load_company(self.settings.company_folder)

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """Every contract by the name of its feed."""
        return load_contracts(CONTRACTS)

    @property
    def policies(self) -> Mapping[str, Any]:
        """What the company decides about its scores and contacts, for the typed policies of those rooms."""
        decisions = self.company.decisions
        return {"time_zone": self.company.time_zone, "decisions": decisions, "scoring": decisions.get("scoring")}

    @cached_property
    def pseudonym_key(self) -> PseudonymKey | None:
        """The secret key; none where the company sends nothing personal and none is set.

        Raises:
            StellaError: it is missing where it is needed, or too short.
        """
        return find_key(
            self.settings,
            is_simulated=self.company.is_simulated,
            has_personal_data=lambda: bool(offered(self.settings, self.company, self.contracts)),
        )

    def key_to_publish(self, connection: duckdb.DuckDBPyConnection) -> PseudonymKey | None:
        """Find the secret key; whether one is needed is told by what `raw` holds.

        Raises:
            StellaError: it is missing where it is needed, or too short.
        """
        return find_key(
            self.settings,
            is_simulated=self.company.is_simulated,
            has_personal_data=lambda: is_personal_data_there(connection, self.company, self.contracts),
        )

    @cached_property
    def feed_classes(self) -> list[FeedClasses]:
        """What the contracts say of each feed, as far as forgetting somebody needs it."""
        return [classes_of(contract) for contract in self.contracts.values()]

    @cached_property
    def accepted(self) -> list[str]:
        """The feeds whose batch goes in though it breaks a blocking expectation.

        Raises:
            StellaError: the company has no feed of such a name.
        """
        named = [name.strip() for name in self.settings.accept.split(",") if name.strip()]
        for name in named:
            if name not in self.company.feeds:
                hint = did_you_mean(name, self.company.feeds)
                raise StellaError(f"STELLA_ACCEPT={name}: {self.company.name} has no such feed{hint}")
        return named

    @cached_property
    def retention_limits(self) -> list[Limit]:
        """How long the company keeps what, by feed and class."""
        found = []
        for feed, limits in self.company.retention.items():
            contract = self.contracts[feed]
            for kind, days in limits.items():
                columns = frozenset(c.name for c in contract.columns if c.privacy == kind)
                if columns or kind == "rows":
                    dated = contract.event_time or ("updated_at" if contract.has_updated_at else LOADED)
                    required = frozenset(contract.required_columns)
                    found.append(Limit(feed, columns, frozenset(contract.keys), required, dated, days))
        return found

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for writing; see `database.connect`."""
        with database.connect(self.settings) as connection:
            if self.blocks:
                database.leave_gaps(connection)
            yield connection

    def as_of(self, connection: duckdb.DuckDBPyConnection) -> date:
        """Determine the day to score and decide for."""
        return as_of.resolve(connection, self.settings, self.company, self.contracts)

    def forget_old(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Take out of `raw` what the company no longer keeps; return the rows by feed.

        The day that is scored for begins the count where it is not today: in data that end years ago nothing is old
        because of those years. It is never later than now, so that a date yet to come makes nothing old.
        """
        if not self.retention_limits:
            return {}
        now = clock.now()
        begins = datetime.combine(self.as_of(connection), time(), self.company.zone)
        is_today = self.settings.as_of is None and not self.company.is_historical
        moment = now if is_today else min(begins, now)
        return forget_old(connection, self.retention_limits, moment, now)

    def dbt_variables(self, connection: duckdb.DuckDBPyConnection) -> Mapping[str, Any]:
        """Collect what the models may ask of the company and the day."""
        purpose = self.company.decisions.get("consent_purpose")
        return {
            "company": self.company.name,
            "home_currency": self.company.home_currency,
            "time_zone": self.company.time_zone,
            "week_start": self.company.week_start,
            "business_hours": {
                day: f"{opens:%H:%M}-{closes:%H:%M}" for day, (opens, closes) in self.company.business_hours.items()
            },
            "as_of_date": self.as_of(connection).isoformat(),
            "is_day_given": self.settings.as_of is not None or not self.company.is_historical,
            "today": clock.today(self.company.zone).isoformat(),
            **({"consent_purpose": str(purpose)} if purpose else {}),
            "loaded_after": self.known_to.isoformat() if self.known_to and self.is_daily else None,
            "asks_written": self.is_daily and self.is_sound,
        }


def open_session(**overrides: object) -> Session:
    """Read the settings (overrides by field name win), set the clock by them and open a session."""
    settings = get_settings(**overrides)
    clock.set_to(settings.now)
    return Session(settings)
