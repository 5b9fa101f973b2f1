"""Lists of saved pages, and feeds of scrapers that hold the pages themselves: TSV, CSV, JSON and JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from newsarchive.importing.unpacking import RecordingError

JSON_LINES = (".jsonl", ".jl", ".ndjson")
LISTS = (".tsv", ".csv", ".json", *JSON_LINES)
_URLS = ("url", "response_url", "responded_url", "requested_url", "link")
_BODIES = ("html", "body", "raw_html", "response_body", "html_content", "content", "response")
_TIMES = (
    "time",
    "captured_at",
    "crawled_at",
    "fetched_at",
    "scraped_at",
    "downloaded_at",
    "date_download",
    "crawl_date",
)
_OF_FILES = ("date", "timestamp")
"""Of a list of files the time; in what a scraper wrote these may be the article's own."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a list: where it stands, the URL, the time if stated, and the file or the page itself."""

    where: str
    url: str
    time: str
    file: str
    page: str


def rows_of(path: Path, broken: list[str]) -> Iterator[Row]:
    """Yield the rows of a list; name in `broken` what is no row. Raises RecordingError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error
    suffix = path.suffix.lower()
    read = _json_lines if suffix in JSON_LINES else _json if suffix == ".json" else _table
    for number, values in read(path, text, broken):
        yield _row(f"{path}, line {number}" if read is not _json else f"{path}, item {number}", values)


def _row(where: str, values: Mapping[str, Any]) -> Row:
    values = {str(name).strip().lower(): value for name, value in values.items() if name is not None}
    nested = values.get("html")
    if isinstance(nested, dict):  # of fundus
        values = {
            **values,
            **{str(name).lower(): value for name, value in nested.items()},
            "html": nested.get("content"),
        }
    page = next((text for name in _BODIES if "<" in (text := _text(values.get(name)))), "")
    file = _text(values.get("file"))
    times = _TIMES if page and not file else _TIMES + _OF_FILES
    return Row(
        where=where,
        url=next((url for name in _URLS if (url := _text(values.get(name)).strip())), ""),
        time=next((time for name in times if (time := _text(values.get(name)))), ""),
        file=file,
        page="" if file else page,
    )


def _text(value: object) -> str:
    """Return a value as text; Scrapy's `getall` makes lists of one."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return "" if value is None or isinstance(value, dict) else str(value)


def _json_lines(path: Path, text: str, broken: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield number, row
        else:
            broken.append(f"{path}, line {number} is no JSON object; skipped")


def _json(path: Path, text: str, broken: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path} is no JSON: {error}") from error
    for number, row in enumerate(data if isinstance(data, list) else [data], 1):
        if isinstance(row, dict):
            yield number, row
        else:
            broken.append(f"{path}, item {number} is no JSON object; skipped")


def _table(path: Path, text: str, _broken: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    first = text.partition("\n")[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.DictReader(StringIO(text), delimiter=max("\t,;", key=first.count))
    names = {name.strip().lower() for name in reader.fieldnames or ()}
    if not names & set(_URLS) or not names & {"file", *_BODIES}:
        raise RecordingError(f"{path} has no columns named url and file, or url and html, in its first line")
    for row in reader:
        yield reader.line_num, dict(row)
