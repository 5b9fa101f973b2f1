"""Text that was read in a wrong encoding, recognized by letters that no language has side by side."""

from __future__ import annotations

import codecs
import re

_FOREIGN = frozenset("ќўєѕґїј")
"""What windows-1251 has where KZ-1048 has Kazakh letters: letters of Macedonian, Belarusian, Ukrainian, Serbian."""
_ENOUGH = 4
_DOUBLED = re.compile(
    "[\u00d0-\u00d3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|[РСТУ][\u00a0-\u00bf\u0402-\u045f\u0490\u0491\u2013-\u203a\u20ac\u2116\u2122]"
)
"""Cyrillic letters in UTF-8, each read as two letters of windows-1252 or windows-1251."""
_LEADS = "\u00d0\u00d1\u00d2\u00d3РСТУ"


def kazakh_encoding(name: str) -> str:
    """Return Python's name for a Kazakh encoding that the HTML standard does not list; empty for any other.

    >>> kazakh_encoding("KZ-1048"), kazakh_encoding("x-none")
    ('kz1048', '')
    """
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return ""
    return known if known in ("kz1048", "ptcp154") else ""


def is_kazakh_misread(text: str) -> bool:
    """True for Kazakh in KZ-1048 that was read as windows-1251, as pages of the 2000s declare.

    >>> is_kazakh_misread("қазақ тілі, көрші ауыл, өңір, ұлы ғасыр, үй".encode("kz1048").decode("cp1251"))
    True
    """
    return len(_FOREIGN & set(text.lower())) >= _ENOUGH


def undoubled(text: str) -> str:
    """Return a text that was encoded as UTF-8 twice as it was before; any other text as it is.

    >>> undoubled("Жаңа көпір".encode().decode("latin-1")), undoubled("Жаңа көпір".encode().decode("cp1251"))
    ('Жаңа көпір', 'Жаңа көпір')
    """
    sample = text[:100_000]
    foreign = len(sample) - len(sample.encode("ascii", "ignore"))
    leads = sum(map(sample.count, _LEADS))  # as many at least as pairs, and counted in a fraction of the time
    if foreign < _ENOUGH or 2 * leads < 0.8 * foreign or 2 * len(_DOUBLED.findall(sample)) < 0.8 * foreign:
        return text
    for encode in (_as_windows_1252, _as_windows_1251):
        try:
            return encode(text).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _as_windows_1252(text: str) -> bytes:
    """Encode a text by windows-1252, and by Latin-1 where that has no character."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return b"".join(c.encode("latin-1" if ord(c) < 256 else "cp1252") for c in text)


def _as_windows_1251(text: str) -> bytes:
    return text.encode("cp1251")
