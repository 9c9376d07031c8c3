"""The form of a contract file: the part of the Open Data Contract Standard v3.1 that Stella reads.

Belongs here: the keys of the file, one model a level, nothing unknown allowed. What a contract means to the rest of the
house is in `contracts.py`. Standard: https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["refuse_row", "refuse_file", "warn", "blocking"]
LogicalType = Literal["string", "number", "integer", "boolean", "date", "timestamp", "array", "object"]
Bound = int | float | date | Literal["today", "tomorrow", "now"]


class Part(BaseModel):
    """A level of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomProperty(Part):
    """A key of ours in the standard's form."""

    property: str
    value: Any


class Description(Part):
    """What the feed is for."""

    purpose: str
    limitations: str | None = None
    usage: str | None = None


class TypeOptions(Part):
    """The range of a value; `scale` is a decimal's digits after the point."""

    minimum: Bound | None = None
    maximum: Bound | None = None
    scale: int | None = Field(default=None, ge=0, le=12)


class ValidValues(Part):
    """The arguments of the metric `invalidValues`."""

    valid_values: tuple[str, ...] = Field(alias="validValues", min_length=1)


class ColumnQuality(Part):
    """The allowed values of a column."""

    metric: Literal["invalidValues"]
    arguments: ValidValues
    must_be: Literal[0] = Field(0, alias="mustBe")
    severity: Severity = "refuse_row"


class Relationship(Part):
    """A reference to another feed's column, as `feed.column`."""

    to: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")


class Property(Part):
    """A column."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    logical_type: LogicalType = Field(alias="logicalType")
    required: bool = False
    primary_key_position: int | None = Field(None, alias="primaryKeyPosition", ge=1)
    classification: Literal["none", "personal", "sensitive"]
    logical_type_options: TypeOptions = Field(TypeOptions(), alias="logicalTypeOptions")
    quality: tuple[ColumnQuality, ...] = Field((), max_length=1)
    relationships: tuple[Relationship, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = Field((), alias="customProperties")
    description: str


class RowQuality(Part):
    """A rule over a whole row: a SQL condition over the contract's columns that must not be false."""

    name: str
    type: Literal["sql"]
    severity: Literal["refuse_row", "warn"]
    element: str
    query: str
    description: str


class Table(Part):
    """The feed's one table."""

    name: str
    physical_name: str = Field(alias="physicalName")
    granularity: str = Field(alias="dataGranularityDescription")
    properties: tuple[Property, ...] = Field(min_length=1)
    quality: tuple[RowQuality, ...] = ()


class ServiceLevel(Part):
    """How fresh the feed must be."""

    property: Literal["freshness"]
    element: str
    value: int = Field(ge=1)
    unit: Literal["d", "h"]


class Document(Part):
    """A contract file."""

    api_version: Literal["v3.1.0"] = Field(alias="apiVersion")
    kind: Literal["DataContract"]
    id: str
    name: str
    version: str
    status: Literal["proposed", "draft", "active", "deprecated", "retired"]
    domain: str
    description: Description
    table: tuple[Table] = Field(alias="schema")
    sla_properties: tuple[ServiceLevel, ...] = Field((), alias="slaProperties")
    custom_properties: tuple[CustomProperty, ...] = Field((), alias="customProperties")
