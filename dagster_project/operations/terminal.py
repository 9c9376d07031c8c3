"""What the verbs of the command share: where they print, and the option that names a company."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

Company = Annotated[
    str | None, typer.Option(help="Name below sources/companies, or a path. Default: $COMPANY, else demo.")
]


def open_console() -> Console:
    """Open the console. Without a terminal there is no width to fold at: logs and pipes get whole lines."""
    return Console() if sys.stdout.isatty() else Console(width=200)
