"""Comparison of two search results by keyness: words, authors, categories and tags that are more frequent in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlite_utils import Database

from newsarchive.browse.archives import NAMED, list_sites
from newsarchive.browse.searching import all_filters, read_filters
from newsarchive.browse.visits import Answer, Page, Visit, address, as_csv, as_json
from newsarchive.corpus.measures import keyness, log_ratio
from newsarchive.search.selection import Filters
from newsarchive.search.several import Reading, databases, newest_first
from newsarchive.text.search_text import MARK, language_code, stem_of

COUNTED, READ = 20_000, 2_000
"""Number of newest articles of each result whose names are counted, and whose words are."""
SHOWN = 25
THRESHOLD = 6.63
"""Least log-likelihood of a significant difference: chi-square with one degree of freedom, p < 0.01."""
RARE = 5
"""Least number of occurrences in both results together: the measure says little about rarer ones."""
COLUMNS = ["kind", "stands_out_in", "name", "count_a", "count_b", "per_1000_a", "per_1000_b"]
COLUMNS += ["log_likelihood", "log_ratio"]


@dataclass(kw_only=True, frozen=True)
class Key:
    """A word or name that is more frequent in one result than in the other."""

    name: str
    counts: tuple[int, int]
    rates: tuple[float, float]
    """Per thousand articles, or words."""
    score: float
    """Log-likelihood: how sure the difference is."""
    ratio: float
    """Log ratio: how large it is; 1 is twice as frequent in the first result, -1 in the second."""
    link: str = ""

    @property
    def side(self) -> int:
        """0 if the key is more frequent in the first result, 1 if in the second."""
        return 0 if self.rates[0] > self.rates[1] else 1


def compare_page(visit: Visit) -> Answer:
    """Compare the result of the fields `a_…` with that of `b_…`, or with all other articles if those are empty."""
    sets = [(visit.get(f"{p}q"), read_filters(visit, p)) for p in ("a_", "b_")]
    asked = bool(sets[0][0] or sets[0][1])
    keys, sizes = _compare(visit.reading, sets) if asked else ({}, (0, 0))
    if form := visit.named.get("form"):
        rows = [_row(kind, key) for kind, found in keys.items() for key in found]
        return as_csv(visit, rows, COLUMNS, "comparison.csv") if form == "csv" else as_json(rows)
    return Page(
        template="compare.html",
        title=visit.speech.text("compare"),
        values={
            "asked": asked,
            "sets": [(query, all_filters(filters)) for query, filters in sets],
            "rest": not any(sets[1]),
            "sites": list_sites(visit.reading),
            "sizes": sizes,
            "keys": {k: [[key for key in v if key.side == side][:SHOWN] for side in (0, 1)] for k, v in keys.items()},
            "links": [address("/search", q=query, **filters) for query, filters in sets],
            "counted": COUNTED,
            "read": READ,
            "csv": visit.link("/compare.csv"),
            "json": visit.link("/compare.json"),
        },
    )


Article = tuple[int, int]
"""An archive, as an index of `databases`, and the number of an article in it."""


def _compare(db: Reading, sets: list[tuple[str, Filters]]) -> tuple[dict[str, list[Key]], tuple[int, int]]:
    first = _articles(db, *sets[0])
    second = _articles(db, *sets[1], without=() if any(sets[1]) else first)
    found = {"words": _words(db, sets, first[:READ], second[:READ])}
    for table in NAMED:
        counts = [_names(db, table, articles) for articles in (first, second)]
        field = {"authors": "author", "categories": "category", "tags": "tag"}[table]
        found[table] = [
            replace(key, link=address("/search", **{"q": sets[key.side][0], **sets[key.side][1], field: key.name}))
            for key in rank_keys(counts[0], counts[1], (len(first), len(second)))
        ]
    return found, (len(first), len(second))


def _articles(db: Reading, query: str, filters: Filters, without: Iterable[Article] = ()) -> list[Article]:
    """Return the newest articles of a result, at most `COUNTED`."""
    excluded = set(without)
    found = newest_first(db, query, filters, most=COUNTED + len(excluded))
    return [article for article in found if article not in excluded][:COUNTED]


def _names(reading: Reading, table: str, articles: list[Article]) -> Counter[str]:
    link, column = NAMED[table]
    role = "and l.role <> 'photo'" if table == "authors" else ""
    counts: Counter[str] = Counter()
    for db, chunk in _chunks(reading, articles):
        counts.update(
            dict(
                db.conn.execute(
                    f"select n.name, count(distinct l.article) from {link} l join {table} n on n.id = l.{column}"  # noqa: S608
                    f" where l.article in ({chunk}) {role} group by n.id"
                ).fetchall()
            )
        )
    return counts


def _words(db: Reading, sets: list[tuple[str, Filters]], *samples: list[Article]) -> list[Key]:
    """Return the key words, counted by stem and shown in their most frequent form."""
    forms: dict[str, Counter[str]] = {}
    counts = [_count_stems(db, articles, forms) for articles in samples]
    keys = rank_keys(counts[0], counts[1], (counts[0].total(), counts[1].total()))
    return [_word_key(key, forms[key.name].most_common(1)[0][0], sets) for key in keys]


def _word_key(key: Key, word: str, sets: list[tuple[str, Filters]]) -> Key:
    return replace(key, name=word, link=address("/search", **{**sets[key.side][1], "q": word}))


def _count_stems(reading: Reading, articles: list[Article], forms: dict[str, Counter[str]]) -> Counter[str]:
    """Count the words of articles by stem; add the forms of each stem to `forms`."""
    words: Counter[tuple[str, str]] = Counter()
    for db, chunk in _chunks(reading, articles):
        found = db.conn.execute(
            f"select s.body, o.language from stems s join search_order o on o.article = s.id where s.id in ({chunk})"  # noqa: S608
        )
        for search_text, language in found:
            code = language_code(language, search_text)
            words.update((word, code) for word in words_of_search_text(search_text))
    counts: Counter[str] = Counter()
    for (word, code), count in words.items():
        stem = stem_of(word, code)
        counts[stem] += count
        forms.setdefault(stem, Counter())[word] += count
    return counts


def words_of_search_text(search_text: str) -> list[str]:
    """Return the words of an article's search text, without the stems at its end, numbers and single letters.

    >>> words_of_search_text("ол 2025 мектепке барды ǂмектеп ǂбар")
    ['ол', 'мектепке', 'барды']
    """
    words = search_text.partition(f" {MARK}")[0].split()
    return [word for word in words if len(word) > 1 and not word.isdigit()]


def rank_keys(first: Counter[str], second: Counter[str], sizes: tuple[int, int]) -> list[Key]:
    """Return the significant differences, highest log-likelihood first."""
    if not all(sizes):
        return []
    keys = []
    for name in first | second:
        counts = (first[name], second[name])
        if sum(counts) < RARE:
            continue
        score = keyness(*counts, *sizes)
        if score >= THRESHOLD:
            rates = (counts[0] * 1000 / sizes[0], counts[1] * 1000 / sizes[1])
            ratio = round(log_ratio(*counts, *sizes), 2)
            keys.append(Key(name=name, counts=counts, rates=rates, score=round(score, 1), ratio=ratio))
    return sorted(keys, key=lambda key: (-key.score, key.name))


def _chunks(reading: Reading, articles: list[Article], size: int = 500) -> Iterable[tuple[Database, str]]:
    """Yield the numbers of articles in chunks of one archive, as lists for SQL."""
    for part, db in enumerate(databases(reading)):
        numbers = [number for of, number in articles if of == part]
        for start in range(0, len(numbers), size):
            yield db, ", ".join(str(int(number)) for number in numbers[start : start + size])


def _row(kind: str, key: Key) -> dict[str, object]:
    return {
        "kind": kind,
        "stands_out_in": "ab"[key.side],
        "name": key.name,
        "count_a": key.counts[0],
        "count_b": key.counts[1],
        "per_1000_a": round(key.rates[0], 3),
        "per_1000_b": round(key.rates[1], 3),
        "log_likelihood": key.score,
        "log_ratio": key.ratio,
    }
