"""Fingerprints of paragraphs: they locate the text given in a listing on the article's page."""

from __future__ import annotations

import html
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator

from newsarchive.text.folding import fold

# fmt: off
INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-fit-text", "text",
))
# fmt: on
"""Inline elements."""
_SILENT = re.compile(r"(</?(?:script|style|noscript|iframe)\b[^<>]*>)", re.IGNORECASE)
_LINES = re.compile(r"(?:<br\b[^<>]*>\s*){2,}", re.IGNORECASE)
_TAG = re.compile(r"</?([a-z][a-z0-9-]*+)[^<>]*>|<[^<>]*>", re.IGNORECASE)
_RUN_ON = INLINE | {"br", "img", "td", "th"}
"""Tags that neither begin nor end a paragraph; the cells of a table row form one paragraph."""


def fingerprint(folded: str) -> str:
    """Return the fingerprint of a folded text: six hexadecimal digits.

    >>> fingerprint(fold("Өзен тасыды."))
    'a11c33'
    """
    return f"{zlib.crc32(folded.encode()) & 0xFFFFFF:06x}"


def paragraphs(markup: str) -> list[str]:
    """Return the texts of the paragraphs of an HTML fragment.

    >>> paragraphs("<p>Өзен <b>тасыды</b>.</p><p>Су &amp; жер</p>")
    ['Өзен тасыды.', 'Су & жер']
    """
    shown = "".join(_shown(markup)) if _SILENT.search(markup) else markup
    text = _TAG.sub(_end, _LINES.sub("\0", shown) if "<br" in shown else shown)
    parts = unicodedata.normalize("NFC", html.unescape(text)).split("\0")
    return [part for part in parts if part and not part.isspace()]


def _shown(markup: str) -> Iterator[str]:
    silent = False
    for number, part in enumerate(_SILENT.split(markup)):
        if number % 2:
            silent = not part.startswith("</")
        elif not silent:
            yield part


def _end(tag: re.Match[str]) -> str:
    name = tag[1]
    return "" if name is None or name in _RUN_ON or name.lower() in _RUN_ON else "\0"


def fingerprints(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the fingerprints of texts, without duplicates.

    >>> fingerprints(["Өзен тасыды.", "Су & жер"])
    ('a11c33', 'dd0d67')
    """
    return tuple(dict.fromkeys(fingerprint(folded) for text in texts if (folded := fold(text))))
