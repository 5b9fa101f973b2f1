"""XML of strangers, read safely: no entities of their own, no network, no bombs; and whether it came whole."""

from __future__ import annotations

import re
import zlib

from lxml import etree

from newsarchive.discovery.errors import ListingError
from newsarchive.items import Page

MOST_BYTES = 60_000_000  # the sitemap protocol allows 50 MB
TAIL = 4_000  # bytes: plugins write comments of some lines after the end


def inflate(page: Page) -> tuple[bytes, str]:
    """The body, gunzipped where it is a gzip file, and in words why it is not whole; empty where it is.

    A file of several gzip members is one text (RFC 1952, section 2.2). Raises ListingError on a bomb or a broken file.
    """
    data, parts, room = page.body, [], MOST_BYTES
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
    """The root of an XML document, mended where it is broken, and in words why it is not whole; empty where it is.

    Entities of its own (XML bombs, external files) are refused whole: no feed or sitemap needs them.
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
    """Whether a document's root is closed in the text itself; the parser closes what was cut off."""
    tail = body[-TAIL:].replace(b"\0", b"")  # UTF-16
    if re.search(rb"</\s*(?:[\w.-]+:)?" + re.escape(name_of(root).encode()) + rb"\s*>", tail, re.IGNORECASE):
        return True
    return len(root) == 0 and tail.rstrip().endswith(b"/>")


def name_of(element: etree._Element) -> str:
    """An element's name without its namespace; empty for comments and the like, and for what is no name."""
    try:
        tag = element.tag
    except UnicodeDecodeError:  # the parser recovers bytes that are no letters
        return ""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
