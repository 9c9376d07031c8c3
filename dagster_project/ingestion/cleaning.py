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

# What is tried on bytes that are not UTF-8; charset-normalizer picks among them. Western first: it wins ties.
_CANDIDATES = [
    "cp1252", "iso8859_15", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "shift_jis", "euc_jp",
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
    best = from_bytes(scan.odd_sample, cp_isolation=_CANDIDATES, threshold=0.5).best()
    return Encoding(best.encoding if best else "cp1252", replaces=True)


def _is_mostly_utf8(sample: bytes) -> bool:
    """Tell UTF-8 with a few broken bytes from another encoding: most characters beyond ASCII are whole."""
    text = sample.decode("utf-8", errors="replace")
    broken = text.count(REPLACEMENT)
    whole = sum(1 for character in text if character > "\x7f") - broken
    return whole > 4 * broken


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
    """Where the records of a CSV file begin: their physical lines, counted from 1, the header's included."""

    lines: npt.NDArray[np.int64]
    unclosed: int | None


def find_records(parts: Iterator[bytes], quote: bytes = b'"', delimiter: bytes = b",") -> Records:
    """Find on which line each record begins; a newline between quotes does not end one, a blank line is none.

    A quote within a field, as in `5" pipe`, opens nothing. `unclosed` is the line of a record whose quote never closes.
    """
    starts: list[npt.NDArray[np.int64]] = []
    line = 0
    is_inside = False
    begins_on = 0
    for text in _whole_lines(parts):
        data = np.frombuffer(text, dtype=np.uint8)
        ends = np.flatnonzero(data == 10)
        quotes = _that_count(data, quote, delimiter)
        is_open = (np.searchsorted(quotes, ends) + is_inside) % 2 == 1
        is_open_before = np.concatenate(([is_inside], is_open[:-1]))
        lengths = np.diff(ends, prepend=-1) - 1
        returns = data[np.maximum(ends - 1, 0)] == 13
        is_blank = (lengths == 0) | ((lengths == 1) & returns)
        begins = np.flatnonzero(~is_open_before & ~is_blank) + line + 1
        starts.append(begins.astype(np.int64))
        begins_on = int(begins[-1]) if len(begins) else begins_on
        line += len(ends)
        is_inside = bool(is_open[-1])
    lines = np.concatenate(starts) if starts else np.empty(0, dtype=np.int64)
    return Records(lines, begins_on if is_inside else None)


def _that_count(data: npt.NDArray[np.uint8], quote: bytes, delimiter: bytes) -> npt.NDArray[np.int64]:
    """Find the quotes that stand beside a delimiter, a line end or another quote: the others are part of a field."""
    if not quote:
        return np.empty(0, dtype=np.int64)
    edge = np.zeros(256, dtype=bool)
    edge[[10, 13, quote[0], delimiter[0]]] = True
    found = np.flatnonzero(data == quote[0])
    before = edge[data[found - 1]] | (found == 0)
    after = edge[data[np.minimum(found + 1, len(data) - 1)]]
    counted: npt.NDArray[np.int64] = found[before | after].astype(np.int64)
    return counted


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
