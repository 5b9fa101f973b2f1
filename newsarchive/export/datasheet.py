"""The datasheet of a published dataset: its contents, gaps and origin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from newsarchive import __version__
from newsarchive.export.records import FIELDS, Record
from newsarchive.text.counting import counted

LICENCE_NOTE = (
    "The texts and pictures belong to their newspapers and authors. Whoever publishes this dataset must have their"
    " permission, or a rule of law that allows it, and should say here which. The description of the data"
    " (this file, the schema, the counts) may be used freely."
)
FILES = """## Files

- `articles.jsonl`: one article a line (JSON Lines, UTF-8)
- `articles.parquet`: the same as Parquet
- `datapackage.json`: the schema (Frictionless Data Package); check with `frictionless validate datapackage.json`
- `SHA256SUMS`: check with `sha256sum -c SHA256SUMS`"""
NOTES = """## What to know

- No longer on their site: {counts.gone:,} (`gone` says since when).
- Without a time of publication: {counts.undated:,}; their `day` is that of the first sight.
- `title`, `lead` and `body` are the present text; earlier versions are in the archive, not here.
- Times are UTC; `day` is the calendar day in the newspaper's time zone."""


@dataclass
class Counts:
    """Counts for the datasheet, collected while the articles are written."""

    articles: int = 0
    words: int = 0
    gone: int = 0
    undated: int = 0
    by_site: Counter[str] = field(default_factory=Counter)
    by_year: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_month: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_language: Counter[tuple[str, str]] = field(default_factory=Counter)
    extractors: Counter[str] = field(default_factory=Counter)
    newspapers: dict[str, str] = field(default_factory=dict)
    latest: str = ""

    def add(self, record: Record) -> None:
        """Count one article."""
        site, day = record["site"], record["day"] or ""
        self.articles += 1
        self.words += record["words"]
        self.gone += bool(record["gone"])
        self.undated += not record["published"]
        self.by_site[site] += 1
        self.by_year[site, day[:4]] += 1
        self.by_month[site, day[:7]] += 1
        self.by_language[site, record["language"] or "unknown"] += 1
        self.extractors[record["extractor"] or "unknown"] += 1
        self.newspapers[site] = record["newspaper"] or site
        self.latest = max(self.latest, record["last_seen"], record["captured"] or "")


def datasheet(counts: Counts, failed: list[tuple[str, str, int]], asked: dict[str, str]) -> str:
    """Return the README of a dataset: its contents, gaps, columns and programs.

    `failed` lists site, reason and number of failed addresses; `asked` holds the query and filters of the export.
    """
    filters = ", ".join(f"{name} = {value}" for name, value in asked.items() if value)
    intro = (
        f"# Newspaper articles: {', '.join(counts.newspapers.values())}\n\n"
        f"{counted(counts.articles, 'article', commas=True)}, {counted(counts.words, 'word', commas=True)},"
        f" as the archive had them on {counts.latest or '-'}."
    )
    programs = [(f"newsarchive {__version__} (this export)", counts.articles)]
    programs += [(f"{name} (text read from the page)", n) for name, n in sorted(counts.extractors.items())]
    years = [(*key, number) for key, number in sorted(counts.by_year.items())]
    languages = [(*key, number) for key, number in sorted(counts.by_language.items())]
    parts = [
        intro + (f" Only a part of the archive: {filters}." if filters else ""),
        FILES,
        _table("Newspapers", ["site", "newspaper", "articles"], _sites(counts)),
        _table("Years", ["site", "year", "articles"], years),
        _table("Languages", ["site", "language", "articles"], languages),
        _table("Gaps: months without an article", ["site", "from", "to", "months"], list(gaps(counts))),
        _table("Failures: addresses listed by a site that gave no article", ["site", "reason", "addresses"], failed),
        NOTES.format(counts=counts),
        _table("Columns", ["name", "type", "meaning"], [(f.name, f.kind, f.description) for f in FIELDS]),
        _table("Versions", ["program", "articles"], programs),
        f"## Licence\n\n{LICENCE_NOTE}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sites(counts: Counts) -> list[tuple[object, ...]]:
    return [(site, counts.newspapers[site], number) for site, number in sorted(counts.by_site.items())]


def gaps(counts: Counts) -> Iterator[tuple[str, str, str, int]]:
    """Yield gaps of whole months between a site's first and last article: site, first, last, number of months."""
    months: dict[str, list[int]] = {}
    for site, month in sorted(counts.by_month):
        if month:
            day = date.fromisoformat(f"{month}-01")
            months.setdefault(site, []).append(day.year * 12 + day.month - 1)
    for site, numbers in months.items():
        for before, after in pairwise(numbers):
            if after - before > 1:
                yield site, _month(before + 1), _month(after - 1), after - before - 1


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")


def _table(title: str, head: list[str], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    cells = [
        [f"{c:,}" if isinstance(c, int) else str(c).replace("|", "\\|").replace("\n", " ") for c in row] for row in rows
    ]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells)]
    return f"## {title}\n\n" + "\n".join(lines)
