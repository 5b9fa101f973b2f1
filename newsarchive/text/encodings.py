"""Decoding of response bodies: content encodings (with a size limit) and character encodings."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from newsarchive.items import Page
from newsarchive.text.compression import (
    CODINGS,
    GZIP,
    GZIP_DEFLATE,
    DecompressionError,
    codings_in,
    decompress,
    gunzip_stream,
)
from newsarchive.text.misread import is_kazakh_misread, kazakh_encoding, undoubled

CAP = 20_000_000
"""Maximum size of a decompressed page in bytes; the rest is ignored (a bomb, or not an article)."""
_STEP = 65_536
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*+=\s*+["']?+\s*+([a-zA-Z0-9_:.-]{2,40})""", re.I)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([a-zA-Z0-9_:.-]{2,40})""")
_HEADER_CHARSET = re.compile(r"""charset\s*+=\s*+["']?+\s*+([a-zA-Z0-9_:.-]{2,40})""", re.I)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def inflate(body: bytes, content_encoding: str = "", *, cap: int = CAP) -> bytes:
    """Remove the content encodings from a body; return at most `cap` bytes, and what there is of truncated data.

    Servers name encodings that they did not apply, so gzip and zstd are recognized by their magic numbers.

    >>> inflate(zlib.compress(b"text"), "deflate")
    b'text'
    >>> inflate(b"<p>plain</p>", "gzip")
    b'<p>plain</p>'
    """
    for name in codings_in(content_encoding):
        if name in CODINGS:
            body = _decompressed(body, name, cap)
    if body.startswith(GZIP_DEFLATE):  # gzip without a Content-Encoding header
        body = _decompressed(body, "gzip", cap)
    return body[:cap]


def _decompressed(body: bytes, coding: str, cap: int) -> bytes:
    """Remove a content coding as far as that can be done; data of another form is returned unchanged."""
    try:
        return decompress(body, coding, cap)[0] or body
    except DecompressionError as error:
        return error.partial or body


def gunzipped(page: Page) -> Page | None:
    """Return the page with its gzip body decompressed, so that this is done once; None if the body is truncated.

    Pages with other encodings, several gzip members or trailing data are returned unchanged.

    >>> body = zlib.compress(b"text", wbits=31)
    >>> gunzipped(Page(url="", body=body)).body, gunzipped(Page(url="", body=body[:-9]))
    (b'text', None)
    """
    if not page.body.startswith(GZIP):
        return page
    decoder = gunzip_stream()
    try:
        body = decoder.decompress(page.body, CAP)
    except zlib.error:
        return page
    if not decoder.eof:
        return page if decoder.unconsumed_tail else None
    plain = page.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip", "")
    return replace(page, body=body) if plain and not decoder.unused_data else page


