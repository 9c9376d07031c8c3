"""dbt's manifest as the house reads it: written where a parse found something changed, read where not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dagster_project.operations import dbt
from dagster_project.settings import Settings


class _Manifest:
    """Stands for what dbt parsed."""

    def __init__(self, said: str) -> None:
        self.said, self.asked = said, 0

    def writable_manifest(self) -> _Manifest:
        self.asked += 1
        return self

    def to_dict(self, *, omit_none: bool) -> dict[str, Any]:
        return {"nodes": {"model": {"name": self.said}}, "omits": omit_none}


def test_it_is_written_anew_only_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    target = dbt.target_folder(settings)
    target.mkdir(parents=True)
    parsed = target / "partial_parse.msgpack"
    parsed.write_bytes(b"first")
    first, second = _Manifest("first"), _Manifest("second")
    monkeypatch.setattr(dbt, "parse", lambda _: first)
    assert dbt.manifest_json(settings)["nodes"] == {"model": {"name": "first"}}
    assert dbt.manifest_json(settings)["nodes"] == {"model": {"name": "first"}}
    assert first.asked == 1
    monkeypatch.setattr(dbt, "parse", lambda _: second)
    later = (target / "manifest.json").stat().st_mtime_ns + 1
    os.utime(parsed, ns=(later, later))
    assert dbt.manifest_json(settings)["nodes"] == {"model": {"name": "second"}}
    assert second.asked == 1
