"""Addresses in pages: as people read them, and in the room of one newspaper of a collection."""

from __future__ import annotations

import re
from urllib.parse import unquote


def with_prefix(html: str, prefix: str) -> str:
    """Return a page of one newspaper of a collection, its links with a prefix, but for those of the header.

    >>> with_prefix('<link href="/-/a.css"><header><a href="/">home</a></header><a href="/b">b</a>', "/site/x")
    '<link href="/-/a.css"><header><a href="/">home</a></header><a href="/site/x/b">b</a>'
    """
    head, mark, rest = html.partition("<header")
    header, end, body = rest.partition("</header>")
    link = re.compile(r'((?:href|src|action)=")(?=/(?![/-]))')
    return link.sub(rf"\g<1>{prefix}", head) + mark + header + end + link.sub(rf"\g<1>{prefix}", body)


def readable_url(url: str) -> str:
    """Return a URL with readable letters instead of percent-encoding, or unchanged if that is not possible.

    >>> readable_url("https://a.kz/%D1%81%D1%83/")
    'https://a.kz/су/'
    """
    try:
        plain = unquote(url, errors="strict")
    except UnicodeDecodeError:
        return url
    return plain if plain.isprintable() and " " not in plain else url
