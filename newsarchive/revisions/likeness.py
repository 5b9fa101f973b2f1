"""Whether two contents are the same article, perhaps edited or shown by another theme. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsarchive.revisions.kinds import words_of

_RUN = 4
"""Words in a row that are compared."""
_ALIKE = 0.6
_SHORTEST = 30
"""Texts with fewer words must be equal: those of notices differ in a number alone."""


def is_same_article(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two contents have the same title, the same time of publication if both state it, and most words.

    >>> text = "Ауылда бүгін жаңа мектеп ашылды деп хабарлады облыс әкімдігінің баспасөз қызметі. "
    >>> one, edited = ({"title": "Мектеп", "body": "".join(f"{n}. {text}" for n in n)} for n in (range(9), range(1, 9)))
    >>> is_same_article(one, edited), is_same_article(one, {**edited, "title": "Емхана"})
    (True, False)
    """
    if words_of(one, "title") != words_of(other, "title"):
        return False
    if one.get("published") and other.get("published") and one["published"] != other["published"]:
        return False
    first, second = words_of(one, "lead", "body"), words_of(other, "lead", "body")
    if first == second:
        return True
    if min(len(first), len(second)) < _SHORTEST:
        return False
    runs, others = _runs(first), _runs(second)
    return len(runs & others) >= _ALIKE * len(runs | others)


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}
