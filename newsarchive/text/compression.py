"""Compressed bytes: magic numbers, and decompression with a size limit that says whether the data was complete."""

from __future__ import annotations

import codecs
import re
import sys
import zlib
from collections.abc import Callable

import brotli

from newsarchive.errors import NewsArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP = b"\x1f\x8b"
GZIP_DEFLATE = b"\x1f\x8b\x08"
"""A gzip header with the only compression method that exists (RFC 1952, section 2.3.1)."""
ZSTD = b"\x28\xb5\x2f\xfd"
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""WHATWG MIME Sniffing, section 3: a binary data byte."""


class DecompressionError(NewsArchiveError, ValueError):
    """The data is damaged; `partial` holds what was decompressed before the damage."""

    def __init__(self, reason: str, partial: bytes = b"") -> None:
        super().__init__(reason)
        self.partial = partial


def gunzip_stream() -> zlib._Decompress:
    """Return a decompressor for one gzip member."""
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def gzip_member(data: bytes, level: int = 6) -> bytes:
    """Compress data to one gzip member without a time, so that the same data gives the same bytes.

    >>> gzip_member(b"text")[:4] == GZIP_DEFLATE + bytes(1)
    True
    """
    compressor = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return compressor.compress(data) + compressor.flush()


def decompress(data: bytes, coding: str, cap: int) -> tuple[bytes, bool]:
    """Remove one content coding (see CODINGS). Returns at most `cap` + 1 bytes, and whether the data was complete.

    Servers name codings that they did not apply: data without the magic number of gzip or zstd is returned unchanged.
    Raises DecompressionError.

    >>> decompress(gzip_member(b"text"), "gzip", 100), decompress(gzip_member(b"text")[:-9], "gzip", 100)
    ((b'text', True), (b'text', False))
    >>> decompress(b"<p>plain</p>", "gzip", 100)
    (b'<p>plain</p>', True)
    """
    return _DECOMPRESSORS[coding](data, cap)


def _gunzip(data: bytes, cap: int) -> tuple[bytes, bool]:
    if not data.startswith(GZIP):
        return data, True
    out, complete = bytearray(), True
    while data.startswith(GZIP) and len(out) <= cap:  # gzip may have several members
        decoder = gunzip_stream()
        try:
            out += decoder.decompress(data, cap + 1 - len(out))
        except zlib.error as error:
            raise DecompressionError(str(error), bytes(out)) from error
        complete = decoder.eof
        data = decoder.unused_data.lstrip(b"\0")
    return bytes(out), complete


def _undeflate(data: bytes, cap: int) -> tuple[bytes, bool]:
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # some servers send deflate without the zlib header
        decoder = zlib.decompressobj(window)
        try:
            return decoder.decompress(data, cap + 1), decoder.eof
        except zlib.error:
            continue
    raise DecompressionError("neither zlib nor deflate")


def _unbrotli(data: bytes, cap: int) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    try:
        return decoder.process(data, output_buffer_limit=cap + 1), decoder.is_finished()
    except brotli.error as error:
        raise DecompressionError(str(error)) from error


def _unzstd(data: bytes, cap: int) -> tuple[bytes, bool]:
    if not data.startswith(ZSTD):
        return data, True
    out, complete = bytearray(), True
    while data.startswith(ZSTD) and len(out) <= cap:  # zstd may have several frames (RFC 8878, section 3)
        decoder = zstd.ZstdDecompressor()
        try:
            out += decoder.decompress(data, cap + 1 - len(out))
        except zstd.ZstdError as error:
            raise DecompressionError(str(error), bytes(out)) from error
        complete = decoder.eof
        data = decoder.unused_data
    return bytes(out), complete


_DECOMPRESSORS: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
CODINGS = frozenset(_DECOMPRESSORS)
"""Content codings that `decompress` knows, as Content-Encoding names them."""


def codings_in(content_encoding: str) -> list[str]:
    """Return the codings of a Content-Encoding header in the order in which they are to be removed.

    >>> codings_in("deflate, GZIP"), codings_in("")
    (['gzip', 'deflate'], [])
    """
    return [name for part in reversed(content_encoding.split(",")) if (name := part.strip().lower())]


def why_incomplete(body: bytes, content_encoding: str, cap: int) -> str:
    """Return why a content-encoded body is truncated or damaged; empty if it is complete or not encoded.

    >>> why_incomplete(brotli.compress(b"text" * 99)[:-3], "br", 1000)
    'its br data is truncated'
    >>> why_incomplete(b"<p>plain</p>", "br", 100), why_incomplete(gzip_member(b"text"), "", 100)
    ('', '')
    """
    names = codings_in(content_encoding)
    for magic, name in ((GZIP_DEFLATE, "gzip"), (ZSTD, "zstd")):
        if body.startswith(magic) and not CODINGS.intersection(names):
            names.append(name)
    for name in names:
        if name not in CODINGS:
            continue
        try:
            out, complete = decompress(body, name, cap)
        except DecompressionError:
            out, complete = body, True
        if out is body and is_binary(body):
            return f"its {name} data is damaged"
        if not complete and len(out) <= cap:
            return f"its {name} data is truncated"
        body = out
    return ""


def is_binary(data: bytes) -> bool:
    """Whether data is not text, by its first 1,445 bytes (WHATWG MIME Sniffing, section 7.1).

    >>> is_binary(b"<p>text"), is_binary(b"PK" + bytes(3))
    (False, True)
    """
    return not data.startswith(_MARKS) and _BINARY.search(data[:1445]) is not None
