"""The door to dbt: parse once, build what is asked, in this process.

In this process, because DuckDB lets one process write and because starting dbt costs about three seconds each time.
What dbt builds is not decided here but in `dbt/`.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster_project.settings import REPOSITORY, Settings, StellaError

PROJECT = REPOSITORY / "dbt"


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    message: str
    failures: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it was built, or held."""
        return self.status in {"success", "pass", "warn", "no-op"}


def target_folder(settings: Settings) -> Path:
    """Where dbt keeps its manifest and compiled SQL."""
    return settings.home.expanduser().resolve() / "dbt"


def prepare_environment(settings: Settings) -> None:
    """Tell dbt, by environment, where the warehouse is; `dbt/profiles.yml` reads it."""
    os.environ["STELLA_DATABASE"] = str(settings.database)
    os.environ["STELLA_THREADS"] = str(settings.threads)
    os.environ["DBT_TARGET_PATH"] = str(target_folder(settings))
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"


def _base_arguments() -> list[str]:
    folder = str(PROJECT)
    return ["--project-dir", folder, "--profiles-dir", folder, "--log-level", "none", "--log-level-file", "none"]


@lru_cache(maxsize=1)
def _parsed(target: Path) -> Any:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - two seconds that verbs without dbt need not pay

    target.mkdir(parents=True, exist_ok=True)
    # In a thread, whose stack is short: dbt looks up the source of every frame of it, and an import's are many.
    with _locked(target), ThreadPoolExecutor(1) as thread:
        outcome = thread.submit(dbtRunner().invoke, ["parse", *_base_arguments(), "--no-write-json"]).result()
    if not outcome.success:
        raise StellaError(f"dbt cannot read its project in dbt/: {outcome.exception}")
    return outcome.result


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Let one process after the other parse: Dagster's UI loads the project in several at once, and they share it."""
    with (target / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def parse(settings: Settings) -> Any:
    """Parse the project (partially, where a former parse is at hand) and return dbt's manifest.

    Raises:
        StellaError: the project does not parse; the text is dbt's own, with file and line.
    """
    prepare_environment(settings)
    return _parsed(target_folder(settings))


def manifest_json(settings: Settings) -> Mapping[str, Any]:
    """Give the manifest in the form of dbt's `manifest.json`, written where a parse found something changed."""
    manifest, target = parse(settings), target_folder(settings)
    written, parsed = target / "manifest.json", target / "partial_parse.msgpack"
    with _locked(target):
        if not written.is_file() or written.stat().st_mtime_ns < parsed.stat().st_mtime_ns:
            text = json.dumps(manifest.writable_manifest().to_dict(omit_none=False), default=str)
            fresh = written.with_suffix(".new")
            fresh.write_text(text)
            fresh.replace(written)
        content: Mapping[str, Any] = json.loads(written.read_text())
    return content


def table_of(node: Mapping[str, Any]) -> str:
    """Name the table of a model or seed of the manifest, without its schema."""
    return str(node.get("alias") or node["name"])


def tagged(settings: Settings, tag: str, names: Collection[str]) -> list[str]:
    """Put a tag on the nodes of these exact names, and on no others; return the selection of that tag.

    To name each node in a selection takes dbt half a second a build: it compares each name with every node.
    """
    for node in parse(settings).nodes.values():
        node.tags = [other for other in node.tags if other != tag] + [tag] * (node.name in names)
    return [f"tag:{tag}"] if names else []


def build(
    settings: Settings,
    select: Sequence[str],
    variables: Mapping[str, Any],
    on_node: Callable[[NodeResult], None] | None = None,
    exclude: Sequence[str] = (),
) -> list[NodeResult]:
    """Build the selected seeds and models, and answer every test that looks at one of them, but for those excluded.

    Tables are built whole unless `variables` name with `loaded_after` the moment up to which they know `raw`.

    Raises:
        StellaError: dbt could not start (not: a model failed; that is in the results).
    """
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - see _parsed

    manifest = parse(settings)
    _forget_compiled(manifest)
    clock = time.perf_counter()
    arguments = [
        "build", *_base_arguments(), "--no-write-json", "--indirect-selection", "eager",
        "--exclude-resource-type", "unit_test", "--vars", json.dumps(dict(variables)), "--select", *select,
    ]  # fmt: skip
    if not variables.get("loaded_after"):
        arguments += ["--full-refresh"]
    if exclude:
        arguments += ["--exclude", *exclude]
    outcome = dbtRunner(manifest=manifest, callbacks=[_listener(on_node)] if on_node else []).invoke(arguments)
    if outcome.result is None:
        raise StellaError(f"dbt stopped after {time.perf_counter() - clock:.0f} s: {outcome.exception}")
    return [_result(r) for r in outcome.result.results]


def release() -> None:
    """Close the warehouse, which dbt keeps open in this process, so that others may open it."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - see _parsed

    DuckDBConnectionManager.close_all_connections()


def _forget_compiled(manifest: Any) -> None:
    """Let every node be compiled anew: what a former run in this process put into a node's SQL is not put in twice."""
    for node in manifest.nodes.values():
        if getattr(node, "extra_ctes_injected", False):
            node.compiled, node.compiled_code, node.extra_ctes, node.extra_ctes_injected = False, None, [], False


def _result(run_result: Any) -> NodeResult:
    node = run_result.node
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(run_result.status),
        message=(run_result.message or "").strip(),
        failures=int(run_result.failures or 0),
        seconds=float(run_result.execution_time or 0.0),
    )


def _listener(on_node: Callable[[NodeResult], None]) -> Callable[[Any], None]:
    def listen(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        info = event.data.node_info
        on_node(
            NodeResult(
                unique_id=info.unique_id,
                name=info.node_name,
                resource_type=info.resource_type,
                status=event.data.run_result.status or info.node_status,
                message=event.data.run_result.message,
                failures=int(event.data.run_result.num_failures),
                seconds=float(event.data.run_result.execution_time),
            )
        )

    return listen
