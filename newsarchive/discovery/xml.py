"""Safe reading of third-party XML: no custom entities, no network, no bombs; detects truncated documents."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from newsarchive.discovery.errors import ListingError
from newsarchive.items import Page
from newsarchive.text.compression import GZIP, DecompressionError, decompress

MAX_BYTES = 60_000_000  # the sitemap protocol allows 50 MB
TAIL = 4_000  # bytes; plugins write a few lines of comments after the root element


DEEPEST_GZIP = 3  # a file that was compressed by the site, and again by its server
_MARKS = (  # longest first: the mark of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED: dict[tuple[bool, ...], str] = {  # where the zero bytes of the first ASCII characters are
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
_ENCODING = re.compile(r"""^(<\?xml[^>]{0,500}?)\s{1,500}encoding\s*=\s*["'][^"'>]*["']""")
_LATE_DECLARATION = re.compile(rb"<\?xml\s|<rss[\s>]|<feed[\s>]|<(?:\w+:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_PREAMBLE = 20_000
"""PHP writes notices, and caches write comments, of at most this many bytes before a document."""


def inflate(page: Page) -> tuple[bytes, str]:
    """Gunzip the body if it is gzip, whatever its name. Returns it, and why it is incomplete (empty if complete).

    Raises ListingError on a bomb or a broken file.
    """
    data, cut = page.body, page.cut
    for _ in range(DEEPEST_GZIP):
        if not data.startswith(GZIP):
            break
        data, cut_here = _gunzip(data, page.url)
        cut = cut or cut_here
    return data, cut


def _gunzip(data: bytes, url: str) -> tuple[bytes, str]:
    """Inflate one layer of gzip."""
    try:
        data, complete = decompress(data, "gzip", MAX_BYTES)
    except DecompressionError as error:
        raise ListingError(url, "broken gzip") from error
    if len(data) > MAX_BYTES:
        raise ListingError(url, "too large when inflated")
    return data, "" if complete else "the gzip file is cut off"


def as_utf8(body: bytes) -> bytes:
    """Return a document without byte order mark; UTF-16 and UTF-32 become UTF-8, other encodings stay as they are.

    >>> as_utf8(b"\\xff\\xfe" + '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16-le"))
    b'<?xml version="1.0"?><a/>'
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            rest = body[len(mark) :]
            return rest if name == "utf-8" else _recoded(rest, name)
    encoding = _UNMARKED.get(tuple(byte == 0 for byte in body[:4])) if body[:4].isascii() else None
    return _recoded(body, encoding) if encoding else body


def _recoded(body: bytes, encoding: str) -> bytes:
    text = body.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    return _ENCODING.sub(r"\1", text).encode("utf-8", "replace")


def xml_text(body: bytes) -> bytes:
    """Return an XML document from its first character on: without mark, blank lines and what PHP wrote before it."""
    body = as_utf8(body).lstrip()
    late = _LATE_DECLARATION.search(body, 0, _PREAMBLE)
    before = body[: late.start()].lower() if late else b""
    return body[len(before) :] if b"<html" not in before and b"<!doctype" not in before else body


def read_xml(page: Page) -> tuple[etree._Element, str]:
    """Parse XML, recovering from errors. Returns the root, and why it is incomplete (empty if it is complete).

    The element in which a truncated document ends is left out: half a URL is another URL. Raises ListingError if it
    is not XML or declares entities that may be bombs or external files, which no feed or sitemap needs.
    """
    body, cut = inflate(page)
    body = without_entities(xml_text(body), page.url)
    if not body.startswith(b"<"):
        raise ListingError(page.url, "not XML")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise ListingError(page.url, "broken XML") from error
    if root is None:
        raise ListingError(page.url, "broken XML")
    if name_of(root) in ("html", "body"):
        raise ListingError(page.url, "an HTML page in place of XML")
    cut = cut or ("" if _is_closed(root, body) else "the XML is cut off before its end")
    if cut:
        _drop_unclosed(root, body)
    return root, cut


def without_entities(body: bytes, url: str) -> bytes:
    """Replace the entities that a document declares as plain text, and drop the declarations.

    Raises ListingError on a value with a reference or markup in it, on an external entity, and on too many. An external
    set of entities (of the characters of XHTML) is never read.

    >>> without_entities(b'<!DOCTYPE r [<!ENTITY id "tag:a.kz,">]><r>&id;7</r>', "")
    b'<r>tag:a.kz,7</r>'
    """
    if not re.search(rb"<!ENTITY", body[:100_000], re.IGNORECASE):
        return body
    doctype = _DOCTYPE.match(body, max(0, body[:_PREAMBLE].upper().find(b"<!DOCTYPE")), _PREAMBLE)
    declared = dict(_ENTITY.findall(doctype[1])) if doctype else {}
    plain = {name: value[1:-1] for name, value in declared.items()}
    left = _EXTERNAL_SET.sub(b"", _ENTITY.sub(b"", doctype[1])) if doctype else b"<!ENTITY"
    if (
        b"<!ENTITY" in left.upper()
        or len(plain) > _MOST_ENTITIES
        or any(re.search(rb"[&%<]", v) for v in plain.values())
    ):
        raise ListingError(url, "XML that declares entities is refused")
    assert doctype is not None
    body = body[: doctype.start()] + body[doctype.end() :]
    if not plain:
        return body
    names = b"|".join(re.escape(name) for name in plain)
    body, number = re.subn(rb"&(" + names + rb");", lambda found: plain[found[1]], body, count=_MOST_REFERENCES)
    if number == _MOST_REFERENCES:
        raise ListingError(url, "XML with more entities than any feed needs")
    return body


_MOST_ENTITIES, _MOST_REFERENCES = 100, 10_000
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^\[<>]{0,500}\[([^\]]*)\]\s{0,50}>", re.IGNORECASE)
_ENTITY = re.compile(rb"""<!ENTITY\s+([\w.-]{1,100})\s+("[^"]{0,200}"|'[^']{0,200}')\s*>""", re.IGNORECASE)
_EXTERNAL_SET = re.compile(
    rb"""<!ENTITY\s+%\s*[\w.-]{1,100}\s+(?:PUBLIC|SYSTEM)\s+["'][^"'<>]{0,500}["'](?:\s*["'][^"'<>]{0,500}["'])?\s*>""",
    re.IGNORECASE,
)
ENTRIES = ("url", "sitemap", "item", "entry")


