"""The newest or oldest hits of several archives, in the order of publication."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sqlite_utils import Database

from newsarchive.search.selection import Selection
from newsarchive.search.several.archives import Archives

FEW = 1_000
"""So many hits are read from each archive before they are counted."""


class Place(NamedTuple):
    """An article's place in the order of publication: its key in `search_order`, then its archive's index."""

    key: int
    part: int


class _Asked(NamedTuple):
    selection: Selection
    match: str | None
    newest: bool
    beyond: int | None
    """Only places after this key, in the order that is asked for."""
    most: int

    def keys(self, db: Database) -> list[int]:
        rows = self.selection.rows(
            db,
            "$key",
            match=self.match,
            order=f"$key {'desc' if self.newest else 'asc'}",
            limit=self.most,
            below=self.beyond,
        )
        return [key for (key,) in rows]

    def count(self, db: Database) -> int:
        return int(next(self.selection.rows(db, "count(*)", match=self.match, below=self.beyond))[0])


def first_places(
    archives: Archives,
    selections: Sequence[Selection],
    most: int,
    *,
    match: str | None = None,
    newest: bool = True,
    below: Sequence[int | None] = (),
) -> list[Place]:
    """Return the newest (or oldest) `most` hits of all archives, in order.

    `below` limits the hits of each archive to smaller keys.
    """
    limits = [most] * len(selections)
    bounds = list(below) or [None] * len(selections)
    asked = [_Asked(s, match, newest, b, m) for s, b, m in zip(selections, bounds, limits, strict=True)]
    keys = archives.each_with(lambda db, one: one._replace(most=min(most, FEW)).keys(db), asked)
    if most > FEW and any(len(found) == FEW for found in keys):
        counts = archives.each_with(lambda db, one: one.count(db), asked)
        asked = [one._replace(most=share) for one, share in zip(asked, _shares(counts, most), strict=True)]
        keys = archives.each_with(lambda db, one: one.keys(db), asked)
    while True:
        places = sorted((Place(k, part) for part, found in enumerate(keys) for k in found), reverse=newest)[:most]
        short = [
            part
            for part, (one, found) in enumerate(zip(asked, keys, strict=True))
            if one.most < most and len(found) == one.most and _may_miss(Place(found[-1], part), places, most, newest)
        ]
        if not short:
            return places
        for part in short:  # an archive whose hits are more recent than those of others
            asked[part] = asked[part]._replace(most=min(most, 2 * asked[part].most))
        more = [one if part in short else None for part, one in enumerate(asked)]
        read = archives.each_with(lambda db, one: one.keys(db) if one else [], more)
        keys = [new if part in short else old for part, (old, new) in enumerate(zip(keys, read, strict=True))]


def _shares(counts: Sequence[int], most: int) -> list[int]:
    """Return how many hits to read of each archive: all if they are few, else its share and a fifth more.

    >>> _shares([100, 50], 1000), _shares([3000, 1000], 1000)
    ([1000, 1000], [920, 320])
    """
    total = sum(counts)
    if total <= most:
        return [most] * len(counts)
    return [min(most, math.ceil(count * most / total * 1.2) + 20) for count in counts]


def _may_miss(last: Place, places: Sequence[Place], most: int, newest: bool) -> bool:  # noqa: FBT001
    """Return True if an archive read down to `last` may have more hits among the first `most`."""
    if len(places) < most:
        return True
    return last > places[-1] if newest else last < places[-1]
