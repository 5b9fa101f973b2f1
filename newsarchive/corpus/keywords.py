"""Keywords: what is more frequent in one set of articles than in another, with the size of the difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Unpack

from newsarchive.corpus.frames import FORMS, MOST_ARTICLES, STEMS, Frame, is_word, most_frequent, read_texts
from newsarchive.corpus.measures import keyness, log_ratio
from newsarchive.search.query import FilterError
from newsarchive.search.selection import Filters
from newsarchive.search.several import Reading
from newsarchive.text.search_text import stem_of

RARE = 5
"""Least number of occurrences in both sets together: the measure says little about rarer words."""
THRESHOLD = 6.63
"""Least log-likelihood: chi-square with one degree of freedom, p < 0.01."""
ORDERS = ("log_likelihood", "log_ratio")


@dataclass(frozen=True, kw_only=True)
class Keyword:
    """A word that is more frequent in the first set."""

    word: str
    unit: str
    count: int
    against: int
    per_million: float
    per_million_against: float
    log_likelihood: float
    log_ratio: float


@dataclass(frozen=True, kw_only=True)
class Keywords:
    """The keywords of a set, with what was counted."""

    by: str
    frame: Frame
    against: Frame
    keywords: tuple[Keyword, ...]


def keywords(
    reading: Reading,
    query: str,
    *,
    against: str = "",
    against_filters: Filters | None = None,
    by: str = STEMS,
    order: str = "log_likelihood",
    limit: int = 50,
    most: int = MOST_ARTICLES,
    **filters: Unpack[Filters],
) -> Keywords:
    """Return the words that are more frequent in the articles of a query than in others, each with G² and log ratio.

    The others are those of `against` and `against_filters`; without either, all that the query does not find. Raises
    FilterError.
    """
    if by not in (STEMS, FORMS) or order not in ORDERS:
        raise FilterError("Choose stems or forms, and log_likelihood or log_ratio.")
    first, second = Frame(), Frame()
    own = set()
    for text in read_texts(reading, query, first, most=most, **filters):
        own.add((text.part, text.article))
        first.counts.add(text)
    rest = not against and not against_filters
    for text in read_texts(reading, against, second, most=most + (len(own) if rest else 0), **(against_filters or {})):
        if rest and (text.part, text.article) in own:
            second.articles -= 1
            second.words -= len(text.words)
        else:
            second.counts.add(text)
    if rest:
        second.selected -= first.selected
    found = _rank(first, second, by)
    ranked = sorted(found, key=lambda k: (-getattr(k, order), -k.log_likelihood, k.unit))[:limit]
    return Keywords(by=by, frame=first, against=second, keywords=tuple(_shown(ranked, first, by)))


def _rank(first: Frame, second: Frame, by: str) -> list[Keyword]:
    if not first.words or not second.words:
        return []
    found = []
    for unit in first.counts.units(by, least=1):
        count = first.counts.frequency(unit, by)
        if not is_word(unit.removeprefix("ru") if by == STEMS else unit):
            continue
        other = second.counts.frequency(unit, by)
        rates = (count * 1e6 / first.words, other * 1e6 / second.words)
        score = keyness(count, other, first.words, second.words)
        if count + other >= RARE and rates[0] > rates[1] and score >= THRESHOLD:
            found.append(
                Keyword(
                    word=unit,
                    unit=unit,
                    count=count,
                    against=other,
                    per_million=round(rates[0], 2),
                    per_million_against=round(rates[1], 2),
                    log_likelihood=round(score, 2),
                    log_ratio=round(log_ratio(count, other, first.words, second.words), 3),
                )
            )
    return found


def _shown(ranked: list[Keyword], frame: Frame, by: str) -> list[Keyword]:
    """Return keywords with their most frequent form in place of the stem."""
    if by == FORMS:
        return ranked
    wanted = {keyword.unit for keyword in ranked}
    forms: dict[str, Counter[str]] = {unit: Counter() for unit in wanted}
    starts = tuple({unit.removeprefix("ru")[:2] for unit in wanted})
    for code, words in frame.counts.words.items():
        for word, count in words.items():
            if word.replace("ё", "е").startswith(starts) and (unit := stem_of(word, code)) in wanted:
                forms[unit][word] += count
    return [Keyword(**{**vars(k), "word": most_frequent(forms[k.unit]) if forms[k.unit] else k.unit}) for k in ranked]
