"""Text of unknown origin, made fit for a terminal.

Belongs here: nothing but that. Names come from feeds, and paths and reasons quote them.
"""

from __future__ import annotations

from rich.markup import escape

REPLACEMENT = "\ufffd"


def plain(text: object) -> str:
    """Give a text that a console prints as it stands: no markup, and no control character to move its cursor."""
    return escape("".join(c if c.isprintable() or c == "\n" else REPLACEMENT for c in str(text)))
