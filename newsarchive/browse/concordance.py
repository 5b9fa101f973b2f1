"""The concordance: every occurrence of a query with the words around it, by date or sorted by a neighbouring word."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from newsarchive.browse.archives import list_sites
from newsarchive.browse.searching import all_filters, read_filters
from newsarchive.browse.taking import withheld_of
from newsarchive.browse.visits import Answer, Page, Stream, Visit, as_csv, as_json
from newsarchive.database import read_archive
from newsarchive.export.csvfile import BYTE_ORDER_MARK, spreadsheet_cell
from newsarchive.kazakh.scripts import fold_for_search
from newsarchive.search import Line, Reading, keyed_kwic, kwic, select_articles
from newsarchive.search.selection import Filters
from newsarchive.search.several import Archives

SHOWN = 200
SORTED, SORTED_IN_FILE = 5_000, 100_000
"""Number of newest lines that are sorted by a word, on a page and in a download. By date there is no limit."""
DATED = ("newest", "oldest")
BY_WORD = ("left1", "left2", "left3", "keyword", "right1", "right2", "right3")
COLUMNS = list(Line._fields)

_ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
_IN_ORDER = str.maketrans({letter: chr(0xE000 + place) for place, letter in enumerate(_ALPHABET)})


def concordance_page(visit: Visit) -> Answer:
    """Return the lines of a query. Raises FilterError."""
    query, filters = visit.get("q"), read_filters(visit)
    order = visit.get("sort") if visit.get("sort") in (*DATED, *BY_WORD) else "newest"
    words = max(visit.get_number("words", 7, most=50), 3 if order in BY_WORD else 1)
    if form := visit.named.get("form"):
        lines = partial(_all_lines, query, filters, words, order)
        if form == "json" or isinstance(visit.reading, Archives):
            rows = [line._asdict() for line in islice(lines(visit.reading), SORTED_IN_FILE)]
            return as_json(rows) if form == "json" else as_csv(visit, rows, COLUMNS, "concordance.csv")
        select_articles(visit.db, query, **filters)  # reports a wrong query before anything is sent
        write = partial(_write_csv, visit.folder, lines, bool(visit.get("spreadsheet")))
        return Stream(write=write, type="text/csv; charset=utf-8", filename="concordance.csv")
    shown, before, after = _page_of(visit, query, filters, words, order) if query else ([], "", "")
    return Page(
        template="concordance.html",
        title=visit.speech.text("concordance"),
        values={
            "query": query,
            "words": words,
            "order": order,
            "orders": (*DATED, *BY_WORD),
            "filters": all_filters(filters),
            "sites": list_sites(visit.reading),
            "lines": shown,
            "sorted": SORTED if order in BY_WORD else 0,
            "before": before,
            "after": after,
            "csv": visit.link("/concordance.csv", page=None, after=None),
            "json": visit.link("/concordance.json", page=None, after=None),
        },
    )


def _page_of(visit: Visit, query: str, filters: Filters, words: int, order: str) -> tuple[list[Line], str, str]:
    """Return the lines of a page, and the addresses of the page before (or the first one) and of the next."""
    if order in BY_WORD:
        number = visit.get_number("page", 1)
        found = _sorted(islice(_all_lines(query, filters, words, "newest", visit.reading), SORTED), order)
        start = (number - 1) * SHOWN
        before = visit.link(page=number - 1) if number > 1 else ""
        return found[start : start + SHOWN], before, visit.link(page=number + 1) if found[start + SHOWN :] else ""
    key, seen = _cursor(visit.get("after"))
    lines = keyed_kwic(visit.reading, query, words=words, order=order, start=key, **filters)
    # Lines of the first article that the page before has shown.
    rest = (line for number, line in enumerate(lines) if number >= seen or line[0] != key)
    taken = list(islice(rest, SHOWN + 1))
    shown = taken[:SHOWN]
    after = ""
    if len(taken) > SHOWN:
        last = shown[-1][0]
        already = sum(number == last for number, _ in shown) + (seen if last == key else 0)
        after = visit.link(after=f"{last}-{already}")
    return [line for _, line in shown], visit.link(after=None) if key is not None else "", after


def _cursor(text: str) -> tuple[int | None, int]:
    """Return the key of the article at which a page begins, and how many of its lines come before the page.

    >>> _cursor("524288-3"), _cursor("x")
    ((524288, 3), (None, 0))
    """
    key, _, seen = text.partition("-")
    if all(part.isascii() and part.isdigit() and len(part) < 18 for part in (key, seen)):
        return int(key), int(seen)
    return None, 0


def _all_lines(query: str, filters: Filters, words: int, order: str, db: Reading) -> Iterator[Line]:
    if not query:
        return
    lines = kwic(db, query, words=words, order=order if order in DATED else "newest", **filters)
    yield from lines if order in DATED else _sorted(islice(lines, SORTED_IN_FILE), order)


def _sorted(lines: Iterator[Line], order: str) -> list[Line]:
    return sorted(lines, key=partial(_sort_key, order=order))


def _sort_key(line: Line, *, order: str) -> list[str]:
    """Return the words to sort by: the one chosen, then those further away from the keyword, in Kazakh order.

    >>> line = Line("бір үлкен", "өзен", "тасып жатыр", 1, "tan", "", "", "", 1)
    >>> _sort_key(line, order="left2") == [_collated("бір")], _sort_key(line, order="right3")
    (True, [])
    """
    side, distance = order.rstrip("0123456789"), int(order[-1]) if order[-1].isdigit() else 1
    if side == "keyword":
        return [_collated(line.keyword), *map(_collated, line.right.split())]
    words = line.left.split()[::-1] if side == "left" else line.right.split()
    return [_collated(word) for word in words[distance - 1 :]]


def _collated(word: str) -> str:
    return "".join(filter(str.isalnum, fold_for_search(word))).translate(_IN_ORDER)


def _write_csv(
    folder: Path,
    lines_of: Callable[[Any], Iterator[Line]],
    spreadsheet: bool,  # noqa: FBT001
    file: IO[bytes],
) -> None:
    """Write all lines as CSV; articles that are hidden meanwhile are left out."""
    with closing(read_archive(folder, any_thread=True)) as db:
        file.write((BYTE_ORDER_MARK if spreadsheet else "").encode() + b",".join(map(str.encode, COLUMNS)) + b"\r\n")
        every = lines_of(db)
        while lines := list(islice(every, 500)):
            hidden = withheld_of(db, [line.article for line in lines])
            out = io.StringIO()
            rows = (line for line in lines if line.article not in hidden)
            csv.writer(out).writerows(map(spreadsheet_cell, row) if spreadsheet else row for row in rows)
            file.write(out.getvalue().encode())
