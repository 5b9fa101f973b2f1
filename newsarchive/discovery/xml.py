"""Safe reading of third-party XML: no custom entities, no network, no bombs; detects truncated documents."""

from __future__ import annotations

import re
import zlib

from lxml import etree

from newsarchive.discovery.errors import ListingError
from newsarchive.items import Page

MAX_BYTES = 60_000_000  # the sitemap protocol allows 50 MB
TAIL = 4_000  # bytes; plugins write a few lines of comments after the root element


def inflate(page: Page) -> tuple[bytes, str]:
    """Gunzip the body if it is gzip. Returns it, and why it is incomplete (empty if it is complete).

    Several gzip members are concatenated (RFC 1952, section 2.2). Raises ListingError on a bomb or a broken file.
    """
    data, parts, room = page.body, [], MAX_BYTES
    if data[:2] != b"\x1f\x8b":
        return data, ""
    while data[:2] == b"\x1f\x8b":
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            parts.append(inflater.decompress(data, max(room, 1)))
        except zlib.error as error:
            raise ListingError(page.url, "broken gzip") from error
        room -= len(parts[-1])
        if inflater.unconsumed_tail or room <= 0:
            raise ListingError(page.url, "too large when inflated")
        if not inflater.eof:
            return b"".join(parts), "the gzip file is cut off"
        data = inflater.unused_data
    return b"".join(parts), ""


def read_xml(page: Page) -> tuple[etree._Element, str]:
    """Parse XML, recovering from errors. Returns the root, and why it is incomplete (empty if it is complete).

    Raises ListingError if it is not XML or declares entities (XML bombs, external files), which no feed or sitemap
    needs.
    """
    body, cut = inflate(page)
    body = body.lstrip()
    if re.search(rb"<!ENTITY", body[:100_000], re.IGNORECASE):
        raise ListingError(page.url, "XML that declares entities is refused")
    if not body.startswith(b"<") and not body.startswith(b"\xef\xbb\xbf"):
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
    return root, cut or ("" if _is_closed(root, body) else "the XML is cut off before its end")


def _is_closed(root: etree._Element, body: bytes) -> bool:
    """True if the text itself closes the root element; the parser also closes truncated elements."""
    tail = body[-TAIL:].replace(b"\0", b"")  # UTF-16
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
