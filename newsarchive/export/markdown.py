"""Markdown files with YAML front matter, one per article: ``site/year/day-id.md``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from newsarchive.export.records import FIELDS, Job, Record

_FRONT_FIELDS = [field.name for field in FIELDS if field.name not in ("body", "words")]
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_markdown(job: Job, path: Path) -> None:
    """Write the articles into the folder `path`."""
    for name, text in markdown_files(job):
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")


def markdown_files(job: Job) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each article's file."""
    for record in job.records():
        yield _file_name(record), front_matter(record) + _text(record)


def _file_name(record: Record) -> str:
    day = record["day"] or "0000-00-00"
    site = re.sub(r"[^\w.-]", "_", record["site"]).lstrip(".") or "_"
    return f"{site}/{day[:4]}/{day}-{record['id']}.md"


def front_matter(record: Record) -> str:
    """Return an article's metadata as YAML between two lines of dashes; values are JSON, a subset of YAML.

    >>> print(front_matter({"title": "Су: тасқын", "authors": [], "tags": ["су"]}), end="")
    ---
    title: "Су: тасқын"
    tags: ["су"]
    ---
    <BLANKLINE>
    """
    lines = [f"{name}: {_yaml(record[name])}" for name in _FRONT_FIELDS if record.get(name) not in (None, "", [])]
    return "\n".join(["---", *lines, "---", "", ""])


def _yaml(value: object) -> str:
    # YAML requires escapes for some characters that JSON allows.
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _text(record: Record) -> str:
    text = record["markdown"] or "\n\n".join(filter(None, (f"# {record['title']}", record["lead"], record["body"])))
    return str(text).rstrip() + "\n"
