"""A person's traces in files: taken out of texts and Parquet files, and searched for in every file byte for byte.

Belongs here: files, whatever they are packed in. A copy that cannot be cleaned value by value is removed.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

import duckdb
import pyarrow as pa

from dagster_project.privacy import parquet_traces, traces
from dagster_project.privacy.needle import Needle
from dagster_project.privacy.tombstones import ERASED

DATABASES = {".duckdb", ".db", ".wal"}
PARQUET = {".parquet", ".pq"}
BLOCK_BYTES = 32 << 20
OVERLAP = 1024
_WORKBOOK = "[Content_Types].xml"
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, UnicodeError)
Outcome = Literal["untouched", "cleaned", "removed"]


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """Name every regular file once, in a fixed order; links are not followed."""
    for folder in folders:
        yield from sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def find(path: Path, sought: list[str]) -> bool:
    """Whether a file, or what is packed in it, holds one of the texts, byte for byte."""
    if not sought:
        return False
    needle = Needle(sought)
    if path.suffix in DATABASES:
        return _in_database(path, needle)
    if _in_blocks(_bytes_of(path), needle) or any(_in_blocks(blocks, needle) for blocks in _unpacked(path)):
        return True
    return path.suffix in PARQUET and parquet_traces.is_named(path, sought)


def clean(path: Path, sought: list[str], attributes: Iterable[str], drops_lines: bool) -> Outcome:
    """Take a person out of a file, whole or not at all; say what became of it.

    A line that names him loses his attributes too; with `drops_lines` it goes altogether where it is a whole record. A
    workbook, a damaged file and an archive of such are removed: the product has their rows in `raw`.
    """
    if path.suffix in DATABASES or not find(path, sought):
        return "untouched"
    also = [*sought, *attributes]
    try:
        if path.suffix in PARQUET:
            parquet_traces.clean(path, sought, also, drops_lines)
        elif zipfile.is_zipfile(path):
            _clean_zip(path, _Cleaner(sought, also, drops_lines))
        else:
            _clean_text(path, _Cleaner(sought, also, drops_lines))
    except (*_DAMAGED, duckdb.Error):
        path.unlink()
        return "removed"
    if find(path, sought):
        path.unlink()
        return "removed"
    return "cleaned"


class _Cleaner:
    """Takes a person out of whole lines of text."""

    def __init__(self, sought: list[str], also: list[str], drops_lines: bool) -> None:
        self._named, self._also, self._drops_lines = Needle(sought), Needle(also), drops_lines

    def clean(self, block: bytes) -> bytes:
        if not self._named.may_be_in(block):
            return block
        return b"".join(self._line(line) for line in block.splitlines(keepends=True))

    def _line(self, line: bytes) -> bytes:
        if not self._named.is_in(line):
            return line
        if self._drops_lines and line.count(b'"') % 2 == 0:
            return b""
        return self._also.blanked(line, ERASED.encode())


def _in_database(path: Path, needle: Needle) -> bool:
    """Search a database's bytes, where values lie side by side, and its values, which may be compressed.

    What is within a longer value of somebody else is not his; what is in no value at all was left behind.
    """
    left = sorted({text for block in _bytes_of(path) for text in needle.within(block)})
    if path.suffix != ".duckdb":
        return bool(left)
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            if traces.find_in_tables(connection, needle.texts):
                return True
            return any(not traces.is_within_a_value(connection, text) for text in left)
    except duckdb.Error:
        return bool(left)


def _in_blocks(blocks: Iterator[bytes], needle: Needle) -> bool:
    try:
        return any(needle.is_in(block) for block in blocks)
    except _DAMAGED:
        return False  # as far as it can be unpacked it was searched


def _bytes_of(path: Path) -> Iterator[bytes]:
    """Give a file's bytes in blocks that overlap, so that no text is cut."""
    with path.open("rb") as file:
        kept, piece = b"", file.read(BLOCK_BYTES)
        while piece:
            following = file.read(BLOCK_BYTES)
            # Where a block was cut, a word goes on; the next block has it whole.
            yield kept + piece + (b"x" if following else b"")
            kept, piece = b"x" + piece[-OVERLAP:], following


