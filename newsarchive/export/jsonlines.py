"""JSON Lines: one article per line, with every field."""

from __future__ import annotations

import json
from typing import IO

from newsarchive.export.records import FIELDS, Job


def write_jsonl(job: Job, file: IO[bytes]) -> None:
    """Write the articles in UTF-8; missing values are null, lists are arrays."""
    names = [field.name for field in FIELDS]
    for record in job.records():
        line = json.dumps({name: record[name] for name in names}, ensure_ascii=False) + "\n"
        file.write(line.encode())
