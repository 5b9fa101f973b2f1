"""Kinds of change: what makes a revision substantive, cosmetic or metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TEXT_FIELDS = ("title", "lead", "body")


def kind_of_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return ``substantive`` if words changed, ``cosmetic`` if only typography changed, else ``metadata``.

    A standfirst that moves into the body, as after a change of theme, changes no words.

    >>> kind_of_change({"title": "Су", "body": "Тасқын - қауіп"}, {"title": "Су", "body": "Тасқын – қауіп"})
    'cosmetic'
    >>> kind_of_change({"title": "Су", "body": "10 үй"}, {"title": "Су", "body": "12 үй"})
    'substantive'
    """
    if words_of(old, "title") != words_of(new, "title"):
        return "substantive"
    if words_of(old, "lead", "body") != words_of(new, "lead", "body"):
        return "substantive"
    if any((old.get(name) or None) != (new.get(name) or None) for name in TEXT_FIELDS):
        return "cosmetic"
    return "metadata"


def words_of(content: Mapping[str, Any], *names: str) -> list[str]:
    """Return the words of some fields of a content, in lower case."""
    return re.findall(r"\w+", " ".join(content.get(name) or "" for name in names).casefold())
