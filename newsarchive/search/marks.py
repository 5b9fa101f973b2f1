"""Occurrences of a query in a text: the marked parts of titles and snippets, and keywords in context."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from newsarchive.search.query import Group, Term
from newsarchive.text.search_text import MARK, WORD, language_code, stem_of, words_of

BEFORE, AROUND = 8, 30
"""Number of words of a snippet before its first hit, and in total."""


_BREAK = re.compile(r"\n\s*\n")


def split_paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which are separated by blank lines.

    >>> split_paragraphs("Бір\\n\\nекі\\nүш\\n \\nтөрт\\n")
    ['Бір', 'екі\\nүш', 'төрт']
    """
    return _BREAK.split(text.strip())


class Part(NamedTuple):
    """A piece of text, `marked` if it matches the query."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Terms:
    """The words, stems, prefixes and word sequences of a query, as they are in a search text."""

    words: frozenset[str]
    stems: frozenset[str]
    prefixes: tuple[str, ...]
    sequences: tuple[tuple[str, ...], ...]
    nears: tuple[tuple[Terms, Terms, int], ...] = ()
    """Pairs of terms to mark only where they are at most so many words from each other."""


def terms_to_mark(group: Group, *, field: str) -> Terms:
    """Return the terms of a query to mark in the column `field` of the search text (title, authors, body)."""
    nears = tuple((_marked(n.left, field), _marked(n.right, field), n.apart) for n in group.nears())
    return replace(_marked(group.terms(), field), nears=nears)


def _marked(all_terms: Iterable[Term], field: str) -> Terms:
    terms = [term for term in all_terms if term.field in ("", field)]
    plain = [seq for term in terms if not term.prefix for seq in term.variants()]
    return Terms(
        words=frozenset(s[0] for s in plain if len(s) == 1),
        stems=frozenset(stem for term in terms for word in term.stems() for stem in word),
        prefixes=tuple(s[0] for term in terms if term.prefix for s in term.variants() if len(s) == 1),
        sequences=tuple(s for s in plain if len(s) > 1)
        + tuple(s for term in terms if term.prefix for s in term.variants() if len(s) > 1),
    )


class Text:
    """A text with its search text: the position of each word, and how the word was indexed."""

    def __init__(self, text: str, search_text: str, language: str | None) -> None:
        self.text = text
        self.spans = [match.span() for match in WORD.finditer(text)]
        self.code = language_code(language, text)
        self._breaks: list[int] | None = None
        self._indent = 0
        words = search_text.partition(f" {MARK}")[0]
        self.words = words.split(" ") if words else []
        if len(self.words) != len(self.spans):
            # Conversion between scripts changed the number of words: convert each word separately.
            self.words = ["".join(words_of(text[start:end], self.code)) for start, end in self.spans]

    def hits(self, terms: Terms) -> list[tuple[int, int]]:
        """Return the index of the first word and the number of words of each hit, in order, without overlaps."""
        found = {i: 1 for i, word in enumerate(self.words) if word in terms.words}
        if terms.stems:
            # A form starts with the first letters of its stem, so that few words need the stemmer.
            starts = {stem.removeprefix("ru")[:2] for stem in terms.stems}
            starts |= {start.replace("е", "ё") for start in starts}
            candidates = {word for word in set(self.words) if word.startswith(tuple(starts))}
            forms = {word for word in candidates if word in terms.stems or stem_of(word, self.code) in terms.stems}
            found |= {i: 1 for i, word in enumerate(self.words) if word in forms}
        if terms.prefixes:
            found |= {i: 1 for i, word in enumerate(self.words) if word.startswith(terms.prefixes)}
        for sequence in terms.sequences:
            found |= _places(self.words, sequence)
        for left, right, apart in terms.nears:
            found |= _close(self.hits(left), self.hits(right), apart)
        places: list[tuple[int, int]] = []
        for start in sorted(found):
            if not places or start >= places[-1][0] + places[-1][1]:
                places.append((start, found[start]))
        return places

    def paragraph(self, start: int) -> int:
        """Return the number of the paragraph with word `start`, from 1, as `split_paragraphs` counts them."""
        if self._breaks is None:
            self._breaks = [match.start() for match in _BREAK.finditer(self.text.strip())]
            self._indent = len(self.text) - len(self.text.lstrip())
        return bisect_right(self._breaks, self.spans[start][0] - self._indent) + 1

    def snippet(self, places: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
        """Return the part of the text with the most distinct hits, marked; without hits, the start of the text."""
        first = self._best_start(places) if places else 0
        last = min(first + AROUND, len(self.spans))
        parts = self.parts(first, last, places)
        if first:
            parts = (Part("… "), *parts)
        return (*parts, Part(" …")) if last < len(self.spans) else parts

    def _best_start(self, places: Sequence[tuple[int, int]]) -> int:
        best = (0, 0)
        for start, _ in places[:50]:
            inside = {self.words[i] for i, _ in places if start <= i < start + AROUND - BEFORE}
            best = max(best, (len(inside), -start))
        start = max(0, -best[1] - BEFORE)
        return min(start, max(0, len(self.spans) - AROUND))

    def parts(self, first: int, last: int, places: Iterable[tuple[int, int]]) -> tuple[Part, ...]:
        """Return the text from word `first` up to but excluding `last` on one line, with its hits marked."""
        if not self.spans:
            return (Part(_line(self.text)),) if self.text.strip() else ()
        at = self.spans[first][0] if first else 0
        end = self.spans[last - 1][1] if last < len(self.spans) else len(self.text)
        parts = []
        for start, length in places:
            if first <= start and start + length <= last:
                left, right = self.spans[start][0], self.spans[start + length - 1][1]
                parts += [Part(_line(self.text[at:left])), Part(_line(self.text[left:right]), marked=True)]
                at = right
        return tuple(part for part in (*parts, Part(_line(self.text[at:end]))) if part.text)

    def context(self, start: int, length: int, words: int) -> tuple[str, str, str]:
        """Return a hit with up to `words` words before and after it: left, hit, right."""
        first, last = max(0, start - words), min(len(self.spans), start + length + words)
        left, right = self.spans[start][0], self.spans[start + length - 1][1]
        end = self.spans[last - 1][1]
        end += len(self.text[end : end + 3].split(maxsplit=1)[0]) if self.text[end : end + 1].strip() else 0
        return (
            _line(self.text[self.spans[first][0] : left]).strip(),
            _line(self.text[left:right]),
            _line(self.text[right:end]).strip(),
        )


def _places(words: Sequence[str], sequence: tuple[str, ...]) -> dict[int, int]:
    head, length = sequence[0], len(sequence)
    return {i: length for i, word in enumerate(words) if word == head and tuple(words[i : i + length]) == sequence}


def _close(left: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]], apart: int) -> dict[int, int]:
    """Return the places of both kinds that are at most `apart` words from one of the other kind."""
    close: dict[int, int] = {}
    for first, length in left:
        for other, size in right:
            distance = other - (first + length - 1) if other > first else first - (other + size - 1)
            if 0 < distance <= apart:
                close |= {first: length, other: size}
    return close


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
