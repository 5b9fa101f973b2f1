"""Comparing texts by their letters and digits alone.

`newsarchive.kazakh.scripts.fold_for_search` is another thing: it keeps the words of a text apart, and joins spellings.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CACHED_LENGTH = 100
"""Lines shorter than this are cached: menus, sidebars and calendars repeat on every page of a site."""
_ALNUM = re.compile(r"[^\W_]+")
_ASCII_MARKS = {c: None for c in range(128) if not chr(c).isalnum()}


def fold(text: str) -> str:
    """Return only the letters and digits of a text, case-folded.

    >>> fold("«Жұмысшы мамандығы», 2025!")
    'жұмысшымамандығы2025'
    """
    return _folded_cached(text) if len(text) < _CACHED_LENGTH else _folded(text)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_ASCII_MARKS)
    return "".join(_ALNUM.findall(text.casefold().replace(" ", "")))  # fewer runs to find is faster


_folded_cached = lru_cache(maxsize=4096)(_folded)


def fold_composed(text: str) -> str:
    """Return only the letters and digits of a text in any Unicode normal form, case-folded.

    >>> fold("и\u0306од"), fold_composed("и\u0306од")
    ('иод', 'йод')
    """
    return fold(unicodedata.normalize("NFC", text))
