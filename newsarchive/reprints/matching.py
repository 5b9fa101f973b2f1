"""Finding the reprints of a text: candidates by their sketches, then by the words themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlite_utils import Database

from newsarchive.kazakh.scripts import script_of
from newsarchive.reprints.sketches import LEAST_WORDS, shares, skeletons, sketch_of, words_of_search_text

LEAST_SHARE = 0.5
"""Share of the shorter text that a reprint has in common with the longer one."""
LEAST_OF_LONGER = 0.1
"""Share of the longer text; a digest of the day's news is no reprint of each item."""
MOST_COMMON = 200
"""A run of words in more articles is boilerplate, and finds nothing."""
LEAST_OF_SKETCH = 0.1
"""Candidates share so much of the smaller sketch."""


@dataclass(frozen=True)
class Words:
    """The words of an article's text."""

    article: int
    words: Sequence[str]

    @property
    def sketch(self) -> list[str]:
        return sketch_of(self.words)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two articles with text in common, and the share of each one's words that the other has."""

    first: int
    second: int
    share_first: float
    share_second: float


def read_words(db: Database, article: int) -> Words:
    """Return the words of an article; none if it has no search text."""
    row = db.conn.execute("select body from stems where id = ?", (article,)).fetchone()
    return Words(article, words_of_search_text(row[0]) if row else [])


def find_pairs(db: Database, text: Words, hashes: Sequence[str]) -> list[Pair]:
    """Return the pairs of an article with those whose sketches are stored."""
    scripts = _Scripts(db)
    others = (read_words(db, other) for other in _candidates(db, text.article, hashes))
    pairs = (pair_of(text, other, partial(scripts.differ, text, other)) for other in others)
    return [pair for pair in pairs if pair is not None]


def _candidates(db: Database, article: int, hashes: Sequence[str]) -> list[int]:
    """Return the articles whose sketches share enough hashes with `hashes`."""
    found = db.conn.execute(_WITH_HASHES, (json.dumps(hashes), MOST_COMMON + 1)).fetchall()
    rare = [numbers for (numbers,) in found if numbers and numbers.count(",") < MOST_COMMON]
    counts = {int(number): count for number, count in Counter(",".join(rare).split(",")).items() if number}
    counts.pop(article, None)
    if not counts:
        return []
    sizes = dict(db.conn.execute(_SIZES.format(", ".join(map(str, counts)))).fetchall())
    return [n for n, count in counts.items() if count >= LEAST_OF_SKETCH * min(len(hashes), sizes[n])]


_WITH_HASHES = """
select (select group_concat(rowid) from
    (select rowid from reprint_sketches_fts where reprint_sketches_fts match wanted.value limit ?2))
from json_each(?1) wanted
"""
"""One statement for all hashes of a text: preparing one for each takes as long as the search."""
_SIZES = (
    "select article, length(hashes) - length(replace(hashes, ' ', '')) + 1 from reprint_sketches where article in ({})"
)


def compare(db: Database, one: Words, other: Words) -> Pair | None:
    """Return two articles as a pair if one reprints the other, else None."""
    return pair_of(one, other, partial(_Scripts(db).differ, one, other))


def pair_of(one: Words, other: Words, differ: Callable[[], bool]) -> Pair | None:
    """Do as `compare`; `differ` says whether the articles are in different scripts."""
    found = _pair(one, other, shares(one.words, other.words))
    if found is None and differ():
        return _pair(one, other, shares(skeletons(one.words), skeletons(other.words)))
    return found


def _pair(one: Words, other: Words, common: tuple[float, float]) -> Pair | None:
    words = (common[0] * len(one.words), common[1] * len(other.words))
    shorter = 0 if len(one.words) <= len(other.words) else 1
    if common[shorter] < LEAST_SHARE or common[1 - shorter] < LEAST_OF_LONGER or min(words) < LEAST_WORDS:
        return None
    if one.article > other.article:
        one, other, common = other, one, common[::-1]
    return Pair(first=one.article, second=other.article, share_first=common[0], share_second=common[1])


class _Scripts:
    """The scripts of articles, each looked at once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[int, str] = {}

    def differ(self, one: Words, other: Words) -> bool:
        """Return True if two articles are in different scripts."""
        return self._of(one.article) != self._of(other.article)

    def _of(self, article: int) -> str:
        if article not in self._known:
            sql = "select substr(body, 1, 2000) from articles where id = ?"
            (body,) = self._db.conn.execute(sql, (article,)).fetchone()
            self._known[article] = script_of(body)
        return self._known[article]
