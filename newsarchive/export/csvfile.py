"""CSV in UTF-8 with a header line (RFC 4180), as R, pandas and DuckDB read it; lists are JSON arrays.

Cells hold the text as it is. A headline may begin with a dash or an equals sign: a spreadsheet program should be told
to import the columns as text.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from newsarchive.export.records import FIELDS, LISTS, Job


def write_csv(job: Job, path: Path) -> None:
    """Write the articles, a row each; a missing value is an empty cell."""
    names = [field.name for field in FIELDS]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for record in job.records():
            writer.writerow(
                json.dumps(record[n], ensure_ascii=False) if n in LISTS else _readable(record[n]) for n in names
            )


def _readable(value: object) -> object:
    # A lone carriage return inside a cell ends the row for some readers, a NUL the file.
    if not isinstance(value, str):
        return value
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
