"""The command: its verbs, and faults as one message with an exit code of their own."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from dagster_project.operations import cli
from dagster_project.settings import REPOSITORY

VERBS = {"run", "replay", "sql", "status", "publish", "demo", "respond", "check", "dev", "bench"}


def test_help_lists_the_verbs() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"]).output
    assert {verb for verb in VERBS if re.search(rf"\b{verb}\b", shown)} == VERBS


def test_make_help_lists_every_public_verb_of_the_makefile() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert {"run", "test", "dev", "status", "sql", "publish", "bench", "check", "help"} <= described


def test_a_users_fault_is_one_message_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["stella", "status", "--company", "nobody"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("stella: COMPANY=nobody")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--day", "--check"], "measure something else each, once"),
        (["--identity", "--repeats", "3"], "measure something else each, once"),
        (["--identity", "--day"], "measure something else each, once"),
        (["--world", "scale", "--check"], "--world cannot be given"),
        (["--world", "scale", "--identity"], "--world cannot be given"),
        (["--world", "nowhere"], "nowhere.yml is not there"),
    ],
)
def test_bench_ignores_no_option(
    options: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["stella", "bench", *options])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_check_reads_contracts_and_company(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["stella", "check", "--company", "demo"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    assert "26 contracts" in capsys.readouterr().out
