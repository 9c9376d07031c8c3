"""The relation `incoming`: the new rows of a feed as they came, or as the company's mapping makes them.

Belongs here: putting files' rows side by side, running the mapping, the lookups it draws on. Which files are new is
decided in `loading.py`; holding rows against the contract is in `checking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.ingestion.company import Company
from dagster_project.ingestion.fault import FileFault, fit_to_show
from dagster_project.ingestion.files import find_files, open_file
from dagster_project.ingestion.mapping import SqlMapping, describe, missing_column
from dagster_project.ingestion.reading import RESERVED, Place, Reading, identifier, literal
from dagster_project.ingestion.temporary import drop_temporary
from dagster_project.machine import is_disk_full
from dagster_project.settings import StellaError


@dataclass(frozen=True)
class Incoming:
    """The relation `incoming`: its columns with the engine's types, and, if mapped, SQL for each row as it came."""

    columns: Mapping[str, str]
    row_as_it_came: str | None = None


def named_by_contract(reading: Reading, own: Mapping[str, str]) -> Reading:
    """Give a reading's columns the contract's names, so that files with other headers fall into line.

    `own` gives contract column → the file's column.
    """
    new = {name: column for column, name in own.items()}
    listed = "".join(f"{identifier(c)} as {identifier(new.get(c, c))}, " for c in reading.columns)
    return replace(
        reading,
        select=f"select {listed}_line, _fault, _whole from ({reading.select}) as own",
        columns={new.get(name, name): kind for name, kind in reading.columns.items()},
    )


def common_columns(readings: list[Reading]) -> dict[str, str]:
    """Name the columns of all readings; types that differ meet in text."""
    columns: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for reading in readings:
        for name, kind in reading.columns.items():
            first = spelled.setdefault(name.lower(), name)
            columns[first] = kind if columns.get(first, kind) == kind else "VARCHAR"
    return columns


