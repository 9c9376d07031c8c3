"""The rules of the house that a linter does not know: who may import what, and what no file may say."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from dagster_project.settings import REPOSITORY

PACKAGE = REPOSITORY / "dagster_project"
WIRING = {PACKAGE / "definitions.py", *(PACKAGE / "defs").glob("*.py")}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout
    return [REPOSITORY / name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]


@pytest.mark.parametrize("path", sorted(set(PACKAGE.rglob("*.py")) - WIRING), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_work_does_not_import_dagster(path: Path) -> None:
    assert not {name for name in _imports(path) if name.split(".")[0] in {"dagster", "dagster_dbt", "dagster_duckdb"}}


def test_rooms_do_not_import_later_rooms() -> None:
    order = [
        "privacy",
        "ingestion",
        "identity",
        "scoring",
        "segmentation",
        "decisions",
        "publishing",
        "operations",
        "defs",
    ]
    for position, room in enumerate(order[:-2]):
        later = {f"dagster_project.{name}" for name in order[position + 1 :]}
        for path in (PACKAGE / room).rglob("*.py"):
            backwards = {
                name for name in _imports(path) for other in later if name == other or name.startswith(other + ".")
            }
            assert not backwards, f"{path} imports {backwards}"


def test_no_step_of_the_pipeline_reads_the_truth() -> None:
    """Only what simulates or grades a world may name the truth folder, and only the command may call upon a grader."""
    operations, benchmark = PACKAGE / "operations", PACKAGE / "benchmark"
    graders = {benchmark / name for name in ("compare.py", "day.py", "grade.py", "grade_identity.py", "resolution.py")}
    allowed = {operations / "demo.py", operations / "cli.py", *graders}
    callers = [p for p in PACKAGE.rglob("*.py") if "dagster_project.benchmark" in p.read_text()]
    assert [p for p in callers if p.parent != benchmark] == [operations / "cli.py"]
    readers = [p for p in PACKAGE.rglob("*.py") if p not in allowed and re.search(r"[\"'/]truth\b", p.read_text())]
    readers += [p for p in (REPOSITORY / "dbt").rglob("*.sql") if re.search(r"\btruth\b", p.read_text())]
    assert readers == []


def test_no_tracked_file_names_a_registry_or_a_machine_path() -> None:
    forbidden = re.compile(r"--(extra-)?index[-]url|files\.pythonhosted|pypi\.org/simple|/[r]oot/|/home/\w+/")
    this = Path(__file__).resolve()
    for path in _tracked("*.py", "*.lock", "*.toml", "*.yml", "*.md", "Makefile", ".ci/run", "*.sql", "*.cfg"):
        if path.resolve() != this:
            assert not forbidden.search(path.read_text(errors="replace")), path


def test_only_the_clock_reads_the_clock() -> None:
    """A run on a day long past must be told that day by everything that asks for it."""
    asks = re.compile(r"datetime\.now\(|\.today\(\)|utcnow\(|\bcurrent_(date|timestamp)\b|\bnow\(\)", re.IGNORECASE)
    texts = {
        p: p.read_text().replace("clock.now()", "")
        for p in [*PACKAGE.rglob("*.py"), *(REPOSITORY / "dbt").rglob("*.sql")]
    }
    readers = [p.name for p, text in texts.items() if p != PACKAGE / "clock.py" and asks.search(text)]
    assert readers == []


@pytest.mark.parametrize("lock", ["run.lock", "test.lock"])
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (REPOSITORY / "requirements" / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 50
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
