"""Who sends the records: `company.yml`, read into a typed model.

Belongs here: what the rest of the house knows of a company. The keys of the file are in `company_file.py`, finding the
files it names in `files.py`, the database in `postgres_source.py`.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from dagster_project.ingestion.company_file import CompanyFile, FeedSource, ReadOptions, Weekday
from dagster_project.ingestion.contracts import Contract, load_contracts
from dagster_project.ingestion.marked_yaml import MarkedYaml, did_you_mean, parse, read_marked
from dagster_project.settings import StellaError

__all__ = ["Company", "FeedSource", "ReadOptions", "load_company"]


@dataclass(frozen=True)
class Company:
    """A company as the house sees it; `landing` may still be relative to the working folder (see `landing_folder`)."""

    folder: Path
    name: str
    title: str
    home_currency: str
    time_zone: str
    week_start: str
    business_hours: Mapping[str, tuple[time, time]]
    calendar: str
    landing: str
    feeds: Mapping[str, FeedSource]
    lookups: Mapping[str, FeedSource] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)
    retention: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    requires: Path | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def is_historical(self) -> bool:
        """Whether the company's records have ended, so that its day is the day after the last event."""
        return self.calendar == "historical"

    @property
    def is_simulated(self) -> bool:
        """Whether the company is the demo, whose files are simulated into the working folder."""
        return (self.folder / "world.yml").is_file() or self.name == "demo"

    def landing_folder(self, company_home: Path) -> Path:
        """Find where the files arrive; relative to the working folder for the demo, else to the company's own.

        `~`, `${NAME}` and `package:<name>/<folder>`, a folder within an installed Python package, are understood.

        Raises:
            StellaError: a variable or the package that it names is not there.
        """
        where = f"{self.folder / 'company.yml'}: landing: {self.landing}"
        if self.landing.startswith("package:"):
            package, _, rest = self.landing.removeprefix("package:").partition("/")
            return _package_folder(package, where) / rest
        for name in re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?", self.landing):
            if name not in os.environ:
                raise StellaError(f"{where}: the variable {name} is not set. Set it, or write the folder itself.")
        place = Path(os.path.expandvars(self.landing)).expanduser()
        return place if place.is_absolute() else (company_home if self.is_simulated else self.folder) / place

    def mapping(self, feed: str) -> Path | None:
        """Find the feed's `<feed>.sql`, where there is one."""
        source = self.feeds.get(feed)
        path = self.folder / (source.mapping if source and source.mapping else f"{feed}.sql")
        return path if path.is_file() else None


def load_company(folder: Path, contracts: Mapping[str, Contract] | None = None) -> Company:
    """Read the `company.yml` of a folder.

    Raises:
        StellaError: it is missing or broken, names an unknown feed, or lacks a required one; file and line are named.
    """
    path = Path(folder) / "company.yml"
    if not path.is_file():
        raise StellaError(f"{path}: there is no such file. A company is a folder with a company.yml.")
    marked = read_marked(path)
    if not isinstance(marked.value, dict):
        raise marked.fault((), "a mapping of keys to values is wanted here. See docs/add-a-source.md.")
    given = parse(CompanyFile, marked)
    contracts = contracts or load_contracts()
    _check_feeds(given, marked, contracts, Path(folder))
    return Company(
        folder=Path(folder).resolve(),
        name=given.name,
        title=given.title or given.name,
        home_currency=given.home_currency,
        time_zone=given.time_zone,
        week_start=given.week_start,
        business_hours=_business_hours(given, marked),
        calendar=given.calendar,
        landing=given.landing,
        feeds=given.feeds,
        lookups=given.lookups,
        codes=given.codes,
        decisions=given.decisions,
        retention={feed: {str(kind): days for kind, days in each.items()} for feed, each in given.retention.items()},
        requires=Path(folder).resolve() / given.requires if given.requires else None,
    )


def _package_folder(package: str, where: str) -> Path:
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    if found is None or not found.submodule_search_locations:
        raise StellaError(f"{where}: the Python package {package!r} is not installed. `make run` installs it.")
    return Path(next(iter(found.submodule_search_locations)))


