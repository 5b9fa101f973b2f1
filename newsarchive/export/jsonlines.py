"""JSON Lines: one article a line, every field always there."""

from __future__ import annotations

import json
from pathlib import Path

from newsarchive.export.records import FIELDS, Job


def write_jsonl(job: Job, path: Path) -> None:
    """Write the articles in UTF-8; fields without a value are null, lists are arrays."""
    names = [field.name for field in FIELDS]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for record in job.records():
            file.write(json.dumps({name: record[name] for name in names}, ensure_ascii=False) + "\n")
