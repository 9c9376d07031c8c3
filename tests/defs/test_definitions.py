"""The wiring: the interface of asset keys is pinned, layers read only what they may, one run at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import pytest
import yaml

from dagster_project.definitions import defs
from dagster_project.defs.run import INSTANCE_CONFIG
from dagster_project.defs.transformation import MANIFEST

MAY_READ = {
    "staging": {"raw", "quarantine", "reference", "staging"},
    "intermediate": {"staging", "intermediate", "reference"},
    "warehouse": {"staging", "intermediate", "reference", "warehouse"},
    "marts": {"warehouse", "scores", "reference", "marts"},
}


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    return defs.resolve_asset_graph()


def test_asset_keys_change_only_on_purpose(graph: dg.AssetGraph, snapshot: Callable[[str, list[str]], None]) -> None:
    snapshot("asset_keys.txt", sorted(key.to_user_string() for key in graph.get_all_asset_keys()))


def test_jobs_change_only_on_purpose() -> None:
    assert {job.name for job in defs.resolve_all_job_defs()} - {"__ASSET_JOB"} == {"stella", "rebuild", "tidy"}


def test_every_asset_is_in_the_group_of_its_room(graph: dg.AssetGraph) -> None:
    assert {key.to_user_string(): graph.get(key).group_name for key in graph.get_all_asset_keys()} == {
        key.to_user_string(): key.path[0] for key in graph.get_all_asset_keys()
    }


def test_every_asset_is_made_by_somebody(graph: dg.AssetGraph) -> None:
    assert [key for key in graph.get_all_asset_keys() if not graph.get(key).is_executable] == []


def test_one_run_at_a_time_in_one_process() -> None:
    instance = yaml.safe_load(INSTANCE_CONFIG.read_text())
    assert instance["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert instance["telemetry"]["enabled"] is False
    assert defs.resolve_job_def("stella").executor_def.name == "in_process"


def _layer(node: Mapping[str, Any]) -> str:
    """A model's folder, as the steps of a fact that nobody reads are not kept in its schema; else the schema."""
    return str(node["fqn"][1] if node["resource_type"] == "model" else node["schema"])


@pytest.mark.parametrize("layer", sorted(MAY_READ))
def test_a_layer_reads_only_the_layers_it_may(layer: str) -> None:
    nodes = {**MANIFEST["nodes"], **MANIFEST["sources"]}
    for node in MANIFEST["nodes"].values():
        if node["resource_type"] == "model" and _layer(node) == layer:
            read = {_layer(nodes[parent]) for parent in node["depends_on"]["nodes"]}
            assert read <= MAY_READ[layer], f"{node['name']} reads {read - MAY_READ[layer]}"


def test_every_model_and_column_is_described() -> None:
    models = [n for n in MANIFEST["nodes"].values() if n["resource_type"] == "model"]
    assert len(models) > 60
    assert [m["name"] for m in models if not m["description"].strip()] == []
    assert [f"{m['name']}.{c}" for m in models for c, d in m["columns"].items() if not d["description"].strip()] == []


def test_warehouse_and_marts_enforce_their_contracts() -> None:
    models = [n for n in MANIFEST["nodes"].values() if n["resource_type"] == "model"]
    tables = [m for m in models if m["config"]["materialized"] != "ephemeral" and m["schema"] in {"warehouse", "marts"}]
    open_ones = [m["name"] for m in tables if not m["contract"]["enforced"]]
    assert open_ones == []
