"""Reading groups of reprints: their articles in order of publication, with the text they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlite_utils import Database

from newsarchive.reprints.matching import Words, compare, find_pairs, read_words
from newsarchive.reprints.sketches import shares, skeletons
from newsarchive.reprints.updating import pending_words
from newsarchive.search import VISIBLE

LIVE = 200
"""So many of the newest articles not compared yet are compared when a group is read."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """An article of a group."""

    article: int
    site: str
    url: str
    title: str
    published: str
    day: str
    language: str
    gone: str
    place: int
    """1 for the first to publish."""
    words: int
    share: float
    """Share of its words that the first article has too."""
    kept: float
    """Share of the first article's words that it has too."""

    @property
    def is_timed(self) -> bool:
        """True if the time of publication is known, not only the day."""
        return len(self.published) > 10


@dataclass(frozen=True, kw_only=True)
class Group:
    """Articles with the same text, in order of publication."""

    members: tuple[Member, ...]
    parts: tuple[int, ...] = ()
    """The archive that has each member, as an index of `databases`; empty if there is one archive."""

    @property
    def is_order_known(self) -> bool:
        """True if the time of publication tells which article was first, not only the day."""
        first, *others = self.members
        same_day = [m for m in others if m.day == first.day]
        return first.is_timed or not same_day

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites of the group, the first to publish first."""
        return tuple(dict.fromkeys(member.site for member in self.members))


_MEMBERS = f"""
select o.key, a.id as article, a.site, a.url, a.title, a.published, a.day, a.language, a.gone from json_each(?) j
join search_order o on o.article = j.value join articles a on a.id = o.article
where {VISIBLE} order by o.key
"""  # noqa: S608


def group_of(db: Database, article: int) -> Group | None:
    """Return the group of an article; None if nothing reprints it, or it is hidden.

    Articles not compared yet are compared now, up to the newest `LIVE`.
    """
    numbers = _stored(db, article) or _found(db, article)
    numbers |= _pending(db, {article} | numbers)
    group = _read(db, sorted(numbers | {article}))
    return group if group and article in {member.article for member in group.members} else None


def _stored(db: Database, article: int) -> set[int]:
    sql = (
        "select article from reprint_groups where members = (select members from reprint_groups where article = ?)"
        " order by article"
    )
    return {number for (number,) in db.conn.execute(sql, (article,))}


def _found(db: Database, article: int) -> set[int]:
    """Return the articles that one without a group belongs to, if it was not compared yet."""
    if db.conn.execute("select 1 from reprint_sketches where article = ?", (article,)).fetchone():
        return set()
    text = read_words(db, article)
    others = {n for pair in find_pairs(db, text, text.sketch) for n in (pair.first, pair.second)}
    return others.union(*(_stored(db, other) for other in others))


def _pending(db: Database, members: set[int]) -> set[int]:
    """Return the articles not compared yet that reprint one of `members`."""
    waiting = [text for text in pending_words(db, limit=LIVE) if text.article not in members and text.sketch]
    if not waiting:
        return set()
    texts = [read_words(db, number) for number in members]
    sketches = [(text, frozenset(text.sketch)) for text in texts]
    return {
        one.article
        for one in waiting
        if any(not known.isdisjoint(one.sketch) and compare(db, one, text) for text, known in sketches)
    }


def _read(db: Database, numbers: Sequence[int]) -> Group | None:
    rows = visible_members(db, numbers)
    return make_group(rows, [read_words(db, row["article"]) for row in rows]) if len(rows) > 1 else None


def visible_members(db: Database, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return those of some articles that readers may see, in order of publication, with their keys in it."""
    return list(db.query(_MEMBERS, [_json(numbers)]))


def make_group(rows: Sequence[dict[str, Any]], texts: Sequence[Words]) -> Group:
    """Return the group of articles, in order of publication, with their words; `part` is the archive of each."""
    members = tuple(_member(row, place, texts) for place, row in enumerate(rows, 1))
    return Group(members=members, parts=tuple(row["part"] for row in rows if "part" in row))


def _json(numbers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"


def _member(row: dict[str, Any], place: int, texts: Sequence[Words]) -> Member:
    first, own = texts[0].words, texts[place - 1].words
    kept, share = shares(first, own)
    if place > 1 and share < 0.2:  # in another alphabet, words are only spelled alike
        kept, share = shares(skeletons(first), skeletons(own))
    values: dict[str, Any] = {name: value or "" for name, value in row.items() if name not in ("key", "part")}
    return Member(**values, place=place, words=len(own), share=round(share, 4), kept=round(kept, 4))


_GROUPS = """
select "group", place, article, site, url, title, published, day, share from reprints where "group" in (
    select "group" from reprints group by "group"
    having count(distinct site) >= :sites and (:site = '' or sum(site = :site) > 0)
    order by max(day) desc, "group" desc limit :limit offset :offset)
order by "group", place
"""


def list_groups(
    db: Database, *, site: str = "", across: bool = True, limit: int = 50, offset: int = 0
) -> list[list[dict[str, Any]]]:
    """Return the groups with the newest articles first, each as rows of the view `reprints`.

    With `site`, only groups with an article of it; with `across`, only those of several sites.
    """
    values = {"site": site, "sites": 2 if across else 1, "limit": limit, "offset": offset}
    rows = db.query(_GROUPS, values)
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row["group"])]
    return sorted(groups, key=lambda group: (max(row["day"] or "" for row in group), group[0]["group"]), reverse=True)
