"""From the bytes of a robots.txt to its text: inflated, of any Unicode encoding, with plain line ends, bounded."""

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

MOST_READ = 500 * 1024
"""Bytes of text that are read: RFC 9309, section 2.5, asks for so many at least."""
MOST_SENT = MOST_READ + 16 * 1024
"""Bytes that are received; what they hold, compressed or not, is more than is read."""
_MARKS = (  # the longer first: a mark of UTF-32 begins as one of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELAY = re.compile(r"^([ \t]*crawl[- ]delay[ \t]*:?[ \t]*)([^\n#]*)", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"(\d+)(?:[.,](\d+))?")


class NotWhole(NewsArchiveError):
    """A robots.txt whose rest is missing or cannot be read."""


def robots_text(body: bytes, content_encoding: str = "", *, stopped: bool = False) -> str:
    r"""The first 500 KiB of a robots.txt as text, to a line's end, with ``\n`` for all line ends.

    `stopped`: its rest was not received because enough had come. Raises NotWhole where a compressed body ends before
    its end, or is of an unknown encoding.

    >>> robots_text("\ufeffUser-agent: *\rCrawl-delay: 1,5 s".encode("utf-16-le"))
    'User-agent: *\nCrawl-delay: 1.5'
    """
    for name in reversed([part.strip().lower() for part in content_encoding.split(",")]):
        if name not in ("", "identity"):
            body = _inflated(body, name, stopped=stopped)
    if body[:3] == b"\x1f\x8b\x08":  # gzip that no header speaks of
        body = _inflated(body, "gzip", stopped=stopped)
    cut = stopped or len(body) > MOST_READ
    text = _decoded(body[:MOST_READ]).replace("\r\n", "\n").replace("\r", "\n")
    if cut:
        text = text[: text.rfind("\n") + 1]
    return _DELAY.sub(_plain_delay, text)


def _plain_delay(line: re.Match[str]) -> str:
    """A Crawl-delay that is a number already as it is; else the number that it begins with (``1,5 s``)."""
    try:
        float(line[2])
    except ValueError:
        number = _NUMBER.match(line[2])
        return f"{line[1]}{number[1]}.{number[2] or 0}" if number else line[0]
    return line[0]


def _decoded(body: bytes) -> str:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    if b"\0" in body[:2]:  # UTF-16 without a mark: every ASCII letter has a zero byte
        return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", "replace")
    return body.decode("utf-8", "replace")


def _inflated(body: bytes, name: str, *, stopped: bool) -> bytes:
    if name not in _INFLATERS:
        raise NotWhole(f"it is compressed in an unknown way ({name[:20]})")
    try:
        out, whole = _INFLATERS[name](body)
    except (zlib.error, brotli.error, zstd.ZstdError) as error:
        raise NotWhole(f"its {name} data is damaged") from error
    if not whole and not stopped and len(out) <= MOST_READ:
        raise NotWhole(f"its {name} data is truncated")
    return out


def _gunzip(body: bytes) -> tuple[bytes, bool]:
    if body[:2] != b"\x1f\x8b":  # a server that names an encoding it did not apply
        return body, True
    out, whole = b"", True
    while body[:2] == b"\x1f\x8b" and len(out) <= MOST_READ:  # gzip may have several members
        decoder = zlib.decompressobj(31)
        out += decoder.decompress(body, MOST_READ + 1 - len(out))
        body, whole = decoder.unused_data, decoder.eof
    return out, whole


def _undeflate(body: bytes) -> tuple[bytes, bool]:
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # some servers send deflate without the zlib header
        decoder = zlib.decompressobj(window)
        try:
            return decoder.decompress(body, MOST_READ + 1), decoder.eof
        except zlib.error:
            continue
    raise zlib.error("neither zlib nor deflate")


def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    return decoder.process(body, output_buffer_limit=MOST_READ + 1), decoder.is_finished()


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    decoder = zstd.ZstdDecompressor()
    return decoder.decompress(body, MOST_READ + 1), decoder.eof


_INFLATERS: dict[str, Callable[[bytes], tuple[bytes, bool]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
