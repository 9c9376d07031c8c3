"""`<feed>.sql`: a company's own columns made into the contract's, by one `select` from `landing`.

Belongs here: reading and checking the mapping, and adding `_file` and `_line` to it where its rows are rows of
`landing`. Running it is in `landing.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

from dagster_project.ingestion.fault import fit_to_show
from dagster_project.settings import StellaError


@dataclass(frozen=True)
class SqlMapping:
    """A checked mapping. `traced` gives `_file` and `_line` too, where they can be added; else it is the text."""

    path: Path
    text: str
    traced: str

    def fault(self, refused: Exception) -> StellaError:
        """Make an error of an engine's refusal, with file and line."""
        found = re.search(r"^LINE (\d+):", str(refused), re.MULTILINE)
        where = f"{self.path}, line {found[1]}" if found else str(self.path)
        return StellaError(f"{where}: {fit_to_show(refused)}")


def read_mapping(path: Path) -> SqlMapping:
    """Read a mapping.

    Raises:
        StellaError: it is not exactly one select; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise StellaError(f"{path}: cannot be read. It must be a UTF-8 text file.") from None
    try:
        parsed = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except sqlglot.errors.SqlglotError as fault:
        problem = fault.errors[0] if isinstance(fault, sqlglot.errors.ParseError) and fault.errors else {}
        line, said = problem.get("line", 1), problem.get("description", "it cannot be parsed")
        raise StellaError(f"{path}, line {line}: not valid SQL: {said}") from None
    parsed = [tree for tree in parsed if not isinstance(tree, exp.Semicolon)]
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise StellaError(f"{path}, line 1: a mapping is exactly one select from the relation landing.")
    _refuse_outside(path, parsed[0])
    text = _without_end(text)
    return SqlMapping(path, text, _traced(text, parsed[0]))


def _without_end(text: str) -> str:
    """Cut off the semicolon and what comes behind it, which can only be comments."""
    last = [token for token in Tokenizer().tokenize(text) if token.token_type != TokenType.SEMICOLON][-1]
    return text[: last.end + 1]


def _refuse_outside(path: Path, tree: exp.Expr) -> None:
    """Refuse what a mapping has no business with: other schemas, files, functions that read or write outside."""
    for table in tree.find_all(exp.Table):
        outside = table.db or table.catalog or re.search(r"[./\\*]", table.name)
        if outside or (isinstance(table.this, exp.Func) and _reads_outside(table.this)):
            raise StellaError(
                f"{path}: {table.sql(dialect='duckdb')[:60]}: a mapping reads landing and company.yml's lookups only."
            )


def _reads_outside(function: exp.Func) -> bool:
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    return re.match(r"(read_|parquet_|glob|sniff_|postgres_|sqlite_|query|scan_)", name.lower()) is not None


def _traced(text: str, tree: exp.Expr) -> str:
    """Add `_file` and `_line` to each select between `landing` and the result, if every one keeps rows as rows."""
    selects = _segments(text)
    bodies: dict[str, exp.Expr] = {
        cte.alias.lower(): cte.this for cte in tree.find_all(exp.CTE) if cte.find_ancestor(exp.Query) is tree
    }
    insertions: list[tuple[int, str]] = []
    carriers = {"landing"}
    for name, body in [*bodies.items(), ("", tree)]:
        source = _row_source(body, carriers)
        if source is None:
            continue
        carriers.add(name)
        if not _has_star(body):
            if name not in selects:
                return text
            insertions.append((selects[name], f", {source}._file, {source}._line "))
    if "" not in carriers:
        return text
    for at, added in sorted(insertions, reverse=True):
        text = text[:at] + added + text[at:]
    return text


def _row_source(body: exp.Expr, carriers: set[str]) -> str | None:
    """Name the relation whose rows a select keeps as rows; none if it groups, unites, or draws on something else."""
    if (
        not isinstance(body, exp.Select)
        or body.args.get("distinct")
        or body.args.get("group")
        or body.args.get("having")
    ):
        return None
    origin = body.args.get("from_") or body.args.get("from")
    table = origin.this if origin is not None else None
    if not isinstance(table, exp.Table) or table.name.lower() not in carriers:
        return None
    if any(aggregate.find_ancestor(exp.Window, exp.Select) is body for aggregate in body.find_all(exp.AggFunc)):
        return None
    named = {expression.alias_or_name.lower() for expression in body.expressions}
    return None if {"_file", "_line"} & named else table.alias_or_name


def _has_star(body: exp.Expr) -> bool:
    return isinstance(body, exp.Select) and any(e.is_star for e in body.expressions)


def _segments(text: str) -> dict[str, int]:
    """Find where the `from` of each CTE's select, and of the last select (named ''), begins in the text."""
    places: dict[str, int] = {}
    depth, name, previous = 0, "", []
    name_depth = 0
    tokens: list[Token] = Tokenizer().tokenize(text)
    previous = tokens[:1] * 3
    for token in tokens:
        if token.token_type == TokenType.L_PAREN:
            if depth == 0 and previous[-1].token_type == TokenType.ALIAS:
                name, name_depth = previous[-2].text.lower(), 1
            depth += 1
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                name, name_depth = "", 0
        elif token.token_type == TokenType.FROM and depth == name_depth:
            places.setdefault(name, token.start)
        previous = [*previous[-2:], token]
    return places


def missing_column(refused: Exception) -> str | None:
    """Name the column that the engine did not find, if that is its complaint."""
    found = re.search(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"', str(refused))
    return (found[1] or found[2]) if found else None


def describe(connection: duckdb.DuckDBPyConnection, mapping: SqlMapping) -> tuple[str, dict[str, str]]:
    """Give the text to run and the columns that it makes, with the engine's types.

    Raises:
        duckdb.Error: the engine refuses it.
    """
    for text in (mapping.traced, mapping.text):
        try:
            rows = connection.execute(f"describe {text}").fetchall()
        except duckdb.Error as refused:
            if text == mapping.text:
                raise
            if missing_column(refused) is not None:
                raise
            continue
        return text, {name: kind for name, kind, *_ in rows}
    raise StellaError(f"{mapping.path}: it cannot be run.")
