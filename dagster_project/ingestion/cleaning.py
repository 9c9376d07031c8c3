"""A clean copy of a text file that the engine would misread: another encoding, old line ends, damaged records.

Belongs here: rewriting bytes into UTF-8 with one kind of record. Finding out that it is needed is in `scanning.py`.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from charset_normalizer import from_bytes

from dagster_project.ingestion.fault import FileFault
from dagster_project.ingestion.scanning import Scan, pieces

# What is tried on bytes that are neither UTF-8 nor Western; charset-normalizer picks among them.
_CANDIDATES = [
    "iso8859_15", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "shift_jis", "euc_jp",
    "gb18030", "big5", "euc_kr",
]  # fmt: skip
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes are read. With `replaces`, bytes that fit nothing become U+FFFD and their rows are refused."""

    name: str
    replaces: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the engine can read the bytes as they are."""
        return self.name == "utf-8" and not self.replaces


def encoding_of(scan: Scan, named: str | None) -> Encoding:
    """Decide the encoding: as company.yml names it, by its mark, UTF-8 if it is, else the likeliest.

    Bytes that are UTF-8 but for a few are read as UTF-8, and the few are the fault of their rows alone.
    """
    if named:
        try:
            known = codecs.lookup(named).name
        except LookupError:
            raise FileFault(
                f"the encoding {named!r} of company.yml is unknown; utf-8, cp1252 and utf-16 are usual"
            ) from None
        return Encoding("utf-8" if known in ("utf-8", "ascii") and scan.is_utf8 else known, replaces=not scan.is_utf8)
    if scan.bom:
        return Encoding(scan.bom)
    if scan.is_utf8:
        return Encoding("utf-8")
    if _is_mostly_utf8(scan.odd_sample):
        return Encoding("utf-8", replaces=True)
    # What makes sense in the usual Western encoding would make as much in its neighbours: it goes first.
    western = from_bytes(scan.odd_sample, cp_isolation=["cp1252"], threshold=0.2).best()
    best = western or from_bytes(scan.odd_sample, cp_isolation=_CANDIDATES, threshold=0.5).best()
    return Encoding(best.encoding if best else "cp1252", replaces=True)


def _is_mostly_utf8(sample: bytes) -> bool:
    """Tell UTF-8 with a few broken bytes from another encoding, whose letters hardly ever make a whole character."""
    text = sample.decode("utf-8", errors="replace")
    broken = text.count(REPLACEMENT)
    whole = sum(1 for character in text if character > "\x7f") - broken
    return whole > 0 and 2 * whole >= broken


def rewrite(path: Path, compression: str, limit: int, encoding: Encoding, target: Path) -> None:
    """Write a file's text as UTF-8 with newlines as line ends and without a mark.

    Raises:
        FileFault: the bytes are not of that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding.name)("replace" if encoding.replaces else "strict")
    try:
        with target.open("wb") as out:
            held = ""
            for piece in pieces(path, compression, limit):
                text = held + decoder.decode(piece)
                # A return at the very end may be half of a pair.
                held = "\r" if text.endswith("\r") else ""
                out.write(_one_kind_of_line_end(text[: len(text) - len(held)]))
            out.write(_one_kind_of_line_end(held + decoder.decode(b"", True)))
    except UnicodeDecodeError:
        raise FileFault(f"it is not text in {encoding.name}, or it is truncated") from None


