"""Recognizing the text of an article in listings, feeds and REST responses, in any markup."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote, urlsplit

from newsarchive.captures.records import Record
from newsarchive.items import Page
from newsarchive.text.encodings import decode, inflate
from newsarchive.text.folding import fold_composed

WINDOW = 30
"""Number of letters at the start of a paragraph by which it is recognized."""
SHORT = 12
"""A headline or paragraph with fewer letters identifies an article only together with its URL."""

_OPENING = re.compile(rf"(?:[\W_]*[^\W_]){{{WINDOW}}}")
_TAG = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>")
_JSON = re.compile(r"\\u([0-9a-fA-F]{4})")
_JSON_CONTROL = re.compile(r"\\[nrtbf]")


class Traces:
    """The headlines and paragraph openings by which an article's text is recognized."""

    def __init__(
        self, texts: Iterable[str], titles: Iterable[str], urls: Iterable[str], *, common: Collection[str] = ()
    ) -> None:
        """`common` are openings (see `opening`) that other articles share: they count only together with the URL."""
        openings = {opening(line) for text in texts for line in text.split("\n")}
        told = {fold_composed(part) for part in openings - set(common)}
        names = {fold_composed(title) for title in titles}
        shared = {fold_composed(part) for part in common}
        self._long = {part for part in told if len(part) >= WINDOW} | {n for n in names - shared if len(n) >= SHORT}
        self._short = {part for part in told | shared | names if len(part) >= SHORT} - self._long
        self._short |= {name for name in names if 0 < len(name) < SHORT}
        self._paths = {fold_composed(unquote(urlsplit(url).path)) for url in urls} - {""}

    def in_page(self, page: Page) -> bool:
        """Return True if a captured response has the headline or a paragraph."""
        return self.in_text(text_of(page))

    def in_text(self, text: str) -> bool:
        """Return True if a text in HTML, XML or JSON has the headline or a paragraph."""
        plain = fold_composed(as_plain(text))
        if any(trace in plain for trace in self._long):
            return True
        if not any(trace in plain for trace in self._short):
            return False
        whole = fold_composed(unquote(as_text(text)))
        return any(path in whole for path in self._paths)


def page_of(record: Record) -> Page:
    """Return the page in a record."""
    headers = record.message.fields() if record.is_http else {}
    return Page(url=record.url, body=record.payload, headers=headers)


def text_of(page: Page) -> str:
    """Return the text of a captured response with its markup; empty for images, audio, video and fonts."""
    kind = page.headers.get("content-type", "").lower()
    if kind.startswith(("image/", "video/", "audio/", "font/")):
        return ""
    return decode(inflate(page.body, page.headers.get("content-encoding", "")), kind)


def opening(paragraph: str) -> str:
    """Return the start of a paragraph up to its thirtieth letter, or all of a shorter one.

    >>> opening("Бір, екі — " * 9)
    'Бір, екі — Бір, екі — Бір, екі — Бір, екі — Бір, екі'
    """
    found = _OPENING.match(paragraph)
    return found[0] if found else paragraph


def as_text(text: str) -> str:
    r"""Return a text without JSON and HTML escapes.

    >>> as_text(r'{"title": "\u0421\u0443 &amp; жер"}')
    '{"title": "Су & жер"}'
    """
    text = _JSON_CONTROL.sub(" ", _JSON.sub(lambda found: chr(int(found[1], 16)), text)).replace("\\/", "/")
    return html.unescape(html.unescape(text))


def as_plain(text: str) -> str:
    """Return a text without its markup.

    >>> as_plain("<title><![CDATA[Су &lt;b&gt;тасыды&lt;/b&gt;]]></title>")
    'Су тасыды'
    """
    return _TAG.sub("", as_text(text))