def land_table(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> None:
    """Make the empty table `landing_all` for rows of several files."""
    listed = "".join(f"{identifier(name)} {kind}, " for name, kind in columns.items())
    drop_temporary(connection, "landing_all")
    connection.execute(
        f"create or replace temp table landing_all ({listed}_file VARCHAR, _line BIGINT, _fault VARCHAR, _whole JSON)"
    )


def land_rows(connection: duckdb.DuckDBPyConnection, reading: Reading, name: str) -> None:
    """Add a file's rows to `landing_all`.

    Raises:
        FileFault: the engine cannot read it to the end.
    """
    try:
        _attach(connection, reading)
        connection.execute(f"insert into landing_all by name {_rows(reading, name)}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as fault:
        if is_disk_full(fault):
            raise
        connection.execute(f"delete from landing_all where _file = {literal(name)}")
        raise FileFault(f"it cannot be read to the end ({fit_to_show(fault)})") from None


def land_view(connection: duckdb.DuckDBPyConnection, readings: Mapping[str, Reading]) -> dict[str, str]:
    """Make `landing_all` a view of the files' rows, by file name, which are then read once and not kept.

    Returns:
        The columns with the engine's types.
    """
    columns = common_columns(list(readings.values()))
    selects: list[str] = []
    for name, reading in readings.items():
        _attach(connection, reading)
        there = {column.lower(): column for column in reading.columns}
        listed = "".join(
            f"cast({identifier(there[c.lower()]) if c.lower() in there else 'null'} as {kind}) as {identifier(c)}, "
            for c, kind in columns.items()
        )
        selects.append(f"select {listed}_file, _line, _fault, _whole from ({_rows(reading, name)}) as read")
    drop_temporary(connection, "landing_all")
    connection.execute(f"create or replace temp view landing_all as {' union all '.join(selects)}")
    return columns


def _attach(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    for table, rows in reading.tables.items():
        connection.register(table, rows)
    if reading.dropped:
        connection.register(_dropped_name(reading), _dropped(reading))


def detach(connection: duckdb.DuckDBPyConnection, readings: list[Reading]) -> None:
    """Let go of what readings have registered."""
    for reading in readings:
        for table in (*reading.tables, *([_dropped_name(reading)] if reading.dropped else [])):
            connection.unregister(table)


def _dropped_name(reading: Reading) -> str:
    return f"dropped_{abs(hash(reading.select))}"


def _dropped(reading: Reading) -> pa.Table:
    lines, faults, said = zip(*reading.dropped, strict=True)
    return pa.table({"_line": pa.array(lines, pa.int64()), "_fault": list(faults), "said": list(said)})


def _rows(reading: Reading, name: str) -> str:
    rows = f"select *, {literal(name)} as _file from ({reading.select}) as read"
    if reading.dropped:
        rows += (
            f" union all by name select _line, _fault, to_json({{'_text': said}}) as _whole, {literal(name)} as _file "
            f"from {_dropped_name(reading)}"
        )
    return rows


def unmapped(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> Incoming:
    """Let the rows come in as they are."""
    connection.execute("create or replace temp view incoming as select * from landing_all")
    return Incoming(columns)


def mapped(
    connection: duckdb.DuckDBPyConnection, mapping: SqlMapping, columns: Mapping[str, str], last_file: str,
    may_lack_columns: bool = False,
) -> tuple[Incoming, tuple[str, ...]]:  # fmt: skip
    """Let the mapping make the rows; those that could not be read go past it.

    A row that the mapping does not trace to a line is put down to the batch's last file. With `may_lack_columns` a
    column that the rows do not have is null; which ones is given too.

    Raises:
        StellaError: the mapping fails; the message names file and line.
    """
    drop_temporary(connection, "incoming", "mapped_rows")
    text, kinds, lacking = _described(connection, mapping, may_lack_columns)
    made = {name: kind for name, kind in kinds.items() if name.lower() not in RESERVED}
    lower = {name.lower() for name in kinds}
    listed = "".join(f"{identifier(name)}, " for name in made)
    file = f"coalesce(cast(_file as varchar), {literal(last_file)})" if "_file" in lower else literal(last_file)
    line = "try_cast(_line as bigint)" if "_line" in lower else "cast(null as bigint)"
    try:
        connection.execute(f"create temp table mapped_rows as {text}")
    except duckdb.Error as refused:
        raise mapping.fault(refused) from None
    connection.execute(
        f"create or replace temp view incoming as select {listed}{file} as _file, {line} as _line, "
        "cast(null as varchar) as _fault, cast(null as json) as _whole from mapped_rows "
        "union all by name select _file, _line, _fault, _whole from landing_all where _fault is not null"
    )
    fields = ", ".join(f"{literal(name)}: {identifier(name)}" for name in columns)
    came = f"select _file, _line, json_merge_patch(json('{{}}'), to_json({{{fields}}})) as _came from landing"
    return Incoming(made, came if {"_file", "_line"} <= lower else None), lacking


def _described(
    connection: duckdb.DuckDBPyConnection, mapping: SqlMapping, may_lack_columns: bool
) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Describe the mapping over the view `landing`, which is given the columns that it may lack."""
    lacking: dict[str, None] = {}
    while True:
        more = "".join(f", cast(null as varchar) as {identifier(name)}" for name in lacking)
        connection.execute(
            f"create or replace temp view landing as select * exclude (_fault, _whole){more} from landing_all "
            "where _fault is null"
        )
        try:
            return *describe(connection, mapping), tuple(lacking)
        except duckdb.Error as refused:
            name = missing_column(refused)
            if name is None or name in lacking or not may_lack_columns:
                raise mapping.fault(refused) from None
            lacking[name] = None


def land_lookups(connection: duckdb.DuckDBPyConnection, company: Company, landing: Path, place: Place) -> list[Reading]:
    """Make each lookup of company.yml a table of its own name.

    Raises:
        StellaError: a lookup has no file, or one that cannot be read.
    """
    readings: list[Reading] = []
    for name, source in company.lookups.items():
        where = f"{company.folder / 'company.yml'}: lookup {name}"
        if source.query:
            raise StellaError(f"{where}: a lookup is read from files. Join in the feed's own query instead.")
        files = find_files(landing, source) or find_files(company.folder, source)
        if not files:
            raise StellaError(f"{where}: no file matches {', '.join(source.files)} in {landing}.")
        try:
            opened = [open_file(connection, file, source, {}, place) for file in files]
            for reading in opened:
                _attach(connection, reading)
            rows = " union all by name ".join(f"select * from ({reading.select}) as read" for reading in opened)
            connection.execute(
                f"create or replace temp table {identifier(name)} as "
                f"select * exclude (_line, _fault, _whole) from ({rows}) as read where _fault is null"
            )
        except (FileFault, duckdb.Error) as fault:
            said = fit_to_show(fault) if isinstance(fault, duckdb.Error) else str(fault)
            raise StellaError(f"{where}: {files[0].name}: {said}.") from None
        readings += opened
    return readings
