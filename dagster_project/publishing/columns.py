"""One table's select for publication: columns withheld, masked, and replaced by their pseudonyms.

Belongs here: the SQL of one table. What is published as what is decided by the description; see `privacy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from dagster_project.privacy.masking import MASKED
from dagster_project.publishing.privacy import REFERENCES, Description


def column_types(
    connection: duckdb.DuckDBPyConnection, schemas: Iterable[str]
) -> dict[tuple[str, str], dict[str, str]]:
    """Map each table and view of some schemas, by (schema, table), to its columns and their types.

    In one question: `information_schema` takes as long to answer for one table as for all.
    """
    rows = connection.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns"
        " where table_catalog = current_database() and table_schema in (select unnest(cast(? as varchar[])))"
        " order by table_schema, table_name, ordinal_position",
        [list(schemas)],
    ).fetchall()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        found.setdefault((schema, table), {})[column] = kind
    return found


def publication_select(
    schema: str,
    table: str,
    types: Mapping[str, str],
    description: Description,
    has_key: bool,
    masked: Iterable[str] = (),
    rows: str = "",
) -> str:
    """Write the select that a published table is made of.

    A key is hashed once for each of its values, and not for each row: a fact repeats it many times. `has_key` says
    whether the macros of the pseudonyms are installed; without them the references stay as they are. `masked` are the
    columns with texts in `masked_text`; `rows` is the condition of those wanted, if not all are.
    """
    relation = f'{schema}."{table}"'
    if rows:
        relation = f"(select * from {relation} where {rows})"
    # A text within a list or an object is not masked, so it is not published.
    unmaskable = {column for column in description.masked_columns & set(types) if types[column] != "VARCHAR"}
    withheld = sorted((description.withheld_columns & set(types)) | unmaskable)
    exclude = f" exclude ({', '.join(map(_quoted, withheld))})" if withheld else ""
    hashed = sorted((description.pseudonym_columns & set(types)) - set(withheld)) if has_key else []
    references = sorted((REFERENCES & set(types)) - set(withheld) - set(hashed)) if has_key else []
    texts = sorted(set(masked) - set(withheld) - set(hashed) - set(references))
    joins, replaced = [], []
    for number, column in enumerate(hashed):
        macro = "pseudonym_text" if types[column] == "VARCHAR" else "pseudonym_key"
        joins.append(
            f" left join (select value, {macro}(value) as pseudonym from (select distinct {_quoted(column)} as value"
            f" from {relation}) as known) as hashed_{number} on source.{_quoted(column)} = hashed_{number}.value"
        )
        replaced.append(f"hashed_{number}.pseudonym as {_quoted(column)}")
    for number, column in enumerate(texts):
        name = f"source.{_quoted(column)}"
        joins.append(f" left join {MASKED} as masked_{number} on {name} = masked_{number}.value")
        replaced.append(f"coalesce(masked_{number}.masked, {name}) as {_quoted(column)}")
    for column in references:
        name = f"source.{_quoted(column)}"
        replaced.append(
            f"case when is_identifying({name}) then pseudonym_text({name}) else {name} end as {_quoted(column)}"
        )
    replace = f" replace ({', '.join(replaced)})" if replaced else ""
    return f"select source.*{exclude}{replace} from {relation} as source{''.join(joins)}"


def is_restricted(description: Description, types: dict[str, str]) -> bool:
    """Whether the restricted file carries a table: something of it is withheld or masked, or it refers to persons."""
    concerned = description.withheld_columns | description.masked_columns | REFERENCES
    return description.is_withheld or bool(concerned & set(types))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
