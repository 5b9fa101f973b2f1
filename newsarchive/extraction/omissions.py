"""Evidence of omission: what was left out of the article's own element, by which rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newsarchive.extraction.blocks import Block
from newsarchive.text.encodings import one_line

_MOST = 30
"""Texts that are listed; those beyond are only counted, by rule."""
_FIRST = 80
"""Characters of a text that are kept."""


def summed(omitted: Sequence[tuple[str, Block]]) -> list[dict[str, Any]]:
    """Return omissions for the evidence of a revision: rule, first words and length in characters of each text.

    Texts beyond the first 30 are counted in one entry per rule, without words.
    """
    listed = [(rule, block.text) for rule, block in omitted if block.text]
    found: list[dict[str, Any]] = [
        {"rule": rule, "text": _first_words(text), "length": len(text)} for rule, text in listed[:_MOST]
    ]
    rest: dict[str, dict[str, Any]] = {}
    for rule, text in listed[_MOST:]:
        entry = rest.setdefault(rule, {"rule": rule, "text": "", "length": 0, "more": 0})
        entry["length"] += len(text)
        entry["more"] += 1
    return [*found, *rest.values()]


def _first_words(text: str) -> str:
    """Return the beginning of a text, ending with a whole word."""
    line = " ".join(one_line(text).split())
    if len(line) <= _FIRST:
        return line
    return f"{line[:_FIRST].rpartition(' ')[0] or line[:_FIRST]}…"
