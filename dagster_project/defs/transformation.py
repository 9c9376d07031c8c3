"""The dbt project as assets: one definition; Dagster cuts it into the passes that the Python steps between need."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from dagster_project.database import count
from dagster_project.defs.freshness import policy_of_mart
from dagster_project.operations import dbt
from dagster_project.operations.findings import told
from dagster_project.operations.kept import kept
from dagster_project.operations.lists import remember_lists
from dagster_project.operations.outcome import KEPT, TESTS_CHECK
from dagster_project.operations.progress import Step, progress
from dagster_project.operations.session import Session
from dagster_project.settings import get_settings

MANIFEST = dbt.manifest_json(get_settings())


class RoomTranslator(DagsterDbtTranslator):
    """Asset key = [schema, table], group = room: so the lineage joins with the Python steps by itself."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Name the asset as the table is named."""
        table = dbt_resource_props.get("alias") or dbt_resource_props.get("identifier") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], table])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Say how fresh a mart must be; load lists after the feeds, so that they need no pass of their own."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("model.") and spec.key.path[0] == "marts":
            return spec.replace_attributes(freshness_policy=policy_of_mart(manifest, unique_id))
        return spec.merge_attributes(deps=[["raw", "order_lines"]]) if unique_id.startswith("seed.") else spec

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """Give each table one check for all its tests: Dagster writes three events a check, some 50 ms in all."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(name=TESTS_CHECK, description="Every dbt test of the table holds.", metadata={})

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Name the room."""
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Give the description alone; the SQL is in the repository."""
        return str(dbt_resource_props.get("description") or "")


TRANSLATOR = RoomTranslator()
MODELS = {
    (node["schema"], dbt.table_of(node)): node
    for node in MANIFEST["nodes"].values()
    if node["resource_type"] in {"model", "seed"} and node["config"]["materialized"] != "ephemeral"
}


@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, name="dbt", required_resource_keys={"session"})
def transformation(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Build the selected models, and answer the tests that can be answered now and could not before."""
    session: Session = context.resources.session
    selected = {tuple(key.path) for key in context.selected_asset_keys}
    models = {MODELS[key]["unique_id"] for key in selected}
    too_early = _too_early(models, _planned(context) - session.built - models)
    with session.connection() as connection:
        known_to = session.known_to if session.is_sound and session.is_daily else None
        as_they_are = kept(connection, MANIFEST, known_to, models) if known_to else set()
        asked = {MANIFEST["nodes"][unique_id]["name"] for unique_id in models - as_they_are}
        results = _build(session, connection, asked, too_early) if asked else []
        session.built.update(models)
        session.kept.update((n["schema"], dbt.table_of(n)) for n in map(MANIFEST["nodes"].get, as_they_are) if n)
        if any(schema == "reference" for schema, *_ in selected):
            remember_lists(connection)
        answers = _answers(results, selected)
        yield from _kept_events(as_they_are, context.selected_asset_check_keys, set(answers))
        yield from _events(connection, results, selected)
        yield from (_check(table, answered) for table, answered in answers.items())
        progress.expect(-len(as_they_are))
    failed = [r for r in results if r.resource_type in {"model", "seed"} and r.status == "error"]
    if failed:
        raise dg.Failure("\n".join(f"{r.name}: {r.message}" for r in failed), allow_retries=False)


def _build(
    session: Session, connection: duckdb.DuckDBPyConnection, asked: set[str], too_early: set[str]
) -> list[dbt.NodeResult]:
    select, exclude = (
        dbt.tagged(session.settings, tag, nodes) for tag, nodes in (("asked", asked), ("left_out", too_early))
    )
    results = dbt.build(session.settings, select, session.dbt_variables(connection), _shower(connection), exclude)
    return [replace(result, message=told(connection, session.settings, result)) for result in results]


@cache
def _depth(unique_id: str) -> int:
    """Count the models on the longest way from a feed or a seed to a table."""
    parents = MANIFEST["nodes"].get(unique_id, {}).get("depends_on", {}).get("nodes", [])
    return 1 + max(map(_depth, parents), default=0)


def _planned(context: dg.AssetExecutionContext) -> set[str]:
    """Name what this run is to build in all its passes."""
    chosen = context.run.asset_selection
    return {n["unique_id"] for key, n in MODELS.items() if not chosen or dg.AssetKey(list(key)) in chosen}


