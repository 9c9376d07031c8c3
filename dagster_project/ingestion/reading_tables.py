"""Reading what has columns and types of its own: Parquet and Excel.

Belongs here: the selects, and the refusal of files that are truncated or not what their name says.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb_extensions import import_extension

from dagster_project.ingestion.codes import fold
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.fault import FileFault, fit_to_show
from dagster_project.ingestion.reading import Place, Reading, identifier, literal, unique_names


def read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, place: Place) -> Reading:
    """Make the select over a Parquet file; the row's number stands for its line.

    Raises:
        FileFault: it is truncated, not Parquet, or too large.
    """
    try:
        path = _without_wide_decimals(connection, path, place)
        where = f"read_parquet({literal(path)})"
        size = connection.execute(
            f"select coalesce(sum(total_uncompressed_size), 0) from parquet_metadata({literal(path)})"
        ).fetchone()
        columns = connection.execute(f"describe select * from {where}").fetchall()
    except duckdb.Error as fault:
        raise FileFault(f"it is not a whole Parquet file ({fit_to_show(fault)})") from None
    if size and int(size[0]) > place.limit:
        raise FileFault(
            f"it is larger than {place.limit:,} bytes uncompressed; raise STELLA_MAX_FILE_BYTES if that is right"
        )
    own = [(name, kind) for name, kind, *_ in columns if name.lower() != "file_row_number"]
    names = dict(zip(unique_names([name for name, _ in own]), [kind for _, kind in own], strict=True))
    listed = ", ".join(f"{identifier(name)} as {identifier(new)}" for (name, _), new in zip(own, names, strict=True))
    select = (
        f"select {listed}, file_row_number + 1 as _line, cast(null as varchar) as _fault, cast(null as json) as _whole "
        f"from read_parquet({literal(path)}, file_row_number=true)"
    )
    return Reading(select, names, is_read_cheaply=True)


def _without_wide_decimals(connection: duckdb.DuckDBPyConnection, path: Path, place: Place) -> Path:
    """Copy a file with decimals of more than 38 digits, which the engine misreads; in the copy they are text."""
    wide = connection.execute(
        f"select 1 from parquet_schema({literal(path)}) where converted_type = 'DECIMAL' and precision > 38 limit 1"
    ).fetchone()
    if wide is None:
        return path
    target = place.scratch / f"{len(list(place.scratch.iterdir()))}.parquet"
    try:
        source = pq.ParquetFile(path)
        text = [f.with_type(pa.string()) if pa.types.is_decimal256(f.type) else f for f in source.schema_arrow]
        schema = pa.schema(text)
        with pq.ParquetWriter(target, schema) as writer:
            for batch in source.iter_batches():
                writer.write_batch(batch.cast(schema))
    except (pa.ArrowException, OSError) as fault:
        raise FileFault(f"it has decimals of more than 38 digits ({fit_to_show(fault)})") from None
    return target


def read_excel(
    connection: duckdb.DuckDBPyConnection, path: Path, options: ReadOptions, dated: Collection[str], place: Place
) -> Reading:
    """Make the select over a sheet of a workbook: the named one, else the first. Its first row is the header.

    Every cell is read as text. Days and times are numbers in a sheet, counted in days from 1899-12-30: they become ISO
    text in the columns that the sheet formats so, and in those of `dated`, which are the contract's days and times.

    Raises:
        FileFault: it is not a workbook, is damaged or too large, or has no such sheet.
    """
    _check_workbook(path, place.limit)
    import_extension("excel", con=connection)
    connection.execute("load excel")
    sheet = f", sheet={literal(options.sheet)}" if options.sheet else ""
    source = f"read_xlsx({literal(path)}, all_varchar=true, stop_at_empty=false, header=false{sheet})"
    try:
        header = connection.execute(f"select * from {source} limit 1").fetchone()
        cells = [name for name, *_ in connection.execute(f"describe select * from {source}").fetchall()]
    except duckdb.Error as fault:
        raise FileFault(f"the workbook cannot be read ({fit_to_show(fault)})") from None
    if header is None or not any(header):
        raise FileFault("the sheet is empty")
    names = unique_names([str(name) if name is not None else "" for name in header])
    formatted = _formatted_as_time(connection, path, sheet)
    is_time = [position in formatted or fold(name) in dated for position, name in enumerate(names)]
    values = ", ".join(
        f"{_from_serial(cell) if timed else identifier(cell)} as {identifier(name)}"
        for cell, name, timed in zip(cells, names, is_time, strict=True)
    )
    filled = " or ".join(f"{identifier(c)} is not null" for c in cells)
    select = (
        f"select {values}, _line, cast(null as varchar) as _fault, cast(null as json) as _whole "
        f"from (select *, row_number() over () as _line from {source}) as sheet where _line > 1 and ({filled})"
    )
    return Reading(select, dict.fromkeys(names, "VARCHAR"))


def _formatted_as_time(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str) -> set[int]:
    """Find the columns, by position, whose first cell the sheet formats as a day or a time."""
    try:
        kinds = connection.execute(f"describe select * from read_xlsx({literal(path)}, header=true{sheet})").fetchall()
    except duckdb.Error:
        return set()
    return {position for position, (_, kind, *_) in enumerate(kinds) if kind in ("DATE", "TIMESTAMP")}


def _from_serial(cell: str) -> str:
    """Make ISO text of a sheet's number, to the millisecond; text stays as it is."""
    days = f"try_cast({identifier(cell)} as double)"
    since = f"to_microseconds(cast(round({days} * 86400000) * 1000 as bigint))"
    moment = f"cast(timestamp '1899-12-30' + {since} as varchar)"
    return f"case when {days} between 1 and 2958465 then {moment} else {identifier(cell)} end"


def _check_workbook(path: Path, limit: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        raise FileFault("it is not an .xlsx workbook, or it is truncated") from None
    if "xl/workbook.xml" not in names:
        raise FileFault("it is not an .xlsx workbook; save it as .xlsx")
    if size > limit:
        raise FileFault(f"it is larger than {limit:,} bytes uncompressed; raise STELLA_MAX_FILE_BYTES if that is right")
