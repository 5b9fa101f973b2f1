"""Recordings in any compression or container, as files whose records can be read by their offset."""

from __future__ import annotations

import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from shutil import disk_usage

from newsarchive.captures.records import MOST
from newsarchive.errors import NewsArchiveError
from newsarchive.importing.arc import read_arc_at
from newsarchive.importing.decompressing import gunzip, unzstd
from newsarchive.importing.formats import (
    HEAD,
    RECORDINGS,
    Format,
    compressed_in,
    format_of,
    format_of_bytes,
    format_of_damaged,
    is_named_recording,
    records_in,
)
from newsarchive.importing.framing import Framed, read_warc_at, skip_padding
from newsarchive.importing.recording_files import RecordingFile
from newsarchive.importing.wacz import differs, stated_digests
from newsarchive.text.compression import gunzip_stream

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STEP = 1 << 20
BOMB_TIMES = 100
BOMB_BYTES = 1 << 30
"""What unpacks to more than a GiB and more than a hundred times its size is a bomb: recordings of pages unpack to 5 to
20 times their size; deflate can reach 1,030 (RFC 1951), zstd far more."""
ROOM = 1 << 29
"""Bytes that unpacking leaves free on the disk."""
_LOOK_EVERY = 1 << 26
_DEEPEST = 3
"""How deep WACZ files may be nested."""


class RecordingError(NewsArchiveError):
    """A file or a record cannot be read; the message names it and says why."""


class Unpacker:
    """Opens recordings; what must be unpacked for that goes into `folder`, and what is damaged is named in `broken`."""

    def __init__(self, folder: Path, broken: list[str]) -> None:
        self._folder, self._broken = folder, broken
        self._numbers = count()

    def files_in(self, path: Path) -> Iterator[RecordingFile]:
        """Yield the files of records that `path` holds. Raises RecordingError if it is no recording or unreadable."""
        yield from self._opened(path, str(path), _Budget(path), depth=0)

    def _opened(self, path: Path, name: str, budget: _Budget, *, depth: int) -> Iterator[RecordingFile]:
        try:
            kind = format_of(path)
            if kind is Format.EMPTY:
                raise RecordingError(f"{name} is empty")
            if kind is Format.ZIP or (kind is Format.OTHER and path.suffix.lower() == ".wacz"):
                yield from self._in_zip(path, name, budget, depth)
                return
            known = _format_by_name(path) if kind is Format.OTHER else kind
            if known is None:
                raise RecordingError(f"{name} is no WARC, ARC or WACZ file")
            yield self._file(path, name, known, budget)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
            raise RecordingError(f"{name} cannot be read: {error}") from error

    def _file(self, path: Path, name: str, kind: Format, budget: _Budget) -> RecordingFile:
        if kind is Format.ZSTD:
            return self._plain(path, name, budget, is_zstd=True)
        if kind is Format.GZIP:
            if _is_one_stream(path):
                return self._plain(path, name, budget, is_zstd=False)
            return RecordingFile(path, name, is_arc=_begins(path) is Format.ARC)
        return RecordingFile(path, name, is_arc=kind is Format.ARC)

    def _plain(self, path: Path, name: str, budget: _Budget, *, is_zstd: bool) -> RecordingFile:
        """Undo the compression of a whole file, as far as that is possible."""
        target = self._folder / f"{next(self._numbers)}.warc"
        chunks = (unzstd if is_zstd else gunzip)(path, name, self._broken)
        budget.copy(chunks, target, name)
        with open(target, "rb") as file:
            is_arc = records_in(file.read(64)) is Format.ARC
        return RecordingFile(target, f"{name} (unpacked)", is_arc=is_arc)

    def _in_zip(self, path: Path, name: str, budget: _Budget, depth: int) -> Iterator[RecordingFile]:
        with zipfile.ZipFile(path) as file:
            digests = stated_digests(file)
            entries = [entry for entry in file.infolist() if not entry.is_dir() and _may_hold_records(entry.filename)]
            entries = [
                entry for entry in entries if is_named_recording(Path(entry.filename)) or _is_recording(file, entry)
            ]
            if not entries:
                raise RecordingError(f"{name} holds no WARC file")
            for entry in sorted(entries, key=lambda entry: entry.filename):
                inner = f"{entry.filename[:80]} in {name}"
                try:
                    if (target := self._unpacked(file, entry, inner, budget)) is None:
                        continue
                    if differs(target, digests.get(entry.filename, "")):
                        self._broken.append(f"{inner} differs from its digest in datapackage.json; read nevertheless")
                    if depth >= _DEEPEST:
                        raise RecordingError(f"{inner} is nested too deeply")
                    yield from self._opened(target, inner, budget, depth=depth + 1)
                except RecordingError as error:  # the others may be intact
                    self._broken.append(str(error))

    def _unpacked(self, file: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, budget: _Budget) -> Path | None:
        """Unpack one file, as far as that is possible; None if nothing of it could be."""
        ending = re.sub(r"[^A-Za-z0-9.]", "", "".join(Path(entry.filename).suffixes[-3:]))[-20:]
        target = self._folder / f"{next(self._numbers)}{ending}"
        try:
            with file.open(entry) as source:
                budget.copy(iter(partial(source.read, _STEP), b""), target, name)
        except (*_UNREADABLE, zlib.error, EOFError) as error:
            self._broken.append(f"{name} is damaged ({error}); what could be unpacked of it is read")
            if not target.is_file() or not target.stat().st_size:
                return None
        return target