def _too_early(models: set[str], waiting: set[str]) -> set[str]:
    """Name the tests that look at one of these models and at one that is still to be built.

    dbt's own ways of leaving out tests know one invocation; a test may look at models of two passes.
    """
    tests = [node for node in MANIFEST["nodes"].values() if node["resource_type"] == "test"]
    parents = {node["name"]: set(node["depends_on"]["nodes"]) for node in tests}
    return {name for name, nodes in parents.items() if nodes & models and nodes & waiting}


def _shower(connection: duckdb.DuckDBPyConnection) -> Callable[[dbt.NodeResult], None]:
    def show(result: dbt.NodeResult) -> None:
        if result.resource_type in {"model", "seed"}:
            node = MANIFEST["nodes"][result.unique_id]
            # A cursor of its own, because dbt reports from its worker threads.
            rows = _row_count(connection.cursor(), node) if result.ok else None
            note = "" if result.ok else result.status
            name = f"{node['schema']}.{dbt.table_of(node)}"
            progress.finished(Step(name, rows, result.seconds, note, failed=not result.ok))
        elif not result.ok:
            said = told(connection, get_settings(), result)
            progress.finished(Step(f"test {result.name}", result.failures, result.seconds, said, failed=True))

    return show


def _row_count(connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> int | None:
    if node["config"]["materialized"] == "view":
        return None
    return count(connection, f'{node["schema"]}."{dbt.table_of(node)}"')


def _events(
    connection: duckdb.DuckDBPyConnection, results: list[dbt.NodeResult], selected: set[tuple[str, ...]]
) -> Iterator[Any]:
    for result in results:
        node = MANIFEST["nodes"].get(result.unique_id)
        if node is None:
            continue
        key = (node["schema"], dbt.table_of(node))
        if node["resource_type"] != "test" and key in selected and result.ok:
            rows = _row_count(connection, node)
            metadata = {"seconds": result.seconds, **({} if rows is None else {"dagster/row_count": rows})}
            yield dg.MaterializeResult(asset_key=dg.AssetKey(list(key)), metadata=metadata)


def _kept_events(
    models: set[str], checks: Collection[dg.AssetCheckKey], answered: Collection[tuple[str, ...]]
) -> Iterator[Any]:
    """Tell of tables left as they are, whose tests hold as they did: those first that others draw on."""
    for unique_id in sorted(models, key=_depth):
        node = MANIFEST["nodes"][unique_id]
        key = (node["schema"], dbt.table_of(node))
        asset = dg.AssetKey(list(key))
        yield dg.MaterializeResult(asset_key=asset, metadata={KEPT: True})
        if dg.AssetCheckKey(asset, TESTS_CHECK) in checks and key not in answered:
            yield dg.AssetCheckResult(asset_key=asset, check_name=TESTS_CHECK, passed=True, metadata={KEPT: True})


def _answers(
    results: list[dbt.NodeResult], selected: set[tuple[str, ...]]
) -> Mapping[tuple[str, ...], list[dbt.NodeResult]]:
    """Gather the answers of tests by the table that they are about."""
    answers: defaultdict[tuple[str, ...], list[dbt.NodeResult]] = defaultdict(list)
    for result in results:
        node = MANIFEST["nodes"].get(result.unique_id)
        if node is not None and node["resource_type"] == "test" and result.status != "skipped":
            answers[_subject(node, selected)].append(result)
    return answers


def _subject(test: Mapping[str, Any], selected: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Find the table of this pass that a test is about: the one it is attached to, else one that it looks at."""
    parents = [test.get("attached_node"), *test["depends_on"]["nodes"]]
    nodes = [MANIFEST["nodes"][parent] for parent in parents if parent in MANIFEST["nodes"]]
    return next(key for node in nodes if (key := (node["schema"], dbt.table_of(node))) in selected)


def _check(key: tuple[str, ...], answers: list[dbt.NodeResult]) -> dg.AssetCheckResult:
    failed = [a for a in answers if a.status != "pass"]
    is_error = any(a.status != "warn" for a in failed)
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(list(key)),
        check_name=TESTS_CHECK,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN if failed and not is_error else dg.AssetCheckSeverity.ERROR,
        metadata={
            "tests": len(answers),
            "failed": "\n".join(f"{a.name}: {a.failures} rows. {a.message}" for a in failed) or "none",
        },
    )
