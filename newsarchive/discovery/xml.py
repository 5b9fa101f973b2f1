"""XML of strangers, read safely: no entities of their own, no network, no bombs."""

from __future__ import annotations

import gzip
import re
import zlib

from lxml import etree

from newsarchive.discovery.errors import ListingError
from newsarchive.items import Page

MOST_BYTES = 60_000_000  # the sitemap protocol allows 50 MB


def inflate(page: Page) -> bytes:
    """The body, gunzipped where it is a gzip file. Raises ListingError on a bomb or a broken file."""
    if page.body[:2] != b"\x1f\x8b":
        return page.body
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = inflater.decompress(page.body, MOST_BYTES)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise ListingError(page.url, "broken gzip") from error
    if inflater.unconsumed_tail:
        raise ListingError(page.url, "too large when inflated")
    return body


def read_xml(page: Page) -> etree._Element:
    """The root of an XML document, mended where it is broken.

    Entities of its own (XML bombs, external files) are refused whole: no feed or sitemap needs them.
    """
    body = inflate(page).lstrip()
    if re.search(rb"<!ENTITY", body[:100_000], re.IGNORECASE):
        raise ListingError(page.url, "XML that declares entities is refused")
    if not body.startswith(b"<") and not body.startswith(b"\xef\xbb\xbf"):
        raise ListingError(page.url, "not XML")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ListingError(page.url, "broken XML") from error
    if root is None:
        raise ListingError(page.url, "broken XML")
    if name_of(root) in ("html", "body"):
        raise ListingError(page.url, "an HTML page in place of XML")
    return root


def name_of(element: etree._Element) -> str:
    """An element's name without its namespace; empty for comments and the like."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""