def _check_feeds(given: CompanyFile, marked: MarkedYaml, contracts: Mapping[str, Contract], folder: Path) -> None:
    for feed in given.feeds:
        if feed not in contracts:
            raise marked.fault(("feeds", feed), f"unknown feed {feed!r}{did_you_mean(feed, contracts)}")
    for feed, contract in contracts.items():
        if contract.is_required and feed not in given.feeds:
            raise marked.fault(
                ("feeds",), f"the feed {feed} is missing; every company must have it. Say where its records come from."
            )
    for feed, source in given.feeds.items():
        for column in source.not_personal:
            if column not in contracts[feed].personal_columns:
                hint = did_you_mean(column, contracts[feed].personal_columns)
                raise marked.fault(("feeds", feed), f"not_personal: {column!r} is no personal column of {feed}{hint}")
    _check_delivery(given, marked, contracts)
    _check_retention(given, marked, contracts)
    for name in given.lookups:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name.lower() == "landing":
            raise marked.fault(("lookups", name), f"{name!r} cannot name a lookup. Use letters, digits and _.")
    _check_codes(given, marked, contracts)
    _check_mappings(given, folder)


def _check_delivery(given: CompanyFile, marked: MarkedYaml, contracts: Mapping[str, Contract]) -> None:
    able = ", ".join(name for name, contract in contracts.items() if contract.absence)
    for feed, source in given.feeds.items():
        if source.is_whole_list and not contracts[feed].absence:
            raise marked.fault(
                ("feeds", feed),
                f"delivery: full is for feeds that can say that a record is gone ({able}), not for {feed}.",
            )


def _check_retention(given: CompanyFile, marked: MarkedYaml, contracts: Mapping[str, Contract]) -> None:
    for feed, limits in given.retention.items():
        if feed not in contracts:
            raise marked.fault(("retention", feed), f"unknown feed {feed!r}{did_you_mean(feed, contracts)}")
        if "rows" in limits and contracts[feed].money:
            raise marked.fault(
                ("retention", feed), f"{feed} has money: its rows stay, only their classes can be limited"
            )


def _check_mappings(given: CompanyFile, folder: Path) -> None:
    """Refuse a mapping that no feed uses: a misspelt name would be passed over in silence."""
    used = {source.mapping or f"{feed}.sql" for feed, source in given.feeds.items()}
    for path in sorted(folder.glob("*.sql")):
        if path.name not in used:
            raise StellaError(f"{path}: no feed of company.yml uses it{did_you_mean(path.stem, given.feeds)}")
    for feed, source in given.feeds.items():
        if source.mapping and not (folder / source.mapping).is_file():
            raise StellaError(f"{folder / source.mapping}: there is no such file, and feed {feed} names it.")


def _check_codes(given: CompanyFile, marked: MarkedYaml, contracts: Mapping[str, Contract]) -> None:
    """Refuse a code list that is not there, and a code that it does not have."""
    known = codes_by_name(contracts)
    for name, codes in given.codes.items():
        if name not in known:
            raise marked.fault(("codes", name), f"unknown code list {name!r}{did_you_mean(name, known)}")
        for own, code in codes.items():
            if known[name] and code not in known[name]:
                hint = did_you_mean(code, known[name])
                raise marked.fault(("codes", name, own), f"{name}: {code!r} is no code of it{hint}")


def codes_by_name(contracts: Mapping[str, Contract]) -> dict[str, frozenset[str]]:
    """Give the codes of whatever `codes` may be given for: a code list, a column, or `feed.column`.

    A column without a list, such as a stage, takes any code: it has the empty set.
    """
    codes: dict[str, frozenset[str]] = {}
    free: set[str] = set()
    for contract in contracts.values():
        for column in contract.columns:
            if column.type != "string" or column.is_personal:
                continue
            names = {column.name, f"{contract.feed}.{column.name}"}
            names |= {column.code_list.name} if column.code_list else set()
            values = column.values or (column.code_list.values if column.code_list else ())
            free |= set() if values else names
            codes |= {name: codes.get(name, frozenset()) | frozenset(values) for name in names}
    return {name: frozenset() if name in free else values for name, values in codes.items()}


def _business_hours(given: CompanyFile, marked: MarkedYaml) -> dict[str, tuple[time, time]]:
    hours: dict[str, tuple[time, time]] = {}
    for day in get_args(Weekday):
        text = given.business_hours.get(day)
        if not text or text.strip().lower() == "closed":
            continue
        try:
            opens, closes = (time.fromisoformat(part.strip().zfill(5)) for part in text.split("-"))
        except ValueError:
            raise marked.fault(("business_hours", day), f"{text!r} is not of the form '09:00-18:00'.") from None
        if opens >= closes:
            raise marked.fault(("business_hours", day), f"{text!r}: it must close after it opens.")
        hours[day] = (opens, closes)
    return hours
