"""What a file is: told by its first bytes, whatever its name says."""

from __future__ import annotations

import re
import sys
import zipfile
import zlib
from enum import Enum
from pathlib import Path

from newsarchive.text.compression import GZIP_DEFLATE, ZSTD, gunzip_stream

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HEAD = 1 << 16
"""Bytes at the begin of a file by which its format is told."""
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
    if head.startswith(GZIP_DEFLATE):
        return Format.GZIP if records_in(_gunzip(head)) else Format.OTHER
    if _SKIPPABLE.match(head):
        return Format.ZSTD
    if head.startswith(ZSTD):
        return Format.ZSTD if records_in(_unzstd(head)) else Format.OTHER
    if head.startswith(b"PK\3\4"):
        return Format.ZIP
    return records_in(head) or Format.OTHER


def records_in(head: bytes) -> Format | None:
    """Return whether uncompressed data begins as WARC or as ARC does; None if as neither."""
    head = head.lstrip(_BLANK)
    if re.match(rb"WARC/\d", head):
        return Format.WARC
    return Format.ARC if head.startswith(b"filedesc:") else None


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


def _gunzip(head: bytes) -> bytes:
    try:
        return gunzip_stream().decompress(head, HEAD)
    except zlib.error:
        return b""


def _unzstd(head: bytes) -> bytes:
    try:
        return zstd.ZstdDecompressor().decompress(head, HEAD)
    except zstd.ZstdError:
        return b""
