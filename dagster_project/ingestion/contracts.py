"""The contracts of all feeds, read from `sources/contracts/` and checked at start.

Belongs here: reading and checking the files. What a contract says is in `contract.py`, the form of its file in
`odcs.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from dagster_project.ingestion import odcs
from dagster_project.ingestion.codes import CodeList, load_code_lists
from dagster_project.ingestion.contract import BREACH, Column, Contract, RowRule, resolve_bound
from dagster_project.ingestion.marked_yaml import Location, MarkedYaml, did_you_mean, parse, read_marked
from dagster_project.settings import REPOSITORY, StellaError

__all__ = ["CONTRACTS", "Column", "Contract", "RowRule", "load_contracts", "resolve_bound"]

CONTRACTS = REPOSITORY / "sources" / "contracts"
_TYPES = {
    "string": "string", "number": "decimal", "integer": "integer", "boolean": "boolean", "date": "date",
    "timestamp": "timestamp", "array": "list", "object": "json",
}  # fmt: skip
_SEVERITIES = ("refuse_row", "refuse_file", "warn", "blocking")
_PROPERTIES: Location = ("schema", 0, "properties")
_QUALITY: Location = ("schema", 0, "quality")


def load_contracts(folder: Path = CONTRACTS) -> dict[str, Contract]:
    """Read every `<kind>/<feed>.yml` of a folder, in alphabetical order of kind and feed.

    Raises:
        StellaError: a contract is broken; the message names file and line.
    """
    files = [folder / "codes.yml", *sorted(folder.glob("*/*.yml"))]
    return dict(_load(folder, tuple((f, f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.exists())))


@lru_cache(maxsize=2)
def _load(folder: Path, state: tuple[tuple[Path, int, int], ...]) -> Mapping[str, Contract]:
    """Read them once for all who ask in this process, as long as no file changes: a run asks four times."""
    lists = load_code_lists(folder / "codes.yml")
    found = [_read(path, lists) for path, *_ in state if path.parent != folder]
    if not found:
        raise StellaError(f"{folder}: no contract there (<kind>/<feed>.yml).")
    contracts = {contract.feed: contract for contract, _ in found}
    for contract, marked in found:
        _check_references(contract, marked, contracts)
    return contracts


def _read(path: Path, lists: Mapping[str, CodeList]) -> tuple[Contract, MarkedYaml]:
    marked = read_marked(path)
    document = parse(odcs.Document, marked)
    table = document.table[0]
    for key, said in ((("name",), document.name), (("schema", 0, "name"), table.name)):
        if said != path.stem:
            raise marked.fault(key, f"{said!r} is not the name of the file. Write {path.stem!r}.")
    ours = _Custom(marked, document.custom_properties, ("customProperties",))
    contract = Contract(
        feed=path.stem,
        kind=path.parent.name,
        purpose=document.description.purpose,
        grain=table.granularity,
        columns=tuple(_column(prop, lists, marked, (*_PROPERTIES, at)) for at, prop in enumerate(table.properties)),
        path=path,
        is_required=ours.take("required", bool, False),
        event_time=ours.take("eventTime", str, None),
        money=tuple(ours.take("money", list, [])),
        derived=ours.take("derived", dict, {}),
        rules=tuple(RowRule(q.name, q.element, q.query, q.description, q.severity) for q in table.quality),
        fresh_column=_fresh_column(document),
        fresh_within=_fresh_within(document),
        breach={**BREACH, **ours.take("onBreach", dict, {})},
        refused_share_limit=float(ours.take("refusedShareLimit", (int, float), 1.0)),
        absence=ours.take("absence", dict, {}),
        vanished_share_limit=float(ours.take("vanishedShareLimit", (int, float), 0.2)),
    )
    ours.refuse_the_rest()
    _check(contract, marked)
    return contract, marked


def _column(prop: odcs.Property, lists: Mapping[str, CodeList], marked: MarkedYaml, at: Location) -> Column:
    ours = _Custom(marked, prop.custom_properties, (*at, "customProperties"))
    list_name = ours.take("codeList", str, None)
    ours.refuse_the_rest()
    if list_name is not None and list_name not in lists:
        raise marked.fault(
            (*at, "customProperties"), f"unknown code list {list_name!r}{did_you_mean(list_name, lists)}"
        )
    return Column(
        name=prop.name,
        type=_TYPES[prop.logical_type],
        required=prop.required,
        key_position=prop.primary_key_position,
        privacy=prop.classification,
        description=prop.description,
        values=prop.quality[0].arguments.valid_values if prop.quality else (),
        code_list=lists[list_name] if list_name else None,
        minimum=prop.logical_type_options.minimum,
        maximum=prop.logical_type_options.maximum,
        scale=4 if prop.logical_type_options.scale is None else prop.logical_type_options.scale,
        references=prop.relationships[0].to if prop.relationships else None,
    )


class _Custom:
    """Our own keys in a `customProperties` list, each taken once; what is left over is unknown."""

    def __init__(self, marked: MarkedYaml, properties: tuple[odcs.CustomProperty, ...], at: Location) -> None:
        self._marked, self._at = marked, at
        self._known: list[str] = []
        self._left = {p.property: (position, p.value) for position, p in enumerate(properties)}

    def take(self, name: str, kind: type | tuple[type, ...], default: Any) -> Any:
        self._known.append(name)
        if name not in self._left:
            return default
        position, value = self._left.pop(name)
        if not isinstance(value, kind):
            raise self._marked.fault(
                (*self._at, position), f"{name}: {value!r} is not of the form that is wanted here."
            )
        return value

    def refuse_the_rest(self) -> None:
        for name, (position, _) in self._left.items():
            raise self._marked.fault(
                (*self._at, position), f"unknown property {name!r}{did_you_mean(name, self._known)}"
            )


def _fresh_column(document: odcs.Document) -> str | None:
    return document.sla_properties[0].element.partition(".")[2] if document.sla_properties else None


def _fresh_within(document: odcs.Document) -> timedelta | None:
    if not document.sla_properties:
        return None
    level = document.sla_properties[0]
    return timedelta(days=level.value) if level.unit == "d" else timedelta(hours=level.value)


def _check(contract: Contract, marked: MarkedYaml) -> None:
    """Refuse a contract that contradicts itself."""
    _check_columns(contract, marked)
    ours: Location = ("customProperties",)
    named: list[tuple[Location, str, tuple[str | None, ...]]] = [
        (ours, "eventTime", (contract.event_time,)),
        (ours, "money", contract.money),
        (ours, "derived", tuple(contract.derived)),
        (("slaProperties",), "element", (contract.fresh_column,)),
        (_QUALITY, "element", tuple(rule.column for rule in contract.rules)),
    ]
    for at, key, columns in named:
        for column in columns:
            if column is not None and column not in contract.column_names:
                hint = did_you_mean(column, contract.column_names)
                raise marked.fault(at, f"{key} names the column {column!r}{hint}")
    for rule, severity in contract.breach.items():
        if rule not in BREACH:
            raise marked.fault(ours, f"onBreach: unknown rule {rule!r}{did_you_mean(rule, BREACH)}")
        if severity not in _SEVERITIES:
            raise marked.fault(ours, f"onBreach: {rule}: {severity!r} is none of {', '.join(_SEVERITIES)}.")
    _check_absence(contract, marked)
    _check_expressions(contract, marked)


def _check_absence(contract: Contract, marked: MarkedYaml) -> None:
    """Refuse a word for a record that is gone which no row can say."""
    ours: Location = ("customProperties",)
    booleans = [column.name for column in contract.columns if column.type == "boolean"]
    for column, value in contract.absence.items():
        if column not in booleans or not isinstance(value, bool):
            raise marked.fault(ours, f"absence: a column that is true or false is wanted, and its value: {column!r}.")
    if len(contract.absence) > 1:
        raise marked.fault(ours, "absence: one column says that a record is gone. Keep one.")


def _check_columns(contract: Contract, marked: MarkedYaml) -> None:
    for position, name in enumerate(contract.column_names):
        if name in contract.column_names[:position]:
            raise marked.fault((*_PROPERTIES, position), f"the column {name!r} is there twice. Keep one.")
    positions = sorted(c.key_position for c in contract.columns if c.key_position is not None)
    if not positions or positions != list(range(1, len(positions) + 1)):
        raise marked.fault(_PROPERTIES, "primaryKeyPosition must count 1, 2, 3 … over the key's columns.")


def _check_expressions(contract: Contract, marked: MarkedYaml) -> None:
    for text in (*(rule.condition for rule in contract.rules), *contract.derived.values()):
        try:
            tree = sqlglot.parse_one(text, dialect="duckdb")
        except sqlglot.errors.SqlglotError:
            raise marked.fault(_QUALITY, f"{text!r} is not a SQL expression.") from None
        if tree.find(exp.Select, exp.Subquery, exp.Command):
            raise marked.fault(_QUALITY, f"{text!r} may only use the row's own columns.")
        for column in tree.find_all(exp.Column):
            if column.name not in contract.column_names:
                known = did_you_mean(column.name, contract.column_names)
                raise marked.fault(_QUALITY, f"{text!r} names the column {column.name!r}{known}")


def _check_references(contract: Contract, marked: MarkedYaml, contracts: Mapping[str, Contract]) -> None:
    for position, column in enumerate(contract.columns):
        if column.references is None:
            continue
        feed, _, name = column.references.partition(".")
        at = (*_PROPERTIES, position, "relationships")
        if feed not in contracts:
            raise marked.fault(at, f"{column.references!r} names no feed{did_you_mean(feed, contracts)}")
        if name not in contracts[feed].column_names:
            raise marked.fault(
                at,
                f"{column.references!r}: {feed} has no such column{did_you_mean(name, contracts[feed].column_names)}",
            )
