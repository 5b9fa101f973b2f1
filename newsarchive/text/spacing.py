"""Normalizes the spaces and invisible characters of a text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

INVISIBLE = str.maketrans(
    {chr(c): None for c in (*range(9), *range(14, 28))}
    | {"\u00ad": None, "\u200b": None, "\ufeff": None, "\u2060": None, "\u00a0": " ", "\u202f": " "}
)
_HAS_INVISIBLE = re.compile(f"[{re.escape(''.join(map(chr, INVISIBLE)))}]")
_SPACE = re.compile(r"[ \t\r\f\v\u2000-\u200a\u3000\x1c-\x1f]+")
_WIDE_SPACE = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_CACHED_LENGTH = 100
"""Lines shorter than this are cached: menus, sidebars and calendars repeat on every page of a site."""


def tidy(text: str) -> str:
    """Normalize visible text: remove soft hyphens and zero-width characters, collapse spaces, trim lines, apply NFC.

    >>> tidy("Тәуел\\u00adсіздік \\u00a0 күні")
    'Тәуелсіздік күні'
    """
    return _cleaned_cached(text) if len(text) < _CACHED_LENGTH else _cleaned(text)


def _cleaned(text: str) -> str:
    if _HAS_INVISIBLE.search(text):  # rare, and searching costs a tenth of translating
        text = text.translate(INVISIBLE)
    text = text.strip()
    if text != " ".join(text.split()):
        text = _SPACE.sub(" ", text)
        if "\n" in text:
            text = re.sub(r" ?\n ?", "\n", text)
    return unicodedata.normalize("NFC", text).strip()


_cleaned_cached = lru_cache(maxsize=4096)(_cleaned)


def collapse(text: str) -> str:
    """Return a text on one line, without soft hyphens and repeated spaces.

    >>> collapse("  Бас\\u00adмақ \\n\\u00a0сөз ")
    'Басмақ сөз'
    """
    return _WIDE_SPACE.sub(" ", text.replace("\u00ad", "")).strip()
