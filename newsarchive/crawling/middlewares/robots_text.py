"""From the bytes of a robots.txt to its text: inflated, of any Unicode encoding, with plain line ends, bounded."""

from __future__ import annotations

import codecs
import re

from newsarchive.errors import NewsArchiveError
from newsarchive.text.compression import CODINGS, GZIP_DEFLATE, DecompressionError, codings_in, decompress

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
_RULE = re.compile(
    r"[ \t]*(?:user[- ]?agent|allow|dis+al+ow|disal+aw|diasllow|site-?maps?|crawl[- ]delay|request[- ]rate"
    r"|visit[- ]time|host)[ \t]*(?:[: \t#]|$)",
    re.IGNORECASE,
)
_AGENT = re.compile(r"^([ \t]*user[- ]?agent[ \t]*+:?[ \t]*+)(\*|[\w-]+)?(.*)", re.IGNORECASE)


class NotWhole(NewsArchiveError):
    """A robots.txt whose rest is missing or cannot be read."""


def robots_text(body: bytes, content_encoding: str = "", *, stopped: bool = False) -> str:
    r"""The first 500 KiB of a robots.txt as text, to a line's end, with ``\n`` for all line ends.

    `stopped`: its rest was not received because enough had come. Raises NotWhole where a compressed body ends before
    its end, or is of an unknown encoding.

    >>> robots_text("\ufeffUser-agent: *\rCrawl-delay: 1,5 s".encode("utf-16-le"))
    'User-agent: *\nCrawl-delay: 1.5'
    """
    for name in codings_in(content_encoding):
        if name != "identity":
            body = _inflated(body, name, stopped=stopped)
    if body.startswith(GZIP_DEFLATE):  # gzip that no header speaks of
        body = _inflated(body, "gzip", stopped=stopped)
    cut = stopped or len(body) > MOST_READ
    text = _decoded(body[:MOST_READ]).replace("\r\n", "\n").replace("\r", "\n")
    if cut:
        text = text[: text.rfind("\n") + 1]
    return _DELAY.sub(_plain_delay, text)


def rules_text(text: str) -> str:
    r"""Return the lines of a robots.txt that are rules, as Protego reads them right.

    A line of an unknown kind does not end a group of user agents (RFC 9309, section 2.2), and an agent is named by its
    product token alone, whatever follows (2.2.1).

    >>> rules_text("User-agent: NewsArchive/1.0 (all)\nNoindex: /a\nUser-agent: *\nDisallow: /b")
    'User-agent: NewsArchive\nUser-agent: *\nDisallow: /b'
    """
    rules = [line for line in text.splitlines() if _RULE.match(line)]
    return "\n".join(_AGENT.sub(r"\1\2", line) for line in rules)


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
    if name not in CODINGS:
        raise NotWhole(f"it is compressed in an unknown way ({name[:20]})")
    try:
        out, whole = decompress(body, name, MOST_READ)
    except DecompressionError as error:
        raise NotWhole(f"its {name} data is damaged") from error
    if not whole and not stopped and len(out) <= MOST_READ:
        raise NotWhole(f"its {name} data is truncated")
    return out
