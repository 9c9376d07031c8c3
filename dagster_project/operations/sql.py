"""The verb `sql`: one question to the published file, its answer as a table, CSV or JSON Lines."""

from __future__ import annotations

from typing import TextIO

import duckdb

from dagster_project.publishing.reader import open_published
from dagster_project.settings import Settings, StellaError

FORMATS = ("table", "csv", "json")


def answer(settings: Settings, query: str, output: str, stream: TextIO) -> None:
    """Write the answer to a query.

    Args:
        settings: name the company whose published file is asked.
        query: one SQL statement.
        output: `table` (for people), `csv` or `json` (one object a line).
        stream: where to write.

    Raises:
        StellaError: unknown format, nothing published, or a query that DuckDB refuses, with DuckDB's reason.
    """
    if output not in FORMATS:
        raise StellaError(f"--format {output}: choose one of {', '.join(FORMATS)}.")
    with open_published(settings) as reader:
        try:
            relation = reader.sql(query)
            if relation is None:
                raise StellaError("Nothing to show: the published file answers questions, it takes no statements.")
            if output == "table":
                stream.write(str(relation))
                return
            frame = relation.df()
        except duckdb.Error as fault:
            raise StellaError(f"The query was refused: {fault}") from None
    if output == "csv":
        frame.to_csv(stream, index=False)
    else:
        frame.to_json(stream, orient="records", lines=True, date_format="iso")
