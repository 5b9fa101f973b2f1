"""CSV in UTF-8 with a header line (RFC 4180), as read by R, pandas and DuckDB; lists are JSON arrays.

Cells hold the unchanged text. A variant exists for spreadsheet programs, which would run a headline that starts with
a dash or an equals sign as a formula.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import IO, Any

from newsarchive.export.records import FIELDS, LISTS, Job

BYTE_ORDER_MARK = "\ufeff"
"""Tells spreadsheets the encoding. Python's csv module, R and others would read it as a part of the header."""
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def spreadsheet_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet runs as a formula: a risky one gets an apostrophe in front (OWASP).

    >>> spreadsheet_cell("=1+1"), spreadsheet_cell("Су"), spreadsheet_cell(-1)
    ("'=1+1", 'Су', -1)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value


def write_csv(job: Job, file: IO[bytes]) -> None:
    """Write one row per article; missing values are empty cells."""
    names = [field.name for field in FIELDS]
    guard: Callable[[Any], Any] = spreadsheet_cell if job.spreadsheet else _unchanged
    if job.spreadsheet:
        file.write(BYTE_ORDER_MARK.encode())
    writer = csv.writer(_Encoder(file))
    writer.writerow(names)
    for record in job.records():
        cells = (json.dumps(record[n], ensure_ascii=False) if n in LISTS else _readable(record[n]) for n in names)
        writer.writerow(map(guard, cells))


class _Encoder:
    """Writes text to a binary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str, /) -> int:
        return self._file.write(text.encode())


def _unchanged(value: Any) -> Any:
    return value


def _readable(value: object) -> object:
    # In some readers, a lone carriage return inside a cell ends the row, and a NUL ends the file.
    if not isinstance(value, str):
        return value
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
