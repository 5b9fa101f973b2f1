"""BM25 over several archives, computed as FTS5 does for one archive that holds all of them.

FTS5's own function knows the document counts and lengths of one archive only. Each archive is asked for the number of
articles with each phrase, and for the score of each phrase alone, which gives back how often an article has the phrase.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from newsarchive.search.expressions import Expression
from newsarchive.search.hits import WEIGHTED
from newsarchive.search.several.archives import Archives
from newsarchive.search.several.places import Place

K1, B = 1.2, 0.75
"""The constants of FTS5."""


@dataclass(frozen=True)
class Volume:
    """How many articles an index has, and how many words."""

    articles: int
    words: int

    @property
    def mean(self) -> float:
        """The mean length of an article in words."""
        return self.words / self.articles

    def weight(self, found: int) -> float:
        """Return the weight of a phrase that `found` articles have (inverse document frequency)."""
        weight = math.log((self.articles - found + 0.5) / (found + 0.5))
        return weight if weight > 0 else 1e-6

    def damping(self, length: int) -> float:
        """Return what is added to a frequency in an article of `length` words."""
        return K1 * (1 - B + B * length / self.mean)


class _Counts(NamedTuple):
    volume: Volume
    found: dict[str, int]
    """The number of articles with each phrase."""


class _Row(NamedTuple):
    length: int
    frequencies: dict[int, int]
    """How often it has each phrase (by its index among the distinct ones), weighted by column."""


class Scorer:
    """Scores hits of one full-text expression."""

    def __init__(self, archives: Archives, match: str) -> None:
        self._archives = archives
        self._expression = Expression.read(match)
        self._distinct = list(dict.fromkeys(filter(None, self._expression.phrases)))
        self._parts = archives.each(lambda db: _count(db, self._distinct))
        self._volume = Volume(
            sum(part.volume.articles for part in self._parts), sum(part.volume.words for part in self._parts)
        )
        numbers = {phrase: number for number, phrase in enumerate(self._distinct)}
        self._order = [numbers.get(phrase, -1) for phrase in self._expression.phrases]
        self._weights = [
            self._volume.weight(sum(part.found[phrase] for part in self._parts)) if phrase else 0.0
            for phrase in self._expression.phrases
        ]
        self._counting: dict[int, tuple[int, ...]] = {}

    def score(self, places: Sequence[Place]) -> list[tuple[Place, float]]:
        """Return the hits with their scores, best first; equal ones newest first."""
        keys: list[list[int]] = [[] for _ in self._parts]
        for place in places:
            keys[place.part].append(place.key)
        asked = list(zip(self._parts, keys, strict=True))
        read = self._archives.each_with(lambda db, one: _read(db, self._distinct, *one), asked)
        scored = [(place, self._score(read[place.part][place.key])) for place in places]
        return sorted(scored, key=lambda hit: (-hit[1], -hit[0].key, -hit[0].part))

    def _score(self, row: _Row) -> float:
        damping = self._volume.damping(row.length)
        score = 0.0
        for position in self._counted(row.frequencies):
            often = row.frequencies[self._order[position]]
            score += self._weights[position] * ((often * (K1 + 1.0)) / (often + damping))
        return score

    def _counted(self, frequencies: Mapping[int, int]) -> tuple[int, ...]:
        """Return the positions of the phrases that count for an article with these phrases."""
        present = sum(1 << position for position, number in enumerate(self._order) if number in frequencies)
        if present not in self._counting:
            bits = self._expression.counting(present)
            self._counting[present] = tuple(p for p in range(len(self._order)) if bits >> p & 1)
        return self._counting[present]


def _count(db: Database, phrases: Sequence[str]) -> _Counts:
    (block,) = db.conn.execute("select block from stems_fts_data where id = 1").fetchone() or (b"",)
    articles, *words = _numbers(block) or [0]
    count = "select count(*) from stems_fts where stems_fts match ?"
    found = {phrase: int(db.conn.execute(count, [phrase]).fetchone()[0]) for phrase in phrases}
    return _Counts(Volume(articles, sum(words)), found)


_LENGTHS = "select id, sz from stems_fts_docsize where id in (select value from json_each(?))"
_FREQUENCIES = f"""
select f.rowid, {WEIGHTED} from stems_fts f
where stems_fts match ? and f.rowid between ? and ? and +f.rowid in (select value from json_each(?))
"""  # noqa: S608


def _read(db: Database, phrases: Sequence[str], counts: _Counts, keys: Sequence[int]) -> dict[int, _Row]:
    """Return the length of each article and how often it has each phrase."""
    if not keys:
        return {}
    listed = json.dumps(keys)
    rows = {key: _Row(sum(_numbers(size)), {}) for key, size in db.conn.execute(_LENGTHS, [listed])}
    for number, phrase in enumerate(phrases):
        if not counts.found[phrase]:
            continue
        weight = counts.volume.weight(counts.found[phrase])
        for key, score in db.conn.execute(_FREQUENCIES, [phrase, min(keys), max(keys), listed]):
            part = -score / weight  # often * (K1 + 1) / (often + damping)
            rows[key].frequencies[number] = round(part * counts.volume.damping(rows[key].length) / (K1 + 1.0 - part))
    return rows


def _numbers(data: bytes) -> list[int]:
    """Return the variable-length integers of a record of FTS5 (https://sqlite.org/fileformat2.html#varint).

    >>> _numbers(bytes([5, 0x81, 0x00, 1]))
    [5, 128, 1]
    """
    if not any(byte & 0x80 for byte in data):
        return list(data)
    return list(_decoded(data))


def _decoded(data: bytes) -> Iterable[int]:
    value = length = 0
    for byte in data:
        length += 1
        value = value << 8 | byte if length == 9 else value << 7 | byte & 0x7F
        if byte < 0x80 or length == 9:
            yield value
            value = length = 0
