"""Sentences of two versions side by side, where that is sure. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import log

from newsarchive.export.sentences import split_sentences
from newsarchive.translations.features import features_of

_BEADS = {(1, 1): 0.0, (1, 2): 1.5, (2, 1): 1.5, (1, 0): 2.0, (0, 1): 2.0}
"""How many sentences of each version stand for each other, with the cost of that."""
_SURE_RATIO = 2.0
_MOST = 60_000
"""Pairs of sentences compared; longer texts are not aligned."""


def sentences_of(*texts: str) -> list[str]:
    """Return the sentences of texts, in order."""
    return [s for text in texts for line in text.split("\n") if line.strip() for s in split_sentences(line.strip())]


def align(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of sentences that surely translate each other, by length, names, numbers and neighbours.

    >>> align(["Су тасыды.", "120 үй су астында қалды."], ["Разлилась вода.", "Под водой оказались 120 домов."])
    [('Су тасыды.', 'Разлилась вода.'), ('120 үй су астында қалды.', 'Под водой оказались 120 домов.')]
    """
    if len(first) * len(second) > _MOST:
        return []
    path = _cheapest(first, second)
    ends = [((0, 0), (0, 0)), *pairwise(path), (path[-1], path[-1])]
    found = []
    for number in range(1, len(ends) - 1):
        (a, b), (c, d) = ends[number]
        if (c - a, d - b) == (1, 1) and _is_sure(first[a], second[b], beside=_single(ends, number)):
            found.append((first[a], second[b]))
    return found


def _single(ends: Sequence[tuple[tuple[int, int], tuple[int, int]]], number: int) -> bool:
    """Return True if the neighbours of a bead, where there are any, are of one sentence each too."""
    steps = [(c - a, d - b) for (a, b), (c, d) in (ends[number - 1], ends[number + 1])]
    return all(step in ((1, 1), (0, 0)) for step in steps)


def _is_sure(one: str, other: str, *, beside: bool) -> bool:
    ratio = len(one) / len(other)
    if not 1 / _SURE_RATIO <= ratio <= _SURE_RATIO:
        return False
    mine, theirs = _features(one), _features(other)
    return bool(mine & theirs) or (beside and not (mine and theirs))


def _cheapest(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Return the ends of the beads on the cheapest path through both texts (after Gale and Church 1993)."""
    costs: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i in range(len(first) + 1):
        for j in range(len(second) + 1):
            for (a, b), cost in _BEADS.items():
                before = costs.get((i - a, j - b)) if i >= a and j >= b else None
                if before is not None:
                    whole = before[0] + cost + _cost("".join(first[i - a : i]), "".join(second[j - b : j]))
                    if (i, j) not in costs or whole < costs[i, j][0]:
                        costs[i, j] = (whole, (i - a, j - b))
    path = [(len(first), len(second))]
    while path[-1] != (0, 0):
        path.append(costs[path[-1]][1])
    return path[::-1]


def _cost(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    mine, theirs = _features(one), _features(other)
    return 2 * abs(log(len(one) / len(other))) - len(mine & theirs) + 0.5 * bool(mine and theirs and not mine & theirs)


@lru_cache(maxsize=4096)
def _features(text: str) -> frozenset[str]:
    return features_of(f"– {text}")
