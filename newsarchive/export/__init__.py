"""Exports: the archive or what a search finds, in other people's formats; whole or not at all, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, ClassVar, Unpack

from sqlite_utils import Database

from newsarchive.export.canonical import BY_ADDRESS, write_canonical
from newsarchive.export.captures import archive_folder
from newsarchive.export.csvfile import write_csv
from newsarchive.export.files import ExportError, keep_out, whole
from newsarchive.export.jsonlines import write_jsonl
from newsarchive.export.markdown import write_markdown
from newsarchive.export.parquet import write_parquet
from newsarchive.export.records import FIELDS, Job, Progress, snapshot
from newsarchive.export.release import release
from newsarchive.export.targets import is_on_disk, target_file
from newsarchive.export.tei import write_tei
from newsarchive.export.vertical import write_vertical
from newsarchive.export.wacz import write_wacz
from newsarchive.export.warcs import write_warcs
from newsarchive.search import Filters, select_articles

__all__ = ["FIELDS", "FORMATS", "ExportError", "Job", "Progress", "export", "release"]


@dataclass(frozen=True)
class FileFormat:
    """A format of one file, which `write` fills; `seeks` where it goes back in it, so that no pipe will do."""

    folder: ClassVar[bool] = False
    write: Callable[[Job, IO[bytes]], None]
    seeks: bool = False

    def export(self, job: Job, path: Path) -> None:
        """Write the articles to a file, pipe or device."""
        with target_file(path, seeks=self.seeks) as file:
            self.write(job, file)


@dataclass(frozen=True)
class FolderFormat:
    """A format of several files in a folder, which `write` fills."""

    folder: ClassVar[bool] = True
    write: Callable[[Job, Path], None]

    def export(self, job: Job, path: Path) -> None:
        """Write the articles to a new folder."""
        with whole(path, folder=True) as draft:
            self.write(job, draft)


FORMATS: dict[str, FileFormat | FolderFormat] = {
    "jsonl": FileFormat(write_jsonl),
    "csv": FileFormat(write_csv),
    "parquet": FileFormat(write_parquet, seeks=True),
    "markdown": FolderFormat(write_markdown),
    "tei": FileFormat(write_tei),
    "vertical": FileFormat(write_vertical),
    "warc": FolderFormat(write_warcs),
    "wacz": FileFormat(write_wacz, seeks=True),
}


def export(
    db: Database,
    path: Path,
    *,
    format: str,  # noqa: A002
    query: str = "",
    progress: Progress | None = None,
    largest: int = 0,
    spreadsheet: bool = False,
    canonical: bool = False,
    **filters: Unpack[Filters],
) -> int:
    """Write the articles that a search finds, oldest first, and give their number.

    `largest` is how many bytes a file may have, for formats of several files (warc, wacz); 0 leaves their default.

    `spreadsheet` makes CSV one that a spreadsheet program opens without running what a cell begins with.

    `canonical` makes JSON Lines that are the same, byte for byte, of the same recordings, ordered by address.

    A file appears at `path` only when it is whole; a pipe, a device or `-` is written to. `progress` is called with
    articles done and in all. Raises ExportError (unknown format, place that cannot be written), BrokenPipeError
    (nobody reads the pipe any more), FilterError.
    """
    if format not in FORMATS:
        raise ExportError(f"“{format}” is no format: use {', '.join(FORMATS)}.")
    if is_on_disk(path):
        keep_out(path, archive_folder(db))
        if format == "wacz" and path.suffix != ".wacz":
            raise ExportError(f"“{path.name}” cannot be its name: that of a WACZ file ends in .wacz.")
    with snapshot(db):
        order = BY_ADDRESS if canonical else "$key"
        job = Job.of(db, select_articles(db, query, **filters), progress, largest=largest, order=order)
        chosen = FileFormat(write_canonical) if canonical else FORMATS[format]
        chosen.export(replace(job, spreadsheet=spreadsheet), path)
    return len(job.articles)
