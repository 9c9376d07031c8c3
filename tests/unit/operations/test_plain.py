"""What feeds and paths say cannot colour, move or break what a terminal shows."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from dagster_project.operations import cli
from dagster_project.operations.plain import plain
from dagster_project.settings import StellaError


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("[red]x[/red]", "[red]x[/red]"),
        ("[/nothing]", "[/nothing]"),
        ("\x1b[2Jgone\r\x07", "�[2Jgone��"),
        ("\u202eright to left", "�right to left"),
        ("due\nrighe è 😀", "due\nrighe è 😀"),
    ],
)
def test_a_text_is_printed_as_it_stands(text: str, printed: str) -> None:
    console = Console(file=StringIO(), width=200, force_terminal=True, color_system=None)
    console.print(plain(text), highlight=False, end="")
    assert console.file.getvalue() == printed  # type: ignore[attr-defined]


def test_a_fault_with_markup_in_its_message_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise StellaError("company.yml: [/red] is no name")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "[/red] is no name" in capsys.readouterr().err
