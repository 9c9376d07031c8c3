"""Which columns may be published, read from the models' own description.

A column is withheld when its `.yml` says `config: {meta: {privacy: personal}}` (or sensitive); a model that says so
itself is withheld whole. The tables that Python writes (scores, decisions) carry keys only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WITHHELD = {"personal", "sensitive"}


@dataclass(frozen=True)
class Description:
    """What the models' files say of one table."""

    text: str = ""
    is_withheld: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    withheld_columns: frozenset[str] = frozenset()


def describe(manifest: Mapping[str, Any]) -> dict[tuple[str, str], Description]:
    """Map (schema, table) to its description, from dbt's manifest."""
    described = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] not in {"model", "seed"}:
            continue
        columns = node.get("columns", {})
        described[(node["schema"], node.get("alias") or node["name"])] = Description(
            text=node.get("description", ""),
            is_withheld=_privacy(node) in WITHHELD,
            columns={name: c.get("description", "") for name, c in columns.items()},
            withheld_columns=frozenset(n for n, c in columns.items() if _privacy(c) in WITHHELD),
        )
    return described


def _privacy(entry: Mapping[str, Any]) -> str:
    meta = {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})}
    return str(meta.get("privacy", "none"))
