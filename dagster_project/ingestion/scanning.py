"""One pass over a file's bytes before the engine reads it: its hash, its true size, its encoding, its lines.

Belongs here: what can only be learned from the bytes. The engine's reading of them is in `reading_csv.py` and its
neighbours; making a clean copy of a file that the engine would misread is in `cleaning.py`.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from dagster_project.ingestion.fault import FileFault, PassingFault

CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# Control characters that no text has, as a share of a sample, above which a file is not text.
_RUBBISH = 0.02
_CONTROL = bytes(c for c in range(32) if c not in (9, 10, 12, 13, 27))


@dataclass(frozen=True)
class Scan:
    """What the bytes of a text file say. `head` is its first decompressed bytes; sizes are in bytes, decompressed.

    `last` is the last byte that is no white space.
    """

    size: int
    newlines: int
    longest_line: int
    ends_with_newline: bool
    has_blank_line: bool
    has_quote: bool
    has_nul: bool
    has_lone_return: bool
    is_utf8: bool
    bom: str | None
    head: bytes
    odd_sample: bytes = b""
    last: bytes = b""


def compression_of(path: Path) -> str:
    """Name the compression by the file's first bytes: none, gzip, zstd or zip, which a workbook is too."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        return "gzip"
    if magic == b"\x28\xb5\x2f\xfd":
        return "zstd"
    return "zip" if magic == b"PK\x03\x04" else "none"


def content_hash(path: Path) -> str:
    """Hash a file's bytes as they are (sha256, hexadecimal), a piece at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def opened(path: Path, compression: str) -> Iterator[BinaryIO]:
    """Open a file for reading its decompressed bytes; a zip must hold exactly one file."""
    if compression == "gzip":
        with gzip.open(path, "rb") as file:
            yield file  # type: ignore[misc]
    elif compression == "zstd":
        with pa.OSFile(str(path), "rb") as raw, pa.CompressedInputStream(raw, "zstd") as file:
            yield io.BufferedReader(_Readable(file), CHUNK)
    elif compression == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive)) as file:
            yield file  # type: ignore[misc]
    else:
        with path.open("rb") as file:
            yield file


class _Readable(io.RawIOBase):
    """An Arrow stream as Python's own kind of raw stream."""

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        raise FileFault(f"the zip holds {len(members)} files; one is wanted")
    return members[0]


def pieces(path: Path, compression: str, limit: int) -> Iterator[bytes]:
    """Give a file's decompressed bytes a piece at a time, at most `limit` of them.

    Raises:
        FileFault: it is truncated or damaged, or larger than the limit.
    """
    size = 0
    try:
        with opened(path, compression) as file:
            while piece := file.read(CHUNK):
                size += len(piece)
                if size > limit:
                    raise FileFault(
                        f"it is larger than {limit:,} bytes uncompressed; raise STELLA_MAX_FILE_BYTES if that is right"
                    )
                yield piece
    except EOFError:
        raise FileFault(f"the {compression} file is truncated") from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as fault:
        raise FileFault(f"the {compression} file is damaged ({fit(fault)})") from None
    except OSError as fault:
        if compression == "zstd":
            raise FileFault(f"the zstd file is truncated or damaged ({fit(fault)})") from None
        raise PassingFault(f"it cannot be read ({fault.strerror or type(fault).__name__})") from None


def fit(fault: Exception) -> str:
    """Shorten a decompressor's message."""
    return str(fault).partition("\n")[0][:120]


def scan_text(path: Path, compression: str, limit: int, quote: bytes = b'"') -> Scan:
    """Learn what there is to learn from a text file's bytes, in one pass.

    Raises:
        FileFault: it is empty, truncated, damaged, too large, or not text.
    """
    size = newlines = longest = since = 0
    head = tail = odd = last = b""
    blank = quoted = nul = lone = False
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    for piece in pieces(path, compression, limit):
        head = head or piece
        size += len(piece)
        found = piece.count(b"\n")
        newlines += found
        since, longest = _longest(piece, found, since, longest)
        seam = tail[-2:] + piece
        blank = blank or b"\n\n" in seam or b"\n\r\n" in seam
        quoted = quoted or (bool(quote) and quote in piece)
        nul = nul or b"\0" in piece
        lone = lone or (found == 0 and b"\r" in piece)
        if is_utf8:
            is_utf8, odd = _decodes(decoder, piece)
        tail = piece[-2:] if len(piece) > 1 else tail + piece
        last = (piece[-64:].rstrip() or piece.rstrip())[-1:] or last
    if is_utf8 and not _finishes(decoder):
        is_utf8, odd = False, head[-CHUNK:]
    if size == 0:
        raise FileFault("it is empty")
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if bom is None and (nul or not is_utf8):
        bom = _wide_without_mark(head)
    if bom in (None, "utf-8-sig"):
        _refuse_rubbish(head)
    return Scan(
        size, newlines, max(longest, since), tail.endswith(b"\n"), blank or head[:1] in (b"\n", b"\r"), quoted, nul,
        lone and newlines == 0, is_utf8, bom, head, odd, last,
    )  # fmt: skip


def _longest(piece: bytes, found: int, since: int, longest: int) -> tuple[int, int]:
    """Follow the longest line over the seams of pieces; within a piece no line is longer than the piece."""
    if not found:
        return since + len(piece), longest
    longest = max(longest, since + piece.find(b"\n"))
    return len(piece) - piece.rfind(b"\n") - 1, longest


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes) -> tuple[bool, bytes]:
    try:
        decoder.decode(piece)
    except UnicodeDecodeError as fault:
        return False, piece[max(0, fault.start - CHUNK // 8) : fault.start + CHUNK // 8]
    return True, b""


def _finishes(decoder: codecs.IncrementalDecoder) -> bool:
    try:
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _wide_without_mark(head: bytes) -> str | None:
    """Recognise UTF-16 without its mark: nearly every second byte of Western text is zero."""
    sample = head[:4096]
    half = max(len(sample) // 2, 1)
    if sample[1::2].count(0) > 0.6 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[::2].count(0) > 0.6 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _refuse_rubbish(head: bytes) -> None:
    sample = head[: CHUNK // 4]
    if len(sample) - len(sample.translate(None, _CONTROL)) > _RUBBISH * len(sample):
        raise FileFault("it is not text")
