"""The form of `company.yml`: its keys, their aliases and defaults, nothing unknown allowed.

Belongs here: what can be told wrong from the file alone. What the company means to the rest of the house is in
`company.py`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    field_validator,
    model_validator,
)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_FORMATS = {
    "csv": "csv", "tsv": "csv", "txt": "csv", "json": "json", "jsonl": "json", "ndjson": "json",
    "json_lines": "json", "jsonlines": "json", "parquet": "parquet", "pq": "parquet", "excel": "excel", "xlsx": "excel",
}  # fmt: skip
Format = Literal["csv", "json", "parquet", "excel"]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_format(value: Any) -> Any:
    return _FORMATS.get(str(value).strip().lower().replace(" ", "_").replace("-", "_"), value)


Globs = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class ReadOptions(BaseModel):
    """How a feed's files differ from the usual; everything is found out when absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    delimiter: str | None = Field(default=None, validation_alias=AliasChoices("delimiter", "delim", "separator", "sep"))
    encoding: str | None = None
    quote: str = Field(default='"', max_length=1)
    decimal: Literal[".", ","] = "."
    sheet: str | None = None
    date_format: str | None = None
    timestamp_format: str | None = None
    header: bool = True
    columns: tuple[str, ...] = ()
    time_zone: str | None = None

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        value = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(value or "", value)
        if value is not None and (len(value) != 1 or value in '"\r\n'):
            raise ValueError("one character is wanted, such as ',' or tab.")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        return None if value is None else _zone(value)


# An option may stand beside `files` as well as below `options`.
_OPTION_KEYS = {"delimiter", "delim", "separator", "sep", *ReadOptions.model_fields}


class FeedSource(BaseModel):
    """Where a feed's records come from: files, or a query on a database."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    files: Globs = Field(
        (), validation_alias=AliasChoices("files", "file", "glob", "globs", "path", "paths", "pattern")
    )
    format: Annotated[Format | None, BeforeValidator(_as_format)] = None
    options: ReadOptions = ReadOptions()
    query: str | None = Field(default=None, validation_alias=AliasChoices("query", "sql"))
    connection: str | None = Field(
        None, validation_alias=AliasChoices("connection", "dsn_env", "connection_env", "dsn")
    )
    watermark: str | None = Field(default=None, validation_alias=AliasChoices("watermark", "watermark_column"))
    mapping: str | None = None
    delivery: Literal["changes", "full"] = "changes"
    not_personal: Globs = Field((), description="Columns that the contract calls personal and this company's are not.")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """Take `customers: customers*.csv` for its files, and an option that stands beside them."""
        if isinstance(value, (str, list)):
            return {"files": value}
        if not isinstance(value, dict):
            return value
        options = {k: v for k, v in value.items() if k in _OPTION_KEYS}
        rest = {k: v for k, v in value.items() if k not in _OPTION_KEYS}
        return {**rest, "options": {**(rest.get("options") or {}), **options}} if options else rest

    @property
    def is_whole_list(self) -> bool:
        """Whether each delivery is the whole list of the feed's records."""
        return self.delivery == "full"

    @model_validator(mode="after")
    def _one_origin(self) -> FeedSource:
        if bool(self.files) == bool(self.query):
            raise ValueError("give either files or a query.")
        if self.query and not self.connection:
            raise ValueError("a query needs a connection: the name of the environment variable that holds it.")
        if self.connection and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.connection):
            raise ValueError("connection is the name of an environment variable, never the connection itself.")
        if self.is_whole_list and self.watermark:
            raise ValueError("a watermark fetches changes, and delivery: full is the whole list. Keep one of them.")
        return self


class CompanyFile(BaseModel):
    """The keys of `company.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    title: str | None = None
    home_currency: str = Field(validation_alias=AliasChoices("home_currency", "currency"))
    time_zone: str = Field("UTC", validation_alias=AliasChoices("time_zone", "timezone"))
    week_start: Weekday = "monday"
    business_hours: dict[Weekday, str | None] = {}
    calendar: Literal["live", "historical"] = "live"
    landing: str = Field("landing", validation_alias=AliasChoices("landing", "landing_folder"))
    requires: str | None = None
    feeds: dict[str, FeedSource]
    lookups: dict[str, FeedSource] = {}
    codes: dict[str, dict[str, str]] = {}
    decisions: dict[str, Any] = {}
    retention: dict[str, dict[Literal["personal", "sensitive", "rows"], PositiveInt]] = {}

    @field_validator("home_currency")
    @classmethod
    def _currency(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{3}", value):
            raise ValueError(f"{value!r} is not an ISO 4217 currency, such as EUR.")
        return value.upper()

    @field_validator("time_zone")
    @classmethod
    def _time_zone(cls, value: str) -> str:
        return _zone(value)

    @field_validator("week_start", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("business_hours", mode="before")
    @classmethod
    def _days(cls, value: Any) -> Any:
        return {str(k).lower(): v for k, v in value.items()} if isinstance(value, dict) else value

    @field_validator("codes", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        """Make names of codes that look like numbers or truths to YAML."""
        if not isinstance(value, dict):
            return value
        return {k: {_text(a): _text(b) for a, b in v.items()} if isinstance(v, dict) else v for k, v in value.items()}


@cache
def _zones() -> frozenset[str]:
    """List the zones once: it takes a walk through a folder tree."""
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError(f"{value!r} is not an IANA time zone, such as Europe/Rome.")
    return value


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
