"""Requests and answers: the data types between the web server and the pages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlencode

from sqlite_utils import Database

from newsarchive.browse.languages import Speech
from newsarchive.errors import NewsArchiveError
from newsarchive.export.csvfile import BYTE_ORDER_MARK, spreadsheet_cell
from newsarchive.search.several import Archives, Reading


class MissingError(NewsArchiveError):
    """There is no such page, article or image."""


class MisunderstoodError(NewsArchiveError):
    """The request is invalid; `args[0]` is the key of the text that says why."""


class RefusedError(NewsArchiveError):
    """The request is not allowed; `args[0]` is the key of the text that says why."""


class Place(NamedTuple):
    """An archive that is read, its folder, and the path of its room from here."""

    db: Database
    folder: Path
    path: str


@dataclass(kw_only=True, frozen=True)
class Visit:
    """One request: the archive or archives to read, the parts named in the path, and the form fields."""

    reading: Reading
    folder: Path
    speech: Speech
    path: str = "/"
    method: str = "GET"
    origin: str = ""
    """Scheme and host of this server, as the request names them: `http://127.0.0.1:8001`."""
    prefix: str = ""
    """The path of the newspaper among those of a collection, also at the end of `origin`."""
    named: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    posted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Fields of a posted form."""
    token: str = ""
    """What forms of the notebook carry; empty if this reader has no notebook."""
    ours: bool = False
    """The form was posted by a page of this server, as far as the browser says."""
    fresh: bool = False
    """The form has the token of this run of the server."""
    collection: Callable[[], AbstractContextManager[Reading]] | None = None
    """Opens the collection that the newspaper of a room belongs to, if it belongs to one."""

    @property
    def db(self) -> Database:
        """The archive of a page about one. Raises MissingError where a collection is read."""
        if isinstance(self.reading, Archives):
            raise MissingError(self.path)
        return self.reading

    def places(self) -> list[Place]:
        """Return the archives that are read."""
        if isinstance(self.reading, Archives):
            return [Place(p.db, p.folder, f"/site/{quote(p.name, safe='')}") for p in self.reading.parts]
        return [Place(self.reading, self.folder, "")]

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query on each archive that is read."""
        return [row for place in self.places() for row in place.db.query(sql, list(params))]

    def get(self, name: str, default: str = "") -> str:
        """Return the first non-empty value of a form field, or `default`."""
        return next(iter(self.get_all(name)), default)

    def said(self, name: str, *, strip: bool = True) -> str:
        """Return the first value of a posted field, without characters that no text has; empty if it is missing."""
        value = next(iter(self.posted.get(name, ())), "")
        return "".join(c for c in value if c.isprintable() or c in "\r\n\t\xa0\xad").strip() if strip else value

    def get_all(self, name: str) -> list[str]:
        """Return the distinct non-empty values of a form field, stripped and without control characters."""
        values = ("".join(c if c.isprintable() else " " for c in v).strip() for v in self.form.get(name, ()))
        return [value for value in dict.fromkeys(values) if value]

    def get_number(self, name: str, default: int, *, most: int = 1_000_000) -> int:
        """Return a form field as an integer limited to 1..`most`; `default` if it is not a number."""
        text = self.get(name)
        return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def number(self, name: str) -> int:
        """Return a number named in the path. Raises MissingError if it is too large for a row number."""
        text = self.named[name]
        if not text.isdigit() or len(text) > 18:
            raise MissingError(text)
        return int(text)

    def link(self, path: str | None = None, **changes: object) -> str:
        """Return the address of this page or of `path` with changed form fields; None removes a field."""
        form = {name: list(values) for name, values in self.form.items() if name != "lang"}
        for name, value in changes.items():
            form[name] = [] if value is None else [str(v) for v in value] if isinstance(value, list) else [str(value)]
        query = urlencode([(n, v) for n, values in form.items() for v in values if v])
        target = path or self.path
        return f"{target}?{query}" if query else target

    def pager(self, number: int, *, more: bool) -> dict[str, str]:
        """Return the addresses of the pages before and after one of a list, by `before` and `after`; empty if none."""
        return {
            "before": self.link(page=number - 1) if number > 1 else "",
            "after": self.link(page=number + 1) if more else "",
        }


@dataclass(kw_only=True, frozen=True)
class Page:
    """An HTML page: its template, title and values."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    policy: str = ""
    """A directive to add to the content security policy."""
    status: int = 200


@dataclass(kw_only=True, frozen=True)
class Download:
    """An answer that is not an HTML page."""

    body: bytes
    type: str
    filename: str = ""
    """Name under which the browser saves it; if empty, the browser shows it."""
    policy: str = ""
    """Its own content security policy, if it needs one."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, in lower case. With an `etag` or `last-modified`, conditional requests are answered."""


@dataclass(kw_only=True, frozen=True)
class Stream:
    """A file of any size: `write` is called in a thread of its own, with a file that cannot seek."""

    write: Callable[[IO[bytes]], None]
    type: str
    filename: str


@dataclass(frozen=True)
class Redirect:
    """An answer that names another page, by its path."""

    path: str


Answer = Page | Download | Stream | Redirect
View = Callable[[Visit], Answer]


def redirect(path: str) -> Download:
    """Return the answer to a form that was carried out: the page to show next."""
    return Download(body=b"", type="text/plain; charset=utf-8", status=303, headers={"location": path})


def address(path: str, **form: object) -> str:
    """Return a path with a query string; empty values are left out.

    >>> address("/search", q="су", site=None)
    '/search?q=%D1%81%D1%83'
    """
    query = urlencode([(name, value) for name, value in form.items() if value not in (None, "")])
    return f"{path}?{query}" if query else path


def for_spreadsheet(link: str) -> str:
    """Return the address of a CSV download in its variant for spreadsheets.

    >>> for_spreadsheet("/search.csv?q=1"), for_spreadsheet("/changes.csv")
    ('/search.csv?q=1&spreadsheet=1', '/changes.csv?spreadsheet=1')
    """
    return f"{link}{'&' if '?' in link else '?'}spreadsheet=1"


def as_csv(visit: Visit, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], filename: str) -> Download:
    """Return rows as CSV in UTF-8 with unchanged text, or for spreadsheets if the form field `spreadsheet` is set.

    For spreadsheets it starts with a byte order mark, and cells that would run as formulas get an apostrophe.
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
    """Return data as indented JSON."""
    return Download(
        body=json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n", type="application/json; charset=utf-8"
    )
