"""Where the text of an article is found again: in listings, feeds and REST answers, whatever way they write it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from newsarchive.extraction.pages import decode, inflate
from newsarchive.items import Page

WINDOW = 30
"""Letters at the begin of a paragraph by which it is known again."""
SHORT = 12
"""A headline or paragraph of fewer letters tells an article only together with its address."""

_TAG = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>")
_JSON = re.compile(r"\\u([0-9a-fA-F]{4})")
_JSON_CONTROL = re.compile(r"\\[nrtbf]")


class Traces:
    """What an article's text is known by."""

    def __init__(self, texts: Iterable[str], titles: Iterable[str], urls: Iterable[str]) -> None:
        paragraphs = [letters(p) for text in texts for p in text.split("\n")]
        names = [letters(title) for title in titles]
        self._long = {p[:WINDOW] for p in paragraphs if len(p) >= WINDOW} | {n for n in names if len(n) >= SHORT}
        self._short = {n for n in names if 0 < len(n) < SHORT}
        self._short |= {p for p in paragraphs if SHORT <= len(p) < WINDOW}
        self._paths = {letters(unquote(urlsplit(url).path)) for url in urls} - {""}

    def in_page(self, page: Page) -> bool:
        """Whether a captured response holds the headline or a paragraph."""
        kind = page.headers.get("content-type", "").lower()
        if kind.startswith(("image/", "video/", "audio/", "font/")):
            return False
        return self.in_text(decode(inflate(page.body, page.headers.get("content-encoding", "")), kind))

    def in_text(self, text: str) -> bool:
        """Whether a text in HTML, XML or JSON holds the headline or a paragraph."""
        plain = letters(as_plain(text))
        if any(trace in plain for trace in self._long):
            return True
        if not any(trace in plain for trace in self._short):
            return False
        whole = letters(unquote(as_text(text)))
        return any(path in whole for path in self._paths)


def letters(text: str) -> str:
    """The letters and digits of a text alone, small: the same whatever marks and spaces it is set with.

    >>> letters("Су — «тасқын»!")
    'сутасқын'
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text).casefold())


def as_text(text: str) -> str:
    r"""A text out of its JSON and HTML escapes.

    >>> as_text(r'{"title": "\u0421\u0443 &amp; жер"}')
    '{"title": "Су & жер"}'
    """
    text = _JSON_CONTROL.sub(" ", _JSON.sub(lambda found: chr(int(found[1], 16)), text)).replace("\\/", "/")
    return html.unescape(html.unescape(text))


def as_plain(text: str) -> str:
    """A text without its markup.

    >>> as_plain("<title><![CDATA[Су &lt;b&gt;тасыды&lt;/b&gt;]]></title>")
    'Су тасыды'
    """
    return _TAG.sub("", as_text(text))
