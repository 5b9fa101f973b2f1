"""What a reader asks for and what a page answers: the records between the web server and the pages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlite_utils import Database

from newsarchive.browse.languages import Speech
from newsarchive.errors import NewsArchiveError
from newsarchive.export.csvfile import BYTE_ORDER_MARK, spreadsheet_cell


class MissingError(NewsArchiveError):
    """There is no such page, article or picture."""


class MisunderstoodError(NewsArchiveError):
    """The address asks for something that makes no sense; `args[0]` is the key of the text that says so."""


@dataclass(kw_only=True, frozen=True)
class Visit:
    """One request: the archive to read from, what the path names, and what the form says."""

    db: Database
    folder: Path
    speech: Speech
    path: str = "/"
    named: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a form field that is not empty."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> list[str]:
        """Every value of a form field that is not empty, each once; without space around it and control characters."""
        values = ("".join(c if c.isprintable() else " " for c in v).strip() for v in self.form.get(name, ()))
        return [value for value in dict.fromkeys(values) if value]

    def get_number(self, name: str, default: int, *, most: int = 1_000_000) -> int:
        """A form field as a whole number from 1 to `most`; `default` where it is none."""
        text = self.get(name)
        return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def number(self, name: str) -> int:
        """A number that the path names. Raises MissingError where it is none that a table could hold."""
        text = self.named[name]
        if not text.isdigit() or len(text) > 18:
            raise MissingError(text)
        return int(text)

    def link(self, path: str | None = None, **changes: object) -> str:
        """The address of this page, or of another, with some form fields changed; None takes one away."""
        form = {name: list(values) for name, values in self.form.items() if name != "lang"}
        for name, value in changes.items():
            form[name] = [] if value is None else [str(v) for v in value] if isinstance(value, list) else [str(value)]
        query = urlencode([(n, v) for n, values in form.items() for v in values if v])
        target = path or self.path
        return f"{target}?{query}" if query else target


@dataclass(kw_only=True, frozen=True)
class Page:
    """An HTML page: its template, and what that shows."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True, frozen=True)
class Download:
    """Anything that is not an HTML page."""

    body: bytes
    type: str
    filename: str = ""
    """Offered to be kept under this name; shown in the browser where it is empty."""
    policy: str = ""
    """Its content security policy, where it has one of its own."""


Answer = Page | Download
View = Callable[[Visit], Answer]


def address(path: str, **form: object) -> str:
    """A path with a query.

    >>> address("/search", q="су", site=None)
    '/search?q=%D1%81%D1%83'
    """
    query = urlencode([(name, value) for name, value in form.items() if value not in (None, "")])
    return f"{path}?{query}" if query else path


def for_spreadsheet(link: str) -> str:
    """The address of a CSV file in the form for spreadsheet programs.

    >>> for_spreadsheet("/search.csv?q=1"), for_spreadsheet("/changes.csv")
    ('/search.csv?q=1&spreadsheet=1', '/changes.csv?spreadsheet=1')
    """
    return f"{link}{'&' if '?' in link else '?'}spreadsheet=1"


def as_csv(visit: Visit, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], filename: str) -> Download:
    """Rows as CSV in UTF-8, the text as it is; with `spreadsheet` in the form as a spreadsheet program wants it.

    For that it has a byte order mark, and an apostrophe before what would run as a formula.
    """
    spreadsheet = bool(visit.get("spreadsheet"))
    out = io.StringIO(BYTE_ORDER_MARK if spreadsheet else "")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        cells = [_joined(row.get(column)) for column in columns]
        writer.writerow(map(spreadsheet_cell, cells) if spreadsheet else cells)
    return Download(body=out.getvalue().encode(), type="text/csv; charset=utf-8", filename=filename)


def _joined(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def as_json(data: Any) -> Download:
    """Data as JSON, readable as it stands."""
    return Download(
        body=json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n", type="application/json; charset=utf-8"
    )
