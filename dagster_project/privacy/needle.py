"""The texts that are searched for in bytes, as words and in any case.

Belongs here: the patterns. Files are the affair of `trace_files.py`, tables that of `traces.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

_BOUND = rb"(?<![0-9A-Za-z])(?:%s)(?![0-9A-Za-z])"


class Needle:
    """Texts to look for in bytes, written in UTF-8 or Latin-1.

    The engine behind Arrow looks at a gigabyte in a second or two but knows no bounds of words; only where it finds
    something does the slow pattern look again.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Prepare the search for any of `texts`."""
        self.texts = sorted({text for text in texts if text}, key=lambda text: (-len(text), text))
        forms = {form for text in self.texts for form in (text.encode(), text.encode("latin-1", "ignore")) if form}
        longest_first = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
        self._bounded = re.compile(_BOUND % b"|".join(longest_first), re.IGNORECASE)
        self._fast = "|".join(map(_fast, self.texts))

    def may_be_in(self, data: bytes) -> bool:
        """Whether one of them is in the bytes, be it within a longer word."""
        if not self.texts:
            return False
        found = pc.match_substring_regex(pa.array([data], pa.large_binary()), pattern=self._fast, ignore_case=True)
        return bool(found[0].as_py())

    def is_in(self, data: bytes) -> bool:
        """Whether one of them is in the bytes, as a word."""
        return self.may_be_in(data) and self._bounded.search(data) is not None

    def within(self, data: bytes) -> list[str]:
        """Name those that are in the bytes, be it within a longer word."""
        return [text for text in self.texts if Needle([text]).may_be_in(data)] if self.may_be_in(data) else []

    def blanked(self, data: bytes, blank: bytes) -> bytes:
        """Put `blank` in the place of each."""
        return self._bounded.sub(blank, data) if self.texts else data


def _fast(text: str) -> str:
    # A letter beyond ASCII is one byte or two (\C is any byte).
    return "".join(re.escape(letter) if letter.isascii() else r"\C{1,2}" for letter in text)
