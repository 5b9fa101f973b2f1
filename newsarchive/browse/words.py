"""The pages that count words: collocations, n-grams and words over time, keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from newsarchive.browse.archives import PERIODS, list_sites
from newsarchive.browse.figures import Figure, line_figure
from newsarchive.browse.plots import Point
from newsarchive.browse.searching import all_filters, read_filters
from newsarchive.browse.visits import Answer, Page, Visit, address, as_csv, as_json
from newsarchive.corpus.collocations import ORDERS, collocations
from newsarchive.corpus.frames import FORMS, STEMS, Frame
from newsarchive.corpus.keywords import ORDERS as KEY_ORDERS
from newsarchive.corpus.keywords import keywords
from newsarchive.corpus.ngrams import LONGEST, Rate, ngrams, words_over

MOST_ROWS = 1000
COLLOCATES = ("word", "together", "frequency", "expected", "log_likelihood", "log_dice")
NGRAMS = ("words", "count", "articles", "per_million")
KEYWORDS = ("word", "count", "against", "per_million", "per_million_against", "log_likelihood", "log_ratio")


class Choice(NamedTuple):
    """A field of a form with few values."""

    name: str
    chosen: str
    values: Sequence[str]


class Cell(NamedTuple):
    """The first cell of a row: its text, and where it leads."""

    text: str
    link: str


def collocations_page(visit: Visit) -> Answer:
    """Return the words that stand near the word `q`. Raises FilterError."""
    word, filters = visit.get("q"), read_filters(visit)
    by, order = _chosen(visit, "by", (STEMS, FORMS)), _chosen(visit, "order", ORDERS)
    window, limit = visit.get_number("window", 5, most=50), visit.get_number("limit", 50, most=MOST_ROWS)
    found = (
        collocations(visit.reading, word, window=window, by=by, order=order, limit=limit, **filters) if word else None
    )
    rows = [asdict(collocate) for collocate in found.collocates] if found else []
    if form := visit.named.get("form"):
        if form == "csv":
            return as_csv(visit, rows, COLLOCATES, "collocations.csv")
        about = {"word": word, "by": by, "window": window, "occurrences": found.occurrences if found else 0}
        return as_json({**about, "counted": found.frame.as_data() if found else {}, "collocates": rows})
    near = [
        Cell(r["word"], address("/concordance", **{**filters, "q": f"{word} NEAR/{window} {r['word']}"})) for r in rows
    ]
    return _page(
        visit, "collocations", COLLOCATES, rows, near, measure=order, frames=[found.frame] if found else [],
        choices=[Choice("by", by, (STEMS, FORMS)), Choice("order", order, ORDERS)], numbers={"window": window},
        occurrences=found.occurrences if found else None,
    )  # fmt: skip


def ngrams_page(visit: Visit) -> Answer:
    """Return the most frequent sequences of words, and the word `q` over time. Raises FilterError."""
    word, filters = visit.get("q"), read_filters(visit)
    by, over = _chosen(visit, "by", (FORMS, STEMS)), _chosen(visit, "over", tuple(PERIODS), "year")
    n, limit = visit.get_number("n", 2, most=LONGEST), visit.get_number("limit", 50, most=MOST_ROWS)
    asked = bool(visit.form)
    rates = words_over(visit.reading, word, by=over, **filters) if word else []
    form = visit.named.get("form")
    if form == "csv" and visit.get("rates"):
        return as_csv(visit, [rate._asdict() for rate in rates], Rate._fields, "words.csv")
    found = ngrams(visit.reading, word, n=n, by=by, limit=limit, **filters) if asked and " " not in word else None
    rows = [asdict(ngram) for ngram in found.ngrams] if found else []
    if form == "csv":
        return as_csv(visit, rows, NGRAMS, "ngrams.csv")
    if form:
        about = {"word": word, "n": n, "by": by, "counted": found.frame.as_data() if found else {}}
        return as_json({**about, "ngrams": rows, "over": [rate._asdict() for rate in rates]})
    linked = [Cell(r["words"], address("/concordance", **{**filters, "q": f'"{r["words"]}"'})) for r in rows]
    return _page(
        visit, "ngrams", NGRAMS, rows, linked, measure="count", frames=[found.frame] if found else [],
        choices=[Choice("by", by, (FORMS, STEMS)), Choice("over", over, tuple(PERIODS))], numbers={"n": n},
        figures=[_figure(visit, word, rates)] if any(rate.occurrences for rate in rates) else [],
    )  # fmt: skip


def _figure(visit: Visit, word: str, rates: Sequence[Rate]) -> Figure:
    points = [
        Point(
            period=rate.period,
            series=word,
            value=rate.per_million,
            link=visit.link("/search", since=rate.period, until=rate.period, n=None, by=None, over=None),
        )
        for rate in rates
    ]
    return line_figure(points, visit.speech.text("per_million_words"), csv=visit.link("/ngrams.csv", rates=1))


def keywords_page(visit: Visit) -> Answer:
    """Return what is more frequent in the articles of `q` than in those of `against`, or all others.

    Raises FilterError.
    """
    query, against, filters = visit.get("q"), visit.get("against"), read_filters(visit)
    by, order = _chosen(visit, "by", (STEMS, FORMS)), _chosen(visit, "order", KEY_ORDERS)
    limit = visit.get_number("limit", 50, most=MOST_ROWS)
    asked = bool(query or filters)
    found = (
        keywords(visit.reading, query, against=against, by=by, order=order, limit=limit, **filters) if asked else None
    )
    rows = [asdict(keyword) for keyword in found.keywords] if found else []
    if form := visit.named.get("form"):
        if form == "csv":
            return as_csv(visit, rows, KEYWORDS, "keywords.csv")
        sizes = {"counted": found.frame.as_data(), "against": found.against.as_data()} if found else {}
        return as_json({"query": query, "against_query": against, "by": by, **sizes, "keywords": rows})
    linked = [Cell(r["word"], address("/search", **{**filters, "q": f"{query} {r['word']}".strip()})) for r in rows]
    return _page(
        visit, "keywords", KEYWORDS, rows, linked, measure=order,
        frames=[found.frame, found.against] if found else [], against=against,
        choices=[Choice("by", by, (STEMS, FORMS)), Choice("order", order, KEY_ORDERS)],
    )  # fmt: skip


def _chosen(visit: Visit, name: str, values: Sequence[str], default: str = "") -> str:
    """Return a form field that is one of a few values; the first, or `default`, if it is not."""
    asked = visit.get(name)
    return asked if asked in values else default or values[0]


def _page(
    visit: Visit,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    cells: Sequence[Cell],
    *,
    measure: str,
    frames: Sequence[Frame],
    choices: Sequence[Choice],
    numbers: Mapping[str, int] | None = None,
    figures: Sequence[Figure] = (),
    against: str | None = None,
    occurrences: int | None = None,
) -> Page:
    most = max((abs(row[measure]) for row in rows), default=0) or 1
    return Page(
        template="words.html",
        title=visit.speech.text(name),
        values={
            "name": name,
            "query": visit.get("q"),
            "against": against,
            "filters": all_filters(read_filters(visit)),
            "sites": list_sites(visit.reading),
            "choices": choices,
            "numbers": numbers or {},
            "columns": columns[1:],
            "rows": [(c, r, round(100 * max(0, r[measure]) / most, 1)) for c, r in zip(cells, rows, strict=True)],
            "frames": frames,
            "occurrences": occurrences,
            "figures": figures,
            "asked": bool(frames),
            "csv": visit.link(f"/{name}.csv"),
            "json": visit.link(f"/{name}.json"),
        },
    )