def decode(body: bytes, content_type: str = "") -> str:
    """Decode a page whose header, meta element and bytes may disagree about the encoding.

    A byte order mark takes precedence; then UTF-8 if the bytes are valid UTF-8 (other encodings rarely are by chance);
    then the encoding declared in header or meta that yields the more plausible text; then the detected encoding.

    >>> decode("<p>қала</p>".encode(), "text/html; charset=windows-1251")
    '<p>қала</p>'
    >>> decode("<meta charset=utf-8><p>город и люди</p>".encode("cp1251"), "text/html")
    '<meta charset=utf-8><p>город и люди</p>'
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = list(_declared_encodings(body, content_type))
    if not any(name in _SEVEN_BIT for name in declared):
        try:
            return undoubled(body.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    readings = [reading for name in declared if (reading := _reading(body, name))]
    if "utf-8" not in declared or not readings or min(readings)[0] > _PLAUSIBLE:
        detected = detect_encoding(body[:_STEP] + body[-_STEP:])
        readings += [reading for name in (detected, "utf-8") if (reading := _reading(body, str(name)))]
    return min(readings, key=lambda r: r[0])[1] if readings else body.decode("utf-8", "replace")


_SEVEN_BIT = frozenset({"iso-2022-jp", "utf-16-le", "utf-16-be", "hz-gb-2312"})
_PLAUSIBLE = 0.02


def _declared_encodings(body: bytes, content_type: str) -> Iterator[str]:
    names = []
    if in_header := _HEADER_CHARSET.search(content_type):
        names.append(in_header[1])
    head = body[:8192]
    names += [found[1].decode("ascii") for p in (_META_CHARSET, _XML_CHARSET) if (found := p.search(head))]
    for name in dict.fromkeys(names):
        known = map_encoding_to_html5(name, fallback_utf8=False) or kazakh_encoding(name)
        # a page with a readable ASCII meta element is not UTF-16, whatever the element declares
        if known and not (known.startswith("utf-16") and b"<" in body[:200] and b"\0" not in body[:200]):
            yield known


def _reading(body: bytes, name: str) -> tuple[float, str] | None:
    try:
        text = body.decode(name, "replace")
    except LookupError:
        return None
    if codecs.lookup(name).name == "cp1251" and is_kazakh_misread(text):
        text = body.decode("kz1048", "replace")
    return _implausibility(text), text


def _implausibility(text: str) -> float:
    """Return the share of non-ASCII letters that look misread: replacements, controls, capitals inside words."""
    sample = text[:200_000]
    foreign = sum(map(len, re.findall(r"[^\x00-\x7f]+", sample)))
    broken = len(re.findall(r"[\ufffd\x80-\x9f]", sample))
    return (5 * broken + sum(map(len, _MISREAD.findall(sample)))) / max(foreign, 1)


# signs of a wrong encoding: KOI8-R and windows-1251 taken for each other swap the case; UTF-8 taken for a
# single-byte encoding makes pairs such as Ã© and Р°; Cyrillic taken for Latin makes words of accented letters only;
# Latin taken for Cyrillic makes words that mix both scripts
_MISREAD = re.compile(
    r"[а-яё][А-ЯЁ]|[ÃÂÐÑРС][\x80-\xbf°-¿„-™]|[À-ÖØ-öø-ÿ]{3,}|[a-zA-Z][а-яёА-ЯЁ]|[а-яёА-ЯЁ][a-zA-Z]|[\u2500-\u259f]"
)


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SPACES = "\x0b\x0c\r\x1c\x1d\x1e\x1f\x85"
_LINES = ("lead", "body", "markdown")
"""Fields of a record that may have several lines."""
T = TypeVar("T")


def printable(text: str) -> str:
    r"""Remove control characters, lone surrogates and noncharacters, which XML does not allow.

    White space among them becomes a space; line ends are kept.

    >>> printable("су\x07 жол\x0bы\ud800\r\n")
    'су жол ы\n'
    """
    if not _CONTROL.search(text):
        return text
    return _CONTROL.sub(lambda found: " " if found[0] in _SPACES else "", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    r"""Make a text one line: remove control characters and line ends.

    >>> one_line("су\x07\nжолы"), one_line("а  б")
    ('су жолы', 'а  б')
    """
    if not _CONTROL.search(text) and not re.search(r"[\n\t\u2028\u2029]", text):
        return text
    return " ".join(printable(text).split())


def printable_record(record: T) -> T:
    """Make the text in all fields of a record printable; list items that become empty are dropped."""
    cleaned = _printable(record, lines=False)
    assert isinstance(cleaned, type(record))
    return cleaned


def _printable(value: Any, *, lines: bool) -> Any:
    if isinstance(value, str):
        return printable(value) if lines else one_line(value)
    if isinstance(value, tuple):
        cleaned = [_printable(item, lines=False) for item in value]
        kept = tuple(new for new, old in zip(cleaned, value, strict=True) if new == old or not _is_empty(new))
        return kept if kept == value else tuple(dict.fromkeys(kept))
    if isinstance(value, dict):
        return {name: _printable(item, lines=False) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        old = {field.name: getattr(value, field.name) for field in fields(value)}
        new = {name: _printable(item, lines=name in _LINES) for name, item in old.items()}
        return value if new == old else replace(value, **new)
    return value


def _is_empty(value: object) -> bool:
    return not value or (hasattr(value, "name") and not value.name)


def escape_unprintable(text: str) -> str:
    """A stranger's text as it can be stored and shown: control characters and broken letters escaped.

    >>> print(escape_unprintable("http://[" + chr(27) + chr(0xD800)))
    http://[\\x1b\\ud800
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:2_000])
