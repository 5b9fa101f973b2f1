"""Recordings in whatever wrapping, as WARC files with a gzip member for each record: any can be read by its place."""

from __future__ import annotations

import gzip
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from shutil import disk_usage
from typing import IO, BinaryIO, cast

from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord
from warcio.warcwriter import WARCWriter

from newsarchive.captures.records import MOST, Damage
from newsarchive.errors import NewsArchiveError
from newsarchive.text.numbers import whole_number

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENDINGS = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
_ENDS = b"\r\n\r\n"
_LONGEST_HEAD = 1 << 20
_STEP = 1 << 20

BOMB_TIMES = 100
BOMB_BYTES = 1 << 30
"""What is more than a GiB and more than a hundred times its packed size is a bomb: recordings of pages unpack to 5 to
20 times their size, deflate can reach 1,030 (RFC 1951), zstd far more."""
ROOM = 1 << 29
"""Bytes that unpacking leaves free on the disk."""
_LOOK_EVERY = 1 << 26


class RecordingError(NewsArchiveError):
    """A file or a record cannot be read; the message names it and says why."""


def readable(path: Path, folder: Path, broken: list[str]) -> Iterator[Path]:
    """The WARC files of gzip members that hold what `path` holds; what must be unpacked for it goes into `folder`.

    What is damaged in a file is named in `broken`, the rest of it is read. Raises RecordingError where the file is
    no WARC, ARC or WACZ file, or nothing of it can be read.
    """
    try:
        if not path.stat().st_size:
            raise RecordingError(f"{path} is empty")
        if path.suffix.lower() == ".wacz":
            for inner, name in _unpack(path, folder, broken):
                said: list[str] = []
                try:
                    yield from readable(inner, folder, said)
                except RecordingError as error:  # the others in it may be whole
                    said.append(str(error))
                broken += [sentence.replace(str(inner), f"{name[:80]} in {path}") for sentence in said]
        elif path.name.endswith(".warc.gz"):
            yield _as_members(_plain(path, gzip.open, folder, broken), path, broken) if _is_one_member(path) else path
        elif path.name.endswith(".warc.zst"):
            yield _as_members(_plain(path, zstd.open, folder, broken), path, broken)
        elif path.name.endswith(".warc"):
            yield _as_members(path, path, broken, folder=folder)
        elif path.name.endswith((".arc", ".arc.gz")):
            yield _from_arc(path, folder, broken)
        else:
            raise RecordingError(f"{path} is no WARC, ARC or WACZ file")
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error


def _unpack(path: Path, folder: Path, broken: list[str]) -> Iterator[tuple[Path, str]]:
    """The WARC files in a WACZ file, unpacked, each with its name in it: too long a name for a disk, perhaps."""
    with zipfile.ZipFile(path) as wacz:
        names = sorted(n for n in wacz.namelist() if n.startswith("archive/") and n.endswith(ENDINGS))
        if not names:
            broken.append(f"{path} holds no WARC file")
        packed, unpacked = path.stat().st_size, 0
        for number, name in enumerate(names):
            target = folder / f"{abs(hash(path))}-{number}{_ending(name)}"
            try:
                with wacz.open(name) as source:
                    unpacked += _copy(source, target, packed, f"{name[:80]} in {path}", before=unpacked)
            except RecordingError as error:
                broken.append(str(error))
                continue
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
                broken.append(f"{name[:80]} in {path} is damaged ({error}); what could be unpacked of it is read")
                if not target.is_file() or not target.stat().st_size:
                    continue
            yield target, name


def _ending(name: str) -> str:
    return next(ending for ending in sorted(ENDINGS, key=len, reverse=True) if name.endswith(ending))


