"""Reading JSON Lines, and a JSON array of objects: each value as its text, each row with its line.

Belongs here: the select. A line that is not a JSON object is given with its fault. For an array, or for objects
written over several lines, the number of the object stands for its line.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.ingestion.cleaning import encoding_of, rewrite
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.fault import FileFault, fit_to_show
from dagster_project.ingestion.reading import Place, Reading, identifier, literal, unique_names
from dagster_project.ingestion.scanning import scan_text

# No JSON text holds this character, so it never cuts a line in two.
_NEVER = "\x02"
_ENGINE_LINE = 1 << 20
_MOST_KEYS = 20_000


def read_json(
    connection: duckdb.DuckDBPyConnection, path: Path, compression: str, options: ReadOptions, place: Place
) -> Reading:
    """Make the select over a JSON file.

    Raises:
        FileFault: the file cannot be read at all.
    """
    scan = scan_text(path, compression, place.limit, b"")
    encoding = encoding_of(scan, options.encoding)
    if not encoding.is_plain or compression == "zip" or scan.has_lone_return:
        target = place.scratch / f"{len(list(place.scratch.iterdir()))}.json"
        rewrite(path, compression, place.limit, encoding, target)
        path, compression = target, "none"
        scan = scan_text(path, compression, place.limit, b"")
    start = scan.head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    is_spread = start.startswith("[") or start.partition("\n")[0].strip() == "{"
    if start.startswith("[") and scan.last != b"]":
        raise FileFault("its array is never closed: it is truncated")
    longest = max(2 * scan.longest_line, _ENGINE_LINE)
    source = _objects(path, compression, scan.size, start) if is_spread else _lines(path, compression, longest)
    keys, rows = _keys(connection, source)
    if rows and not keys:
        raise FileFault("nothing in it is a JSON object")
    return Reading(
        _select(source, keys), dict.fromkeys(unique_names(keys), "VARCHAR"), has_optional_columns=True,
        has_no_rows=not rows,
        warnings=() if options.encoding or encoding.name in ("utf-8", "utf-8-sig") else (f"read as {encoding.name}",),
    )  # fmt: skip


def _lines(path: Path, compression: str, longest: int) -> str:
    return (
        f"(select line, row_number() over () as _line from read_csv({literal(path)}, auto_detect=false, header=false, "
        f"delim={literal(_NEVER)}, quote='', escape='', columns={{'line': 'VARCHAR'}}, strict_mode=false, "
        f"parallel=false, max_line_size={longest}, buffer_size={4 * longest}, compression={literal(compression)}))"
    )


def _objects(path: Path, compression: str, size: int, start: str) -> str:
    packing = "uncompressed" if compression == "none" else compression
    form = "array" if start.startswith("[") else "unstructured"
    return (
        f"(select cast(json as varchar) as line, row_number() over () as _line from read_json_objects({literal(path)}, "
        f"format={literal(form)}, maximum_object_size={max(size + 1, 16 << 20)}, compression={literal(packing)}))"
    )


def _keys(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[list[str], bool]:
    """Name every key of every object of the file, in the order of the alphabet; say whether it has any row."""
    try:
        rows = connection.execute(
            f"select distinct unnest(try(json_keys(line))) as name from {source} as lines order by name"
        ).fetchall()
        filled = f"select 1 from {source} as lines where {_IS_FILLED} limit 1"
        has_rows = bool(rows) or connection.execute(filled).fetchone() is not None
    except duckdb.Error as fault:
        raise FileFault(f"it is not JSON that can be read ({fit_to_show(fault)})") from None
    if len(rows) > _MOST_KEYS:
        raise FileFault(f"its objects have more than {_MOST_KEYS:,} different keys; a list or a map is written as keys")
    return [name for (name,) in rows], has_rows


# What is JSON and begins like an object is one; to ask for its type would read it once more.
_IS_OBJECT = r"regexp_matches(line, '^[ \t\r\n]*\{') and json_valid(line)"

# Trimming would look at every character of the line.
_IS_FILLED = "regexp_matches(line, '[^ ]')"


def _select(source: str, keys: list[str]) -> str:
    paths = ", ".join(literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys)
    named = enumerate(unique_names(keys), start=1)
    values = ", ".join(f"fields[{position}] as {identifier(name)}" for position, name in named)
    fields = f"case when is_object then json_extract_string(line, [{paths}]) end" if keys else "null"
    fault = "case when not is_object then 'the line is not a JSON object' end"
    whole = "case when not is_object then to_json({'_text': line}) end"
    own = f"{values}, " if values else ""
    return (
        f"select {own}_line, {fault} as _fault, {whole} as _whole from (select line, _line, is_object, "
        f"{fields} as fields from (select line, _line, {_IS_OBJECT} as is_object from {source} as lines "
        f"where {_IS_FILLED}) as judged) as cut"
    )
