"""CSV in UTF-8 with a header line (RFC 4180), as R, pandas and DuckDB read it; lists are JSON arrays.

Cells hold the text as it is. For a spreadsheet program, which would run a headline that begins with a dash or an equals
sign as a formula, there is a form of its own.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import IO, Any

from newsarchive.export.records import FIELDS, LISTS, Job

BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know the encoding; the csv module of Python, R and others take it for a part of the header."""
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def spreadsheet_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula: an apostrophe stands before one that it would (OWASP).

    >>> spreadsheet_cell("=1+1"), spreadsheet_cell("Су"), spreadsheet_cell(-1)
    ("'=1+1", 'Су', -1)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value


def write_csv(job: Job, file: IO[bytes]) -> None:
    """Write the articles, a row each; a missing value is an empty cell."""
    names = [field.name for field in FIELDS]
    guard: Callable[[Any], Any] = spreadsheet_cell if job.spreadsheet else _as_it_is
    if job.spreadsheet:
        file.write(BYTE_ORDER_MARK.encode())
    writer = csv.writer(_Encoder(file))
    writer.writerow(names)
    for record in job.records():
        cells = (json.dumps(record[n], ensure_ascii=False) if n in LISTS else _readable(record[n]) for n in names)
        writer.writerow(map(guard, cells))


class _Encoder:
    """Takes text for a file of bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str, /) -> int:
        return self._file.write(text.encode())


def _as_it_is(value: Any) -> Any:
    return value


def _readable(value: object) -> object:
    # A lone carriage return inside a cell ends the row for some readers, a NUL the file.
    if not isinstance(value, str):
        return value
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
