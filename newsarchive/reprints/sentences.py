"""A release that was edited differently: which article has, lacks or changed each sentence. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from newsarchive.export.sentences import split_sentences
from newsarchive.reprints.sketches import skeletons
from newsarchive.text.search_text import language_code, words_of

SAME, CHANGED, LACKS = "same", "changed", "lacks"
ALIKE = 0.5
"""Sentences with so much of their words in common (Dice) are the same sentence, changed."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of an article, with its words."""

    text: str
    code: str = ""

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(words_of(self.text, self.code))

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """The words without what differs between the alphabets of Kazakh."""
        return tuple(skeletons(self.words))

    @cached_property
    def counted(self) -> Counter[str]:
        return Counter(self.bare)


@dataclass
class Row:
    """A sentence as the articles of a group have it, by their place; those that lack it are missing."""

    versions: dict[int, Sentence] = field(default_factory=dict)

    @property
    def first(self) -> Sentence:
        """The version of the earliest article that has it."""
        return self.versions[min(self.versions)]

    def state(self, place: int) -> str:
        """Return whether an article has the sentence as the earliest one has it, changed it, or lacks it."""
        if place not in self.versions:
            return LACKS
        own, first = self.versions[place], self.first
        other_alphabet = own.words != first.words and own.bare == first.bare and _alphabet(own) != _alphabet(first)
        return SAME if own.words == first.words or other_alphabet else CHANGED

    def text(self, place: int) -> str:
        """Return the article's version of the sentence, empty if it lacks it."""
        return self.versions[place].text if place in self.versions else ""


def _alphabet(sentence: Sentence) -> bool:
    return sentence.text.casefold()[:1].isascii() or any("a" <= c <= "z" for c in sentence.text.casefold())


def sentences_of(lead: str, body: str, language: str = "") -> list[Sentence]:
    """Return the sentences of an article's lead and body."""
    paragraphs = [part for part in (lead, *body.split("\n")) if part and part.strip()]
    code = language_code(language, lead + body)
    found = (Sentence(s, code) for part in paragraphs for s in split_sentences(" ".join(part.split())))
    return [sentence for sentence in found if sentence.words]


def compare_sentences(texts: Sequence[Sequence[Sentence]]) -> list[Row]:
    """Return the sentences of all articles, each once, in the order of the first article that has it.

    >>> def read(text): return sentences_of("", text)
    >>> rows = compare_sentences([read("Су тасыды. Жол жабылды."), read("Су тасыды. Үй құлады. Жол кеше жабылды.")])
    >>> [(row.first.text, row.state(1)) for row in rows]
    [('Су тасыды.', 'same'), ('Үй құлады.', 'same'), ('Жол жабылды.', 'changed')]
    """
    rows: list[Row] = []
    for place, sentences in enumerate(texts):
        _add(rows, place, sentences)
    return rows


def _add(rows: list[Row], place: int, sentences: Sequence[Sentence]) -> None:
    """Enter the sentences of one article, each into the row of the same sentence, else after the one before it."""
    found = _exact(rows, sentences)
    _alike(rows, sentences, found)
    at = -1
    for number, sentence in enumerate(sentences):
        row = found.get(number)
        if row is None:
            row = Row()
            rows.insert(at + 1, row)
        row.versions[place] = sentence
        at = next(i for i, other in enumerate(rows) if other is row)


def _exact(rows: list[Row], sentences: Sequence[Sentence]) -> dict[int, Row]:
    """Return the rows of the sentences that an earlier article has too, by the number of the sentence."""
    known: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        for bare in {version.bare for version in row.versions.values()}:
            known.setdefault(bare, []).append(row)
    found: dict[int, Row] = {}
    taken: set[int] = set()
    for number, sentence in enumerate(sentences):
        for row in known.get(sentence.bare, ()):
            if id(row) not in taken:
                found[number] = row
                taken.add(id(row))
                break
    return found


def _alike(rows: list[Row], sentences: Sequence[Sentence], found: dict[int, Row]) -> None:
    """Add the rows of sentences that were changed, the most alike first."""
    free = [row for row in rows if not any(row is taken for taken in found.values())]
    pairs = [
        (_likeness(sentence, row), -number, -at)
        for number, sentence in enumerate(sentences)
        if number not in found
        for at, row in enumerate(free)
    ]
    joined: set[int] = set()
    for likeness, number, at in sorted(pairs, reverse=True):
        if likeness < ALIKE:
            return
        if -number not in found and -at not in joined:
            found[-number] = free[-at]
            joined.add(-at)


def _likeness(sentence: Sentence, row: Row) -> float:
    """Return the greatest share of words that a sentence has in common with a version of a row (Dice)."""
    best = 0.0
    for other in {version.bare: version for version in row.versions.values()}.values():
        common = (sentence.counted & other.counted).total()
        best = max(best, 2 * common / (len(sentence.bare) + len(other.bare)))
    return best