_DAMAGED = (EOFError, OSError, zlib.error, zstd.ZstdError)
_UNREADABLE = (zipfile.BadZipFile, RuntimeError, NotImplementedError)
"""What zipfile raises for a damaged, an encrypted and an unknown entry."""


def _is_recording(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a file in a ZIP file, whose name does not say so, begins as a recording does."""
    try:
        with file.open(entry) as source:
            return format_of_bytes(source.read(HEAD)) in (*RECORDINGS, Format.ZIP)
    except _DAMAGED + _UNREADABLE:
        return True  # it is named when it is unpacked


def _may_hold_records(name: str) -> bool:
    parts = Path(name).parts
    return is_named_recording(Path(name)) or (len(parts) > 1 and parts[-2].lower() == "archive")


def _format_by_name(path: Path) -> Format | None:
    """Return the format that a damaged file has by its name; None if the name says nothing of recordings."""
    if not is_named_recording(path):
        return None
    if (found := format_of_damaged(path)) is not None:
        return found
    name = path.name.lower().removesuffix(".open")
    if name.endswith(".gz"):
        return Format.GZIP
    if name.endswith(".zst"):
        return Format.ZSTD
    return Format.ARC if name.endswith(".arc") else Format.WARC


def _begins(path: Path) -> Format | None:
    """Return what the records of a compressed file are: of WARC or of ARC."""
    with open(path, "rb") as file:
        for _, kind in compressed_in(file.read(HEAD)):
            return kind
    return Format.ARC if ".arc" in path.name.lower() else None


def _is_one_stream(path: Path) -> bool:
    """Whether records do not begin where gzip members do, so that none could be read by its offset.

    It is so where the whole file was compressed at once, as by gzip, or in pieces of a fixed size.
    """
    decoder = gunzip_stream()
    out = bytearray()
    read_at = read_arc_at if _begins(path) is Format.ARC else read_warc_at
    with open(path, "rb") as file:
        while len(out) <= MOST and not decoder.eof and (chunk := file.read(1 << 16)):
            try:
                out += decoder.decompress(chunk)
            except zlib.error:
                return False
            found = read_at(BytesIO(out), 0)
            if isinstance(found, Framed) and not found.is_cut and skip_padding(BytesIO(out), found.length) is not None:
                return True
        if not decoder.eof:
            return False
        after = decoder.unused_data + file.read(1 << 16)
    ends_within = found.is_cut if isinstance(found, Framed) else found.ends
    return ends_within and _begins_inside(after)


def _begins_inside(after: bytes) -> bool:
    """Whether the next gzip member goes on with the record of the one before."""
    try:
        plain = gunzip_stream().decompress(after, 64)
    except zlib.error:
        return False
    return bool(plain) and records_in(plain) is None


class _Budget:
    """How much a file that was given may unpack to, with all that it contains."""

    def __init__(self, path: Path) -> None:
        self._packed = path.stat().st_size if path.exists() else 0
        self._written = 0

    def copy(self, chunks: Iterator[bytes], target: Path, name: str) -> None:
        """Unpack into a file. Raises RecordingError, and leaves no file, if it is a bomb or would fill the disk."""
        written, looked = 0, -_LOOK_EVERY  # the disk is checked before the first byte
        try:
            with open(target, "wb") as file:
                for chunk in chunks:
                    written += len(chunk)
                    if self._written + written > max(BOMB_BYTES, BOMB_TIMES * self._packed):
                        raise RecordingError(f"{name} unpacks to more than {BOMB_TIMES} times its size; skipped")
                    if written - looked >= _LOOK_EVERY:
                        looked = written
                        if disk_usage(target.parent).free < ROOM:
                            raise RecordingError(f"{name} does not fit on the disk of {target.parent}; skipped")
                    file.write(chunk)
        except RecordingError:
            target.unlink()
            raise
        finally:
            self._written += written
