"""N-grams, and words over time per million words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Unpack

from newsarchive.corpus.collocations import node_forms
from newsarchive.corpus.frames import FORMS, MOST_ARTICLES, STEMS, Frame, Text, read_texts
from newsarchive.search.conditions import positions_of
from newsarchive.search.query import FilterError, parse_query
from newsarchive.search.selection import DAY_BITS, Filters, key_day
from newsarchive.search.several import Reading, databases, selections_of
from newsarchive.text.search_text import MARK, stem_of

LONGEST = 5
MOST_WITHOUT_WORD = 5000
"""Number of newest articles whose n-grams are counted if none of their words is given."""
_WIDTHS = {"year": 4, "month": 7, "day": 10}


@dataclass(frozen=True, kw_only=True)
class Ngram:
    """A sequence of words with its number."""

    words: str
    count: int
    articles: int
    per_million: float


@dataclass(frozen=True, kw_only=True)
class Ngrams:
    """The most frequent n-grams, with what was counted."""

    n: int
    by: str
    frame: Frame
    ngrams: tuple[Ngram, ...]


class Rate(NamedTuple):
    """A period with the occurrences of a word, all its words, and the occurrences per million of them."""

    period: str
    occurrences: int
    words: int
    per_million: float


def ngrams(
    reading: Reading,
    word: str = "",
    *,
    n: int = 2,
    by: str = FORMS,
    limit: int = 50,
    most: int = 0,
    **filters: Unpack[Filters],
) -> Ngrams:
    """Return the most frequent sequences of `n` words; with `word`, those that contain it. Raises FilterError."""
    if not 1 <= n <= LONGEST or by not in (STEMS, FORMS):
        raise FilterError(f"Choose sequences of 1 to {LONGEST} words, by stems or forms.")
    node = node_forms(reading, word, by) if word else None
    frame, counts, articles = Frame(), Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for text in read_texts(reading, "", frame, most=most or (MOST_ARTICLES if node else MOST_WITHOUT_WORD), **filters):
        own = Counter(_ngrams(text, n, by, node))
        counts.update(own)
        articles.update(own.keys())
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    rows = (
        Ngram(
            words=" ".join(words), count=count, articles=articles[words], per_million=_per_million(count, frame.words)
        )
        for words, count in found
    )
    return Ngrams(n=n, by=by, frame=frame, ngrams=tuple(rows))


def _ngrams(text: Text, n: int, by: str, node: frozenset[str] | None) -> Iterator[tuple[str, ...]]:
    words = text.words
    if node is not None:
        if node.isdisjoint(words):
            return
        places = {
            start for place, word in enumerate(words) if word in node for start in range(place - n + 1, place + 1)
        }
        starts = sorted(start for start in places if 0 <= start <= len(words) - n)
        found: Iterator[tuple[str, ...]] = (tuple(words[start : start + n]) for start in starts)
    else:
        found = zip(*(words[start:] for start in range(n)), strict=False)
    if by == FORMS:
        yield from found
    else:
        yield from (tuple(stem_of(word, text.code).removeprefix("ru") for word in sequence) for sequence in found)


def _per_million(count: int, words: int) -> float:
    return round(count * 1e6 / words, 3) if words else 0.0


def words_over(reading: Reading, word: str, *, by: str = "month", **filters: Unpack[Filters]) -> list[Rate]:
    """Return the occurrences of a word or phrase per day, month or year, and per million words, over all articles.

    Forms are found as in search. Raises FilterError.
    """
    if by not in _WIDTHS:
        raise FilterError(f"Unknown period “{by}”; choose day, month or year.")
    terms = list(parse_query(word).terms())
    if len(terms) != 1:
        raise FilterError("Give one word, or a phrase in quotation marks.")
    counts, totals = Counter[str](), Counter[str]()
    for db, selection in zip(databases(reading), selections_of(reading, "", filters), strict=True):
        where = " and ".join(selection.where).replace("$key", "o.key") or "1"
        found = db.conn.execute(
            f"select o.key >> {DAY_BITS}, count(*) from ({positions_of(db, terms[0])}) p"  # noqa: S608
            f" join search_order o on o.key = p.doc where p.col = 'body' and {where} group by 1",
            selection.parameters,
        )
        counts.update(_periods(found, by))
        totals.update(_periods(db.conn.execute(_TOTALS.format(where), selection.parameters), by))
    return [Rate(p, counts[p], totals[p], _per_million(counts[p], totals[p])) for p in sorted(totals)]


_WORDS = f"substr(s.body, 1, instr(s.body || ' {MARK}', ' {MARK}') - 1)"
# The words of each text were counted when it was compared with the others; those of new ones are counted now.
_TOTALS = f"""
select o.key >> {DAY_BITS}, sum(coalesce(k.words, (
    select case when {_WORDS} = '' then 0 else length({_WORDS}) - length(replace({_WORDS}, ' ', '')) + 1 end
    from stems s where s.id = o.article), 0))
from search_order o left join reprint_sketches k on k.article = o.article where {{}} group by 1
"""  # noqa: S608


def _periods(rows: Iterator[tuple[int, int]], by: str) -> Counter[str]:
    totals: Counter[str] = Counter()
    for day, count in rows:
        totals[key_day(day << DAY_BITS).isoformat()[: _WIDTHS[by]]] += count
    return totals
