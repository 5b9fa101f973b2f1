"""Fingerprints of an article's paragraphs, by which the text that a listing has is found again on its page."""

from __future__ import annotations

import html
import re
import unicodedata
import zlib
from functools import lru_cache

# fmt: off
INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-fit-text", "text",
))
# fmt: on
"""Elements that run on in a line."""
_AGAIN = 100
"""Characters of a line that may well come again: menus, sidebars and calendars are the same on every page of a site."""
_ALNUM = re.compile(r"[^\W_]+")
_ASCII_MARKS = {c: None for c in range(128) if not chr(c).isalnum()}
_SILENT = re.compile(r"<(script|style|noscript|iframe)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENDS = re.compile(
    rf"(?:<br\b[^>]*>\s*){{2,}}|</?(?!(?:{'|'.join(sorted(INLINE))}|br|img|td|th)\b)[a-z][^>]*>", re.IGNORECASE
)
"""Tags that begin or end a paragraph; the cells of a row are one."""
_TAG = re.compile(r"<[^>]*>")


def fold(text: str) -> str:
    """Letters and digits alone, without case.

    >>> fold("«Жұмысшы мамандығы», 2025!")
    'жұмысшымамандығы2025'
    """
    return _folded_again(text) if len(text) < _AGAIN else _folded(text)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_ASCII_MARKS)
    return "".join(_ALNUM.findall(text.casefold().replace(" ", "")))  # the fewer runs to find, the faster


_folded_again = lru_cache(maxsize=4096)(_folded)


def fingerprint(folded: str) -> str:
    """Six hexadecimal digits of a folded text.

    >>> fingerprint(fold("Өзен тасыды."))
    'a11c33'
    """
    return f"{zlib.crc32(folded.encode()) & 0xFFFFFF:06x}"


def fingerprints(markup: str) -> tuple[str, ...]:
    """Those of an HTML fragment's paragraphs.

    >>> fingerprints("<p>Өзен <b>тасыды</b>.</p><p>Су &amp; жер</p>")
    ('a11c33', 'dd0d67')
    """
    text = _TAG.sub("", _ENDS.sub("\0", _SILENT.sub("", markup)))
    parts = unicodedata.normalize("NFC", html.unescape(text)).split("\0")
    return tuple(dict.fromkeys(fingerprint(folded) for part in parts if (folded := fold(part))))