def _is_one_member(path: Path) -> bool:
    """Whether the whole file is one gzip member, as `gzip` makes it, so that no record could be read by its place."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    out = bytearray()
    with open(path, "rb") as file:
        while len(out) <= MOST and not inflate.eof and (chunk := file.read(1 << 16)):
            try:
                out += inflate.decompress(chunk)
            except zlib.error:
                return False
            head, ends, _ = bytes(out[:_LONGEST_HEAD]).partition(_ENDS)
            end = len(head) + 4 + (_length_of(head) or 0) + 4
            if ends and len(out) >= end + 5:
                return out[end : end + 5] == b"WARC/"
    return False


def _plain(path: Path, opened: Callable[..., object], folder: Path, broken: list[str]) -> Path:
    """The file without its compression, as far as that can be undone."""
    target = folder / f"{abs(hash(path))}.warc"
    with cast("IO[bytes]", opened(path, "rb")) as source:
        try:
            _copy(source, target, path.stat().st_size, str(path))
        except (EOFError, OSError, zlib.error, zstd.ZstdError) as error:
            broken.append(f"{path} is damaged ({error}); what stands before is read")
    return target


def _copy(source: IO[bytes], target: Path, packed: int, name: str, *, before: int = 0) -> int:
    """Unpack into a file, and give how many bytes; `before` came of the same `packed` bytes already.

    Raises RecordingError, and leaves no file, where it is a bomb or would fill the disk.
    """
    written, looked = 0, -_LOOK_EVERY  # however small it is, the disk is looked at first
    try:
        with open(target, "wb") as file:
            while chunk := source.read(_STEP):
                written += len(chunk)
                if before + written > max(BOMB_BYTES, BOMB_TIMES * packed):
                    raise RecordingError(f"{name} unpacks to more than {BOMB_TIMES} times its size; skipped")
                if written - looked >= _LOOK_EVERY:
                    looked = written
                    if disk_usage(target.parent).free < ROOM:
                        raise RecordingError(f"{name} does not fit on the disk of {target.parent}; skipped")
                file.write(chunk)
    except RecordingError:
        target.unlink()
        raise
    return written


def _from_arc(path: Path, folder: Path, broken: list[str]) -> Path:
    """An ARC file, as Heritrix wrote before there was WARC, as one of WARC records, up to its first damage."""
    target = folder / f"{abs(hash(path))}-arc.warc.gz"
    said = StringIO()  # warcio tells of a wrong length on stderr alone, and goes on
    with open(path, "rb") as source, open(target, "wb") as file, redirect_stderr(said):
        records = ArchiveIterator(source, arc2warc=True)
        writer = WARCWriter(file, gzip=True)
        try:
            for record in records:
                if record.rec_type != "response":
                    continue
                if reason := _write_arc_record(writer, file, record):
                    broken.append(f"{path}, byte {records.offset}: {reason}; skipped")
        except Exception as error:  # noqa: BLE001  warcio raises whatever a broken record makes it stumble over
            broken.append(
                f"{path}, byte {records.offset}: the ARC record is broken ({error}); what stands before is read"
            )
    if said.getvalue():
        broken.append(f"{path}: the length of a record is not that of its content; what could be read of it is")
    return target


def _write_arc_record(writer: WARCWriter, file: BinaryIO, record: ArcWarcRecord) -> str:
    """Write a record; why it could not be, else empty."""
    if (record.length or 0) > MOST:
        return f"larger than {MOST >> 20} MB"
    begin = file.tell()
    writer.write_record(record)
    if record.raw_stream.limit > 0:  # warcio takes what there is for the whole
        file.truncate(file.seek(begin))
        return "the record is not whole"
    return ""


def _as_members(plain: Path, named: Path, broken: list[str], *, folder: Path | None = None) -> Path:
    target = (folder or plain.parent) / f"{abs(hash(plain))}-members.warc.gz"
    with open(plain, "rb") as source, open(target, "wb") as file:
        for found in read_plain(source):
            if isinstance(found, Damage):
                broken.append(f"{named}, byte {found.offset}: {found.reason}; skipped")
            else:
                file.write(gzip.compress(found, 1))
    return target


def read_plain(file: BinaryIO) -> Iterator[bytes | Damage]:
    """Every record of an uncompressed WARC file, and the bytes that belong to none; one at a time in memory."""
    start = 0
    while True:
        file.seek(start)
        found, end = _read_record(file, start)
        if found is None:
            return
        yield found
        start = end


def _read_record(file: BinaryIO, start: int) -> tuple[bytes | Damage | None, int]:
    """The record or the damage at a place, and where what follows begins."""
    head = _read_head(file)
    if not head:
        return None, start
    length = _length_of(head) if head.startswith(b"WARC/") else None
    if length is None:
        return _damaged(file, start, "the WARC head is broken")
    if length > MOST:
        file.seek(length, 1)
        reason = (
            f"larger than {MOST >> 20} MB" if file.read(4) == _ENDS else "its Content-Length is not that of its block"
        )
        return _damaged(file, start, reason, after=start + len(head) + length)
    block = file.read(length + 4)
    if len(block) < length + 4:
        return _damaged(file, start, "the record is not whole")
    if block[length:] != _ENDS:
        return _damaged(file, start, "its Content-Length is not that of its block")
    return head + block, start + len(head) + length + 4


def _damaged(file: BinaryIO, start: int, reason: str, *, after: int = 0) -> tuple[Damage, int]:
    """A damage, and where the next record begins: at the next line that a WARC head begins with."""
    at, tail = max(start + 1, after), b""
    file.seek(at)
    while chunk := file.read(_STEP):
        place = (tail + chunk).find(b"\r\nWARC/1.")
        if place >= 0:
            end = at - len(tail) + place + 2
            return Damage(offset=start, length=end - start, reason=reason), end
        at += len(chunk)
        tail = (tail + chunk)[-9:]
    return Damage(offset=start, length=at - start, reason=reason, ends=True), at


def _read_head(file: BinaryIO) -> bytes:
    lines = []
    size = 0
    while size < _LONGEST_HEAD and (line := file.readline(_LONGEST_HEAD)):
        lines.append(line)
        size += len(line)
        if line in (b"\r\n", b"\n"):
            break
    return b"".join(lines)


def _length_of(head: bytes) -> int | None:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return whole_number(value.decode("latin-1"))
    return None
