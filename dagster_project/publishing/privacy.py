"""What becomes of each column when it is published, read from the models' own description.

A model's `.yml` says it as `config: {meta: {privacy: ...}}`: a column that is `personal` or `sensitive` is withheld,
one that is a `pseudonym` is published as the keyed hash of itself, free text that is `masked` without what is personal
in it; a model that is personal is withheld whole. A column that refers to a person by a source's own reference needs
no word: a reference that is itself an e-mail address, a number or a name becomes a pseudonym wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WITHHELD = {"personal", "sensitive"}
REFERENCES = frozenset({"customer_ref", "referred_customer_ref", "lead_ref", "device_ref", "visitor_ref"})
"""Columns, in any published table, that hold a source's own reference to a person."""


@dataclass(frozen=True)
class Description:
    """What the models' files say of one table."""

    text: str = ""
    is_withheld: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    withheld_columns: frozenset[str] = frozenset()
    pseudonym_columns: frozenset[str] = frozenset()
    masked_columns: frozenset[str] = frozenset()
    key: str | None = None
    """The column that names a row, where a daily run remembers by it which rows it wrote."""


def describe(manifest: Mapping[str, Any]) -> dict[tuple[str, str], Description]:
    """Map (schema, table) to its description, from dbt's manifest."""
    described = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] not in {"model", "seed"}:
            continue
        columns = node.get("columns", {})
        classes = {name: privacy_class(column) for name, column in columns.items()}
        described[(node["schema"], node.get("alias") or node["name"])] = Description(
            text=node.get("description", ""),
            is_withheld=privacy_class(node) in WITHHELD,
            columns={name: c.get("description", "") for name, c in columns.items()},
            withheld_columns=frozenset(n for n, c in classes.items() if c in WITHHELD),
            pseudonym_columns=frozenset(n for n, c in classes.items() if c == "pseudonym"),
            masked_columns=frozenset(n for n, c in classes.items() if c == "masked"),
            key=_key(node.get("config", {})),
        )
    return described


def _key(config: Mapping[str, Any]) -> str | None:
    keys = config.get("unique_key") or []
    keys = [keys] if isinstance(keys, str) else keys
    return keys[0] if config.get("materialized") == "incremental" and len(keys) == 1 else None


def privacy_class(entry: Mapping[str, Any]) -> str:
    """Read the class of a model or a column of the manifest; `none` where it says nothing."""
    meta = {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})}
    return str(meta.get("privacy", "none"))
