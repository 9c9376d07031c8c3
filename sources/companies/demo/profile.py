"""The profile of a world: every number of it, read from a YAML file and checked.

Belongs here: putting the sections together, reading files, naming the faulty key. Does not belong here: what the keys
mean (the other `profile_*` modules) and their values (`world.yml`).

A profile is complete, or says `extends: <name or path>` and gives only what differs.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, model_validator

from dagster_project.settings import StellaError
from sources.companies.demo.codes import CURRENCIES
from sources.companies.demo.profile_buying import Aftercare, Buying, Catalogue, OrderSection
from sources.companies.demo.profile_campaigns import Campaign, Consent, Contacts, Truth
from sources.companies.demo.profile_core import MarketSection, Population, Records, Section
from sources.companies.demo.profile_feeds import Externals, FaultRates, FileShape
from sources.companies.demo.profile_life import Devices, Loyalty, Sales, Service, Touchpoints, Web
from sources.companies.demo.profile_network import Network

PROFILES = Path(__file__).parent
_DEEPEST = 5
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there: ten times as fast."""


class ProfileError(StellaError):
    """A profile that cannot be read, has an unknown key or an impossible value."""


class Profile(Section):
    """A whole world but for its chance."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="the world's name")
    seed: int = Field(ge=0, lt=2**63, description="the world's chance")
    start: date = Field(description="first day")
    end: date = Field(description="day after the last one that is simulated unless told otherwise")
    horizon_days: int = Field(ge=0, le=2000, description="days beyond the end for which the world can live on")
    home_currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code")
    time_zone: str = Field(description="the company's IANA time zone")
    chunk_persons: int = Field(
        ge=1000, description="persons simulated at a time; bounds memory, decides the order of rows"
    )
    population: Population
    records: Records
    market: MarketSection
    catalogue: Catalogue
    buying: Buying
    orders: OrderSection
    aftercare: Aftercare
    campaigns: list[Campaign] = Field(max_length=1000)
    contacts: Contacts
    consent: Consent
    truth: Truth
    web: Web
    service: Service
    touchpoints: Touchpoints
    loyalty: Loyalty
    sales: Sales
    devices: Devices
    network: Network
    files: dict[str, FileShape] = Field(description="shape of each feed's files; a feed not named is plain CSV")
    faults: Annotated[FaultRates, Field(description="dirt")]
    externals: Externals

    @property
    def days(self) -> int:
        """Days from start to end."""
        return (self.end - self.start).days

    @property
    def horizon(self) -> int:
        """Days from start to the last day to which the world can live."""
        return self.days + self.horizon_days

    @model_validator(mode="after")
    def _parts_agree(self) -> Profile:
        if self.end <= self.start:
            raise ValueError(f"end: {self.end} is not after start {self.start}")
        known = set(self.catalogue.categories)
        named = {(f"buying.archetypes.{k}", c) for k, a in self.buying.archetypes.items() for c in a.tastes}
        named |= {("campaigns", c.category) for c in self.campaigns if c.category is not None}
        links = [(p.first, p.second) for p in self.buying.pairs] + [(s.first, s.then) for s in self.buying.sequences]
        named |= {("buying.pairs and sequences", end.split(":")[0]) for link in links for end in link}
        for place, category in sorted(named):
            if category not in known:
                raise ValueError(f"{place}: unknown category {category}")
        for code, country in self.population.countries.items():
            rates = {self.home_currency, *self.externals.currencies}
            if country.currency not in rates or country.currency not in CURRENCIES:
                raise ValueError(f"population.countries.{code}: no exchange rate for {country.currency}")
        priced = set(self.contacts.channels)
        for campaign in self.campaigns:
            if set(campaign.channels) - priced:
                raise ValueError(f"campaigns: {campaign.name} uses a channel that contacts.channels does not price")
        return self


def load_profile(named: str | Path | None = None, customers: int | None = None, **overrides: Any) -> Profile:
    """Read a profile.

    Args:
        named: a name beside this module (`world`, `plain`, ...) or the path of a YAML file; `world` if not given.
        customers: number of persons, instead of the profile's own.
        overrides: values by dotted key with `__` for the dot, e.g. `buying__rate_shape=0.5`.

    Raises:
        ProfileError: names the file, the line and the key at fault.
    """
    if customers is not None:
        overrides["population__persons"] = customers
    path = _path(named or "world")
    content, lines = _read(path, 0)
    for dotted, value in overrides.items():
        _set(content, dotted.split("__"), value)
    try:
        return Profile.model_validate(content)
    except ValidationError as fault:
        raise ProfileError(_message(path, lines, fault)) from None


def _path(named: str | Path) -> Path:
    inside = PROFILES / f"{named}.yml"
    if isinstance(named, str) and "/" not in named and inside.is_file():
        return inside
    path = Path(named).expanduser()
    if not path.is_file():
        raise ProfileError(
            f"Profile {named}: no such file; give the path of a YAML file or a name such as world or plain."
        )
    return path


_Lines = dict[tuple[str, ...], tuple[Path, int]]


def _read(path: Path, depth: int) -> tuple[dict[str, Any], _Lines]:
    """Give the profile's content, with what it extends, and where each key stands."""
    try:
        text = path.read_text(encoding="utf-8")
        content, tree = yaml.load(text, Loader=_LOADER), yaml.compose(text, Loader=_LOADER)  # noqa: S506 - safe loaders
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise ProfileError(f"Profile {path}: {' '.join(str(fault).split())}") from None
    if not isinstance(content, dict) or tree is None:
        raise ProfileError(
            f"Profile {path}: expected keys such as seed and population, found {type(content).__name__}."
        )
    lines: _Lines = {}
    _note_lines(tree, (), path, lines)
    base = content.pop("extends", None)
    if base is None:
        return content, lines
    if depth >= _DEEPEST:
        raise ProfileError(f"Profile {path}: extends {base}, and that more than {_DEEPEST} times over.")
    beside = path.parent / str(base)
    under, under_lines = _read(beside if beside.is_file() else _path(str(base)), depth + 1)
    return _merge(under, content), under_lines | lines


def _note_lines(node: yaml.Node, place: tuple[str, ...], path: Path, lines: _Lines) -> None:
    lines[place] = (path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            _note_lines(value, inner, path, lines)
            lines[inner] = (path, key.start_mark.line + 1)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note_lines(value, (*place, str(number)), path, lines)


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _set(content: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        content = content.setdefault(key, {})
    content[keys[-1]] = value


def _message(path: Path, lines: _Lines, fault: ValidationError) -> str:
    first, *others = fault.errors()
    keys = tuple(str(part) for part in first["loc"])
    known = keys
    while known not in lines and known:
        known = known[:-1]
    file, line = lines.get(known, (path, 1))
    what = {"extra_forbidden": "unknown key", "missing": "missing key"}.get(first["type"], first["msg"])
    key = f"{'.'.join(keys)}: " if keys else ""
    more = f" (and {len(others)} more)" if others else ""
    return f"Profile {file}, line {line}: {key}{what.removeprefix('Value error, ')}{more}."
