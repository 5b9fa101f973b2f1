"""Collocations: the words that stand near a word more often than chance would have it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Unpack

from newsarchive.corpus.frames import FORMS, MOST_ARTICLES, STEMS, Frame, Text, is_word, most_frequent, read_texts
from newsarchive.corpus.measures import association, log_dice
from newsarchive.search.query import FilterError, Term, parse_query
from newsarchive.search.selection import Filters
from newsarchive.search.several import Reading, databases
from newsarchive.search.words import forms_of
from newsarchive.text.search_text import stem_of

ORDERS = ("log_likelihood", "log_dice", "together")


@dataclass(frozen=True, kw_only=True)
class Collocate:
    """A word that stands near the node."""

    word: str
    """The stem's most frequent form near the node, or the form itself."""
    unit: str
    """The stem or form that was counted."""
    together: int
    frequency: int
    expected: float
    log_likelihood: float
    log_dice: float


@dataclass(frozen=True, kw_only=True)
class Collocations:
    """The collocates of a word, with what was counted."""

    node: str
    forms: tuple[str, ...]
    by: str
    window: int
    occurrences: int
    """Occurrences of the node."""
    in_windows: int
    """Words in the windows around them."""
    frame: Frame
    collocates: tuple[Collocate, ...]


@dataclass
class _Near:
    """The words near the node, by the language of the text."""

    words: dict[str, Counter[str]]
    occurrences: int = 0
    in_windows: int = 0
    forms: Counter[str] | None = None


def collocations(
    reading: Reading,
    word: str,
    *,
    window: int = 5,
    by: str = STEMS,
    order: str = "log_likelihood",
    least: int = 3,
    limit: int = 50,
    most: int = MOST_ARTICLES,
    **filters: Unpack[Filters],
) -> Collocations:
    """Return the words within `window` words of a word, at least `least` times, and more often than by chance.

    `by` says whether all forms of a word count as one (``stems``, also for the node) or each alone (``forms``). Words
    are counted over the newest `most` articles of the selection. Windows do not stop at sentences. Raises FilterError.
    """
    forms = node_forms(reading, word, by)
    frame, near = Frame(), _Near(defaultdict(Counter), forms=Counter())
    for text in read_texts(reading, "", frame, most=most, **filters):
        frame.counts.add(text)
        if not forms.isdisjoint(text.words):
            _add_windows(near, text, forms, window)
    found = _collocates(near, frame, by, least)
    if order not in ORDERS:
        raise FilterError(f"Unknown order “{order}”; choose {', '.join(ORDERS)}.")
    seen = near.forms or Counter()
    ranked = sorted(found, key=lambda c: (-getattr(c, order), -c.log_likelihood, c.unit))
    return Collocations(
        node=word,
        forms=tuple(sorted(seen, key=lambda form: (-seen[form], form))),
        by=by,
        window=window,
        occurrences=near.occurrences,
        in_windows=near.in_windows,
        frame=frame,
        collocates=tuple(ranked[:limit]),
    )


def node_forms(reading: Reading, word: str, by: str) -> frozenset[str]:
    """Return the words that stand for the node. Raises FilterError unless it is a single word."""
    if by not in (STEMS, FORMS):
        raise FilterError(f"Unknown unit “{by}”; choose stems or forms.")
    terms = list(parse_query(word).terms())
    if len(terms) != 1 or len(terms[0].words) != 1:
        raise FilterError("Collocations are counted for a single word.")
    term = terms[0] if by == STEMS else Term(terms[0].words, exact=True)
    return frozenset(form for db in databases(reading) for form in forms_of(db, term)[0])


def _add_windows(near: _Near, text: Text, forms: frozenset[str], window: int) -> None:
    words = text.words
    places = [place for place, word in enumerate(words) if word in forms]
    around = _around(places, window, len(words))
    near.words[text.code].update(words[place] for place in around)
    near.occurrences += len(places)
    near.in_windows += len(around)
    assert near.forms is not None
    near.forms.update(words[place] for place in places)


def _around(places: list[int], window: int, length: int) -> set[int]:
    """Return the places within the windows, each once, without the occurrences themselves.

    >>> sorted(_around([1, 3], 1, 9))
    [0, 2, 4]
    """
    around: set[int] = set()
    for place in places:
        around.update(range(max(0, place - window), min(length, place + window + 1)))
    return around.difference(places)


def _collocates(near: _Near, frame: Frame, by: str, least: int) -> Iterable[Collocate]:
    total = frame.words - near.occurrences
    for unit, forms in _by_unit(near, by).items():
        together = forms.total()
        if together < least or not is_word(unit.removeprefix("ru") if by == STEMS else unit):
            continue
        frequency = frame.counts.frequency(unit, by)
        likelihood, expected = association(together, near.in_windows, frequency, total)
        if together > expected:
            yield Collocate(
                word=most_frequent(forms),
                unit=unit,
                together=together,
                frequency=frequency,
                expected=round(expected, 3),
                log_likelihood=round(likelihood, 2),
                log_dice=round(log_dice(together, near.occurrences, frequency), 2),
            )


def _by_unit(near: _Near, by: str) -> dict[str, Counter[str]]:
    """Return the forms of each unit near the node, with their numbers."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for code, words in near.words.items():
        for word, count in words.items():
            found[stem_of(word, code) if by == STEMS else word][word] += count
    return found