def _drop_unclosed(root: etree._Element, body: bytes) -> None:
    """Drop the last entry of a truncated document if the text does not close it; the parser did."""
    closed = max(_last(body, rb"</(?:[\w.-]+:)?%s\s*>", name) for name in ENTRIES)
    begun = max(_last(body, rb"<(?:[\w.-]+:)?%s[\s>]", name) for name in ENTRIES)
    if begun > closed:
        last = next((e for e in reversed(list(root.iter())) if name_of(e) in ENTRIES), None)
        parent = last.getparent() if last is not None else None
        if last is not None and parent is not None:
            parent.remove(last)


def _last(body: bytes, pattern: bytes, name: str) -> int:
    """Return where the last match in the end of a body starts; -1 if there is none."""
    tail = body[-_PREAMBLE * 10 :]
    found = list(re.finditer(pattern % re.escape(name).encode(), tail, re.IGNORECASE))
    return found[-1].start() if found else -1


def _is_closed(root: etree._Element, body: bytes) -> bool:
    """True if the text itself closes the root element; the parser also closes truncated elements."""
    tail = body[-TAIL:]
    if re.search(rb"</\s*(?:[\w.-]+:)?" + re.escape(name_of(root).encode()) + rb"\s*>", tail, re.IGNORECASE):
        return True
    return len(root) == 0 and tail.rstrip().endswith(b"/>")


def name_of(element: etree._Element) -> str:
    """Return an element's local name in lower case; empty for comments, processing instructions and invalid names."""
    try:
        tag = element.tag
    except UnicodeDecodeError:  # the parser recovers bytes that are not valid text
        return ""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
