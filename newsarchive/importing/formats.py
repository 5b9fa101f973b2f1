"""What a file is: told by its first bytes, whatever its name says."""

from __future__ import annotations

import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from newsarchive.text.compression import GZIP_DEFLATE, ZSTD, gunzip_stream

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HEAD = 1 << 16
"""Bytes at the begin of a file by which its format is told."""
_ENOUGH = 1 << 15
"""Bytes of a compressed record that suffice to decompress how it begins."""
_LINE = 4096
_COMPRESSED = re.compile(re.escape(GZIP_DEFLATE) + b"|" + re.escape(ZSTD))
_ARC = re.compile(
    rb"(?<![^\s\0])(?:https?|ftp|dns|whois):[^\s\0]{1,2000} [0-9a-fA-F.:]{2,40} \d{12,14} [^\n]{1,200}\d\r?\n"
)
_PLAIN = re.compile(rb"WARC/\d{1,2}\.\d{1,3}[ \t]*\r?\n|filedesc:|" + _ARC.pattern)
_BLANK = b"\xef\xbb\xbf \t\r\n\0"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""The magic number of a skippable zstd frame (RFC 8878, section 3.1.2)."""
_NAMED = re.compile(r"\.(?:w?arc)(?:\.(?:gz|zst))?(?:\.open)?$|\.wacz$", re.I)


class Format(Enum):
    """The formats that are told apart."""

    EMPTY = "empty"
    WARC = "WARC"
    ARC = "ARC"
    GZIP = "gzip"
    """Compressed WARC or ARC."""
    ZSTD = "zstd"
    ZIP = "ZIP"
    OTHER = "other"


RECORDINGS = frozenset((Format.WARC, Format.ARC, Format.GZIP, Format.ZSTD))


def format_of(path: Path) -> Format:
    """Return the format of a file. Raises OSError if it cannot be read."""
    with open(path, "rb") as file:
        return format_of_bytes(file.read(HEAD))


def format_of_bytes(head: bytes) -> Format:
    """Return the format of a file by its first bytes (HEAD of them)."""
    if not head:
        return Format.EMPTY
    if _SKIPPABLE.match(head):
        return Format.ZSTD
    if head.startswith((GZIP_DEFLATE, ZSTD)):
        return next((kind for kind, _ in compressed_in(head)), Format.OTHER)
    if head.startswith(b"PK\3\4"):
        return Format.ZIP
    return records_in(head) or Format.OTHER


def compressed_in(data: bytes) -> Iterator[tuple[Format, Format]]:
    """Yield how each compressed record that begins in the data is compressed, and whether it is of WARC or ARC."""
    for found in _COMPRESSED.finditer(data):
        start = data[found.start() : found.start() + _ENOUGH]
        is_gzip = start.startswith(GZIP_DEFLATE)
        if kind := records_in(_gunzip(start) if is_gzip else _unzstd(start)):
            yield Format.GZIP if is_gzip else Format.ZSTD, kind


def format_of_damaged(path: Path) -> Format | None:
    """Return the format of a recording whose first bytes are damaged, by its first record that is not; None if none is.

    Raises OSError if it cannot be read.
    """
    with open(path, "rb") as file:
        tail = b""
        while chunk := file.read(1 << 20):
            data = tail + chunk
            for found, _ in compressed_in(data):
                return found
            if begins := _PLAIN.search(data):
                return Format.WARC if begins[0].startswith(b"WARC") else Format.ARC
            tail = data[-_ENOUGH:]
    return None


def records_in(head: bytes) -> Format | None:
    """Return whether uncompressed data begins as WARC or as ARC does; None if as neither."""
    head = head.lstrip(_BLANK)
    if re.match(rb"WARC/\d", head):
        return Format.WARC
    return Format.ARC if head.startswith(b"filedesc:") or _ARC.match(head) else None


def is_named_recording(path: Path) -> bool:
    """Whether the name of a file says that it is a recording, so that it is an error if it is none.

    >>> [is_named_recording(Path(name)) for name in ("A.WARC.GZ", "a.warc.gz.open", "a.arc", "a.wacz", "a.gz")]
    [True, True, True, True, False]
    """
    return _NAMED.search(path.name) is not None


def has_recordings(path: Path) -> bool:
    """Whether a file holds records: a WARC or ARC file in any compression, or a ZIP file with some in it."""
    kind = format_of(path)
    if kind is Format.ZIP:
        try:
            with zipfile.ZipFile(path) as file:
                return any(is_named_recording(Path(name)) for name in file.namelist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            return False
    return kind in RECORDINGS


def _gunzip(start: bytes) -> bytes:
    try:
        return gunzip_stream().decompress(start, _LINE)
    except zlib.error:
        return b""


def _unzstd(start: bytes) -> bytes:
    try:
        return zstd.ZstdDecompressor().decompress(start, _LINE)
    except zstd.ZstdError:
        return b""
