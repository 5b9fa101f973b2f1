"""Reading the groups of reprints over several archives."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from newsarchive.reprints.groups import Group, make_group, visible_members
from newsarchive.reprints.matching import read_words
from newsarchive.reprints.several.index import Index


class Place(NamedTuple):
    """An article: its archive, as an index of `archives.parts`, and its number there."""

    part: int
    article: int


def group_among(index: Index, place: Place) -> Group | None:
    """Return the group of an article; None if nothing reprints it, or it is hidden."""
    sql = """select shard, article from docs where id in (select doc from groups where members = (
        select members from groups g join docs d on d.id = g.doc where d.shard = ? and d.article = ?))"""
    names = [part.name for part in index.archives.parts]
    found = index.connection.execute(sql, (names[place.part], place.article))
    rows = _visible(index, [Place(names.index(shard), article) for shard, article in found if shard in names])
    if len(rows) < 2 or place not in {Place(row["part"], row["article"]) for row in rows}:
        return None
    texts = [read_words(index.archives.parts[row["part"]].db, row["article"]) for row in rows]
    return make_group(rows, texts)


def _visible(index: Index, places: Iterable[Place]) -> list[dict[str, Any]]:
    """Return the articles that readers may see, in order of publication, each with its archive (`part`)."""
    by_part: dict[int, list[int]] = defaultdict(list)
    for part, article in places:
        by_part[part].append(article)
    rows = [
        {**row, "part": part}
        for part, articles in by_part.items()
        for row in visible_members(index.archives.parts[part].db, articles)
    ]
    return sorted(rows, key=lambda row: (row["key"], row["part"]))


def numbers_among(index: Index, places: Iterable[Place]) -> dict[Place, int]:
    """Return the number of the group of each article that has one."""
    parts = index.archives.parts
    sql = "select members from groups g join docs d on d.id = g.doc where d.shard = ? and d.article = ?"

    def number(place: Place) -> int | None:
        row = index.connection.execute(sql, (parts[place.part].name, place.article)).fetchone()
        return int(row[0]) if row else None

    return {place: found for place in places if (found := number(place)) is not None}


def groups_among(
    index: Index, *, site: str = "", across: bool = True, limit: int = 50, offset: int = 0
) -> list[list[dict[str, Any]]]:
    """Return the groups with the newest articles first, as `list_groups` does."""
    names = {part.name: number for number, part in enumerate(index.archives.parts)}
    sql = "select g.members, d.shard, d.article, d.id from groups g join docs d on d.id = g.doc"
    rows = [(group, Place(names[s], a), doc) for group, s, a, doc in index.connection.execute(sql) if s in names]
    known = {place: (group, doc) for group, place, doc in rows}
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in _visible(index, known):
        group, doc = known[Place(row["part"], row["article"])]
        groups[group].append({**row, "doc": doc})
    chosen = [
        (max(row["day"] or "" for row in rows), number)
        for number, rows in groups.items()
        if len(rows) > 1
        and len({row["site"] for row in rows}) >= (2 if across else 1)
        and (not site or site in {row["site"] for row in rows})
    ]
    chosen = sorted(chosen, reverse=True)[offset : offset + limit]
    return [_as_rows(index, number, groups[number]) for _, number in chosen]


def _as_rows(index: Index, number: int, members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a group as rows of the view `reprints`."""
    docs = json.dumps([row["doc"] for row in members])
    sql = """select first, second, share_first, share_second from pairs
        where first in (select value from json_each(?1)) and second in (select value from json_each(?1))"""
    shares: dict[int, float] = defaultdict(float)
    for first, second, share_first, share_second in index.connection.execute(sql, (docs,)):
        shares[first], shares[second] = max(shares[first], share_first), max(shares[second], share_second)
    columns = ("article", "site", "url", "title", "published", "day")
    return [
        {"group": number, "place": place, **{name: row[name] for name in columns}, "share": shares.get(row["doc"])}
        for place, row in enumerate(members, 1)
    ]
