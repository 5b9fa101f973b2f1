"""Reprints in what is read, one archive or several as one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from newsarchive.reprints import groups, updating
from newsarchive.reprints.groups import Group
from newsarchive.reprints.several import group_among, groups_among, numbers_among, open_index, update_index
from newsarchive.reprints.several.groups import Place
from newsarchive.search.several import Archives, Reading

SECONDS = 10.0
"""So long the index of several archives is brought up to date before it is read; what is left is reported."""
AT_ONCE = 1.0
"""The same for what every article's page shows."""


def group_of(reading: Reading, article: int, *, part: int = 0) -> Group | None:
    """Return the group of an article of an archive (an index of `databases`); None if nothing reprints it."""
    if not isinstance(reading, Archives):
        return groups.group_of(reading, article)
    with open_index(reading) as index:
        update_index(index, seconds=SECONDS)
        return group_among(index, Place(part, article))


def list_groups(
    reading: Reading, *, site: str = "", across: bool = True, limit: int = 50, offset: int = 0
) -> list[list[dict[str, Any]]]:
    """Return the groups with the newest articles first, each as rows of the view `reprints`.

    With `site`, only groups with an article of it; with `across`, only those of several sites.
    """
    if not isinstance(reading, Archives):
        return groups.list_groups(reading, site=site, across=across, limit=limit, offset=offset)
    with open_index(reading) as index:
        update_index(index, seconds=SECONDS)
        return groups_among(index, site=site, across=across, limit=limit, offset=offset)


def count_reprints(reading: Reading, article: int, *, part: int = 0) -> int:
    """Return how many other articles are known by now to have the text of an article."""
    if isinstance(reading, Archives):
        with open_index(reading) as index:
            update_index(index, seconds=AT_ONCE)
            group = group_among(index, Place(part, article))
            return len(group.members) - 1 if group else 0
    sql = (
        "select count(*) from reprint_groups g where g.article <> ?1 and g.article not in"
        " (select article from hidden) and g.members = (select members from reprint_groups where article = ?1)"
    )
    return int(reading.conn.execute(sql, (article,)).fetchone()[0])


def group_numbers(reading: Reading, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return the number of the group of each article that has one; an article is its archive and its number there."""
    if isinstance(reading, Archives):
        with open_index(reading) as index:
            update_index(index, seconds=SECONDS)
            return {(p.part, p.article): n for p, n in numbers_among(index, map(Place._make, places)).items()}
    listed = json.dumps([article for _, article in places])
    sql = "select article, members from reprint_groups where article in (select value from json_each(?))"
    return {(0, article): group for article, group in reading.conn.execute(sql, (listed,))}


def count_pending(reading: Reading) -> int:
    """Return the number of articles not compared yet."""
    if not isinstance(reading, Archives):
        return updating.count_pending(reading)
    with open_index(reading) as index:
        return index.count_pending()
