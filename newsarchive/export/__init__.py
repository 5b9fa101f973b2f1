"""Exports: the archive or what a search finds, in other people's formats; whole or not at all, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from sqlite_utils import Database

from newsarchive.export.csvfile import write_csv
from newsarchive.export.files import ExportError, whole
from newsarchive.export.jsonlines import write_jsonl
from newsarchive.export.markdown import write_markdown
from newsarchive.export.parquet import write_parquet
from newsarchive.export.records import FIELDS, Job, Progress, snapshot
from newsarchive.export.release import release
from newsarchive.export.tei import write_tei
from newsarchive.export.vertical import write_vertical
from newsarchive.export.wacz import write_wacz
from newsarchive.export.warcs import write_warcs
from newsarchive.search import Filters, select_articles

__all__ = ["FIELDS", "FORMATS", "ExportError", "Format", "Job", "Progress", "export", "release"]


@dataclass(frozen=True)
class Format:
    """How articles are written: `write` fills a file, or the folder where `folder` is set."""

    write: Callable[[Job, Path], None]
    folder: bool = False


FORMATS: dict[str, Format] = {
    "jsonl": Format(write_jsonl),
    "csv": Format(write_csv),
    "parquet": Format(write_parquet),
    "markdown": Format(write_markdown, folder=True),
    "tei": Format(write_tei),
    "vertical": Format(write_vertical),
    "warc": Format(write_warcs, folder=True),
    "wacz": Format(write_wacz),
}


def export(
    db: Database,
    path: Path,
    *,
    format: str,  # noqa: A002
    query: str = "",
    progress: Progress | None = None,
    largest: int = 0,
    **filters: Unpack[Filters],
) -> int:
    """Write the articles that a search finds, oldest first, and give their number.

    `largest` is how many bytes a file may have, for formats of several files (warc, wacz); 0 leaves their default.

    `path` appears only when it is whole. `progress` is called with articles done and in all. Raises ExportError
    (unknown format, place that cannot be written), FilterError.
    """
    if format not in FORMATS:
        raise ExportError(f"“{format}” is no format: use {', '.join(FORMATS)}.")
    with snapshot(db):
        job = Job.of(db, select_articles(db, query, **filters), progress, largest=largest)
        with whole(path, folder=FORMATS[format].folder) as draft:
            FORMATS[format].write(job, draft)
    return len(job.articles)