def _one_kind_of_line_end(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Records:
    """Where the records of a CSV file begin: their physical lines, counted from 1, the header's included.

    `unclosed` is the first line with a quote that opens a field and is never closed as one; `longest` the length of the
    longest record in bytes, newlines between quotes included.
    """

    lines: npt.NDArray[np.int64]
    unclosed: int | None
    longest: int


@dataclass
class _Reader:
    """Where the reader of records stands between two pieces: lines passed, and the line of the quote that is open."""

    line: int = 0
    open_on: int | None = None
    unclosed: int | None = None
    size: int = 0
    last_begin: int = 0
    longest: int = 0

    def take(self, text: bytes, quote: bytes, delimiter: bytes) -> npt.NDArray[np.int64]:
        """Read whole lines; give those on which records begin."""
        data = np.frombuffer(text, dtype=np.uint8)
        ends = np.flatnonzero(data == 10)
        quotes = self._quotes(data, ends, quote, delimiter)
        was_inside = self.open_on is not None
        is_open = (np.searchsorted(quotes, ends) + was_inside) % 2 == 1
        is_open_before = np.concatenate(([was_inside], is_open[:-1]))
        if bool(is_open[-1]):
            self.open_on = self._line_of(quotes[-1], ends) if len(quotes) else self.open_on
        else:
            self.open_on = None
        lengths = np.diff(ends, prepend=-1) - 1
        is_blank = (lengths == 0) | ((lengths == 1) & (data[np.maximum(ends - 1, 0)] == 13))
        first = np.flatnonzero(~is_open_before & ~is_blank)
        self._measure(ends - lengths, first, len(data))
        begins: npt.NDArray[np.int64] = (first + self.line + 1).astype(np.int64)
        self.line += len(ends)
        return begins

    def _measure(self, starts: npt.NDArray[np.int64], first: npt.NDArray[np.int64], size: int) -> None:
        """Follow the longest record over the seams of pieces."""
        places = np.concatenate(([self.last_begin], starts[first] + self.size))
        self.size += size
        self.last_begin = int(places[-1])
        self.longest = max(self.longest, int(np.diff(places, append=self.size).max()))

    def _quotes(
        self, data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], quote: bytes, delimiter: bytes
    ) -> npt.NDArray[np.int64]:
        """Find the quotes that stand at the edge of a field or beside another quote: others are letters of a field."""
        if not quote:
            return np.empty(0, dtype=np.int64)
        found = np.flatnonzero(data == quote[0])
        before = np.where(found == 0, 10, data[found - 1])
        after = data[np.minimum(found + 1, len(data) - 1)]
        edges = np.array([10, 13, delimiter[0]], dtype=np.uint8)
        beside = (before == quote[0]) | (after == quote[0])
        ends_field, begins_field = np.isin(after, edges), np.isin(before, edges)
        keep = beside | ends_field | begins_field
        found, closes = found[keep], (beside | ends_field)[keep]
        # Every second quote closes; one that cannot shows that the quote before it should not have opened.
        is_closing = (np.arange(len(found)) + (self.open_on is not None)) % 2 == 1
        wrong = np.flatnonzero(is_closing & ~closes)
        if len(wrong) and self.unclosed is None:
            opener = wrong[0] - 1
            self.unclosed = self._line_of(found[opener], ends) if opener >= 0 else self.open_on
        counted: npt.NDArray[np.int64] = found.astype(np.int64)
        return counted

    def _line_of(self, place: int, ends: npt.NDArray[np.int64]) -> int:
        return self.line + int(np.searchsorted(ends, place)) + 1


def find_records(parts: Iterator[bytes], quote: bytes = b'"', delimiter: bytes = b",") -> Records:
    """Find on which line each record begins; a newline between quotes does not end one, a blank line is none.

    A quote within a field, as in `5" pipe`, opens nothing.
    """
    reader = _Reader()
    starts = [reader.take(text, quote, delimiter) for text in _whole_lines(parts)]
    lines = np.concatenate(starts) if starts else np.empty(0, dtype=np.int64)
    return Records(lines, reader.unclosed if reader.unclosed is not None else reader.open_on, reader.longest)


def _whole_lines(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Cut pieces at line ends; the last line gets one if it has none."""
    held: list[bytes] = []
    for piece in parts:
        at = piece.rfind(b"\n") + 1
        if not at:
            held.append(piece)
            continue
        yield b"".join([*held, piece[:at]])
        held = [piece[at:]] if at < len(piece) else []
    if held:
        yield b"".join([*held, b"\n"])


def lines_at(path: Path, places: list[int]) -> set[int]:
    """Find the physical lines on which byte positions lie; both count from 1, the positions ascend."""
    lines: set[int] = set()
    left = list(places)
    end = 0
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            end += len(text)
            while left and left[0] <= end:
                lines.add(number)
                left.pop(0)
            if not left:
                break
    return lines


def drop_lines(source: Path, target: Path, lines: set[int]) -> dict[int, str]:
    """Copy a plain UTF-8 file with some physical lines emptied; give what they said."""
    dropped: dict[int, str] = {}
    with source.open("rb") as file, target.open("wb") as out:
        for number, text in enumerate(file, start=1):
            if number in lines:
                dropped[number] = text.rstrip(b"\r\n").decode("utf-8", "replace")
                out.write(b"\n")
            else:
                out.write(text)
    return dropped