def _unpacked(path: Path) -> Iterator[Iterator[bytes]]:
    """Give what is packed in a file, as lines of UTF-8 in blocks; of text in one byte a letter, the text itself."""
    if not zipfile.is_zipfile(path):
        yield _lines_of(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    yield _lines(cast("io.BufferedIOBase", stream))
    except _DAMAGED:
        return


def _lines_of(path: Path) -> Iterator[bytes]:
    with _opened(path) as (stream, _):
        yield from _lines(stream)


def _lines(stream: io.BufferedIOBase) -> Iterator[bytes]:
    return (block for block, _ in _blocks(stream))


def _blocks(stream: io.BufferedIOBase) -> Iterator[tuple[bytes, str]]:
    """Give whole lines in blocks, UTF-16 as UTF-8, and the encoding they came in (empty: as they are)."""
    head = stream.read(4096)
    encoding = _wide(head)
    decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
    kept, damage = bytearray(), None
    piece = head
    while piece:
        kept += decoder.decode(piece).encode() if decoder else piece
        cut = kept.rfind(b"\n") + 1 if len(kept) >= BLOCK_BYTES else 0
        if cut:
            yield bytes(kept[:cut]), encoding
            del kept[:cut]
        try:
            # Not more than is there: what can be unpacked before the damage is searched too.
            piece = stream.read1(1 << 20)
        except _DAMAGED as fault:
            piece, damage = b"", fault
    if kept:
        yield bytes(kept), encoding
    if damage:
        raise damage


def _wide(head: bytes) -> str:
    """Recognise UTF-16, by its mark or by every second byte being zero."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if head.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > 0.6 * half:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) > 0.6 * half else ""


@contextmanager
def _opened(path: Path) -> Iterator[tuple[io.BufferedIOBase, str]]:
    """Open a file for reading what is compressed in it; give the compression's name too."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            with gzip.open(file) as stream:
                yield stream, "gzip"
        elif magic == b"\x28\xb5\x2f\xfd":
            with pa.CompressedInputStream(pa.PythonFile(file), "zstd") as stream:
                yield io.BufferedReader(stream), "zstd"
        else:
            yield file, ""


def _clean_text(path: Path, cleaner: _Cleaner) -> None:
    with _replacing(path) as part, _opened(path) as (stream, packed), _packing(part, packed) as out:
        _copy(stream, out.write, cleaner)


def _copy(stream: io.BufferedIOBase, write: Callable[[bytes], object], cleaner: _Cleaner) -> None:
    for block, encoding in _blocks(stream):
        if b"\0" in block[:4096]:
            raise UnicodeError("no text")
        cleaned = cleaner.clean(block)
        write(cleaned.decode().encode(encoding) if encoding else cleaned)


def _clean_zip(path: Path, cleaner: _Cleaner) -> None:
    with _replacing(path) as part, zipfile.ZipFile(path) as archive, zipfile.ZipFile(part, "w") as out:
        if _WORKBOOK in archive.namelist():
            raise zipfile.BadZipFile("a workbook's rows cannot be told in its lines")
        for member in archive.infolist():
            with archive.open(member) as stream, out.open(member, "w") as target:
                _copy(cast("io.BufferedIOBase", stream), target.write, cleaner)


@contextmanager
def _packing(part: Path, packed: str) -> Iterator[IO[bytes]]:
    with part.open("wb") as file:
        if packed == "gzip":
            with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as out:
                yield out  # type: ignore[misc]
        elif packed == "zstd":
            with pa.CompressedOutputStream(pa.PythonFile(file), "zstd") as out:
                yield out
        else:
            yield file


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Lend a file that takes the place of another when all is written."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield part
        part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
