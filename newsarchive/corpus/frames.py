"""The texts that counts are made over: the newest articles of a selection, and the counts of their words and stems.

A word is what search takes for one: letters and digits, folded; a hyphen parts words. Lead and body are counted,
headlines are not. Counts over a frame are exact; only the frame may be smaller than the selection, which it states.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Unpack

from sqlite_utils import Database

from newsarchive.search.selection import DAY_BITS, Filters, Selection, key_day
from newsarchive.search.several import Archives, Reading, databases, selections_of
from newsarchive.search.several.places import first_places
from newsarchive.text.search_text import MARK, language_code, stem_of

MOST_ARTICLES = 8_000
"""Number of newest articles over which words are counted."""
STEMS, FORMS = "stems", "forms"


class Text(NamedTuple):
    """The words of an article in order, and the stems of those that differ from their stem, in the same order."""

    article: int
    code: str
    words: list[str]
    stems: list[str]
    part: int = 0
    """The archive that has it, as an index of `databases`."""


@dataclass
class Frame:
    """What was counted: the newest articles of a selection."""

    articles: int = 0
    words: int = 0
    first_day: str = ""
    last_day: str = ""
    selected: int = 0
    """Number of articles of the selection."""
    counts: Counts = field(default_factory=lambda: Counts())

    @property
    def is_whole(self) -> bool:
        """True if every article of the selection was counted."""
        return self.articles == self.selected

    def as_data(self) -> dict[str, object]:
        """Return the frame as plain data, for citing a count and making it again."""
        return {
            "articles": self.articles,
            "words": self.words,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "selected_articles": self.selected,
            "text": "lead and body",
        }


class Counts:
    """Frequencies of words and of stems, by the language of the text."""

    def __init__(self) -> None:
        self.words: dict[str, Counter[str]] = defaultdict(Counter)
        self.stems: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, text: Text) -> None:
        """Count the words of a text."""
        self.words[text.code].update(text.words)
        self.stems[text.code].update(text.stems)

    def frequency(self, unit: str, by: str) -> int:
        """Return how often a word or a stem occurs."""
        if by == FORMS:
            return sum(words[unit] for words in self.words.values() if unit in words)
        own = sum(words[unit] for code, words in self.words.items() if unit in words and stem_of(unit, code) == unit)
        return own + sum(stems[unit] for stems in self.stems.values() if unit in stems)

    def units(self, by: str, *, least: int = 1) -> set[str]:
        """Return all words or stems; stems that are seldom (below `least`) may be left out."""
        if by == FORMS:
            return {word for words in self.words.values() for word in words}
        own = {
            word
            for code, words in self.words.items()
            for word, count in words.items()
            if count >= least and stem_of(word, code) == word
        }
        return own.union(*self.stems.values())


def read_texts(reading: Reading, query: str, frame: Frame, *, most: int, **filters: Unpack[Filters]) -> Iterator[Text]:
    """Yield the texts of the newest articles of a selection, at most `most`, and describe them in `frame`.

    Raises FilterError.
    """
    selections = selections_of(reading, query, filters)
    dbs = databases(reading)
    frame.selected = sum(int(next(s.rows(db, "count(*)"))[0]) for db, s in zip(dbs, selections, strict=True))
    for part, (article, key, language, body) in _newest(reading, dbs, selections, most):
        day = key_day(key >> DAY_BITS << DAY_BITS).isoformat()
        frame.first_day, frame.last_day = min(frame.first_day or day, day), max(frame.last_day, day)
        words, _, marks = body.partition(f" {MARK}")
        stems = marks.split(f" {MARK}") if marks else []
        text = Text(article, language_code(language, body), words.split(), stems, part)
        frame.articles += 1
        frame.words += len(text.words)
        yield text


def _newest(
    reading: Reading, dbs: Sequence[Database], selections: Sequence[Selection], most: int
) -> Iterator[tuple[int, tuple[int, int, str, str]]]:
    """Yield the archive of each of the newest articles with its row, newest first over all archives."""
    if not isinstance(reading, Archives):
        yield from ((0, row) for row in _texts(dbs[0], selections[0], most))
        return
    parts = [place.part for place in first_places(reading, selections, most)]
    each = [_texts(db, s, parts.count(part)) for part, (db, s) in enumerate(zip(dbs, selections, strict=True))]
    yield from ((part, next(each[part])) for part in parts)


def _texts(db: Database, selection: Selection, most: int) -> Iterator[tuple[int, int, str, str]]:
    chosen = selection.sql("o.article as article, $key as place, o.language as language", order="$key desc", limit=most)
    sql = f"select h.article, h.place, h.language, s.body from ({chosen}) h join stems s on s.id = h.article"  # noqa: S608
    yield from db.conn.execute(sql, selection.parameters)


def most_frequent(counts: Counter[str]) -> str:
    """Return the most frequent word; of equally frequent ones, the first in the order of letters."""
    return min(counts, key=lambda word: (-counts[word], word))


def is_word(unit: str) -> bool:
    """Return True if a unit is shown in lists of words: neither a number nor a single letter."""
    return len(unit) > 1 and not unit.isdigit()
