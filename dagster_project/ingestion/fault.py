"""Why a file cannot be taken in.

Belongs here: the one exception that sets a file aside, and how an engine's message is made fit to be shown.
"""

from __future__ import annotations

import re


class FileFault(Exception):  # noqa: N818 - it is the name for what befalls the file
    """A file that cannot be read at all; its text is the reason, in plain words and without personal data."""


class PassingFault(FileFault):
    """A fault of the moment and not of the content: the file counts as new at the next run, though it be the same."""


def fit_to_show(fault: Exception) -> str:
    """Shorten an engine's message to its first line, with every quoted value left out: it may be somebody's name.

    What the engine says of the statement itself, before it reads any row, names columns and functions only: it is kept.
    """
    first = str(fault).strip().partition("\n")[0]
    if first.startswith(("Binder Error", "Catalog Error", "Parser Error")):
        return first[:300]
    first = re.sub(r"'[^']*'", "'…'", first)
    first = re.sub(
        r'"[^"]*"', lambda found: found[0] if re.fullmatch(r'"[a-z_][a-z0-9_]*"', found[0]) else '"…"', first
    )
    return first[:300]
