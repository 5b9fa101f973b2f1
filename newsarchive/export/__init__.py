"""Exports of the archive or a search result in common formats: atomic and reproducible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, ClassVar, Unpack

from sqlite_utils import Database

from newsarchive.export.canonical import write_canonical
from newsarchive.export.captures import refuse_own_path
from newsarchive.export.csvfile import write_csv
from newsarchive.export.files import ExportError, atomic_write
from newsarchive.export.jsonlines import write_jsonl
from newsarchive.export.markdown import write_markdown
from newsarchive.export.packages import PACKAGED, Request, write_package
from newsarchive.export.parquet import write_parquet
from newsarchive.export.records import FIELDS, Job, Progress, snapshot
from newsarchive.export.release import release
from newsarchive.export.samples import draw_sample
from newsarchive.export.targets import is_on_disk, target_file
from newsarchive.export.tei import write_tei
from newsarchive.export.vertical import write_vertical
from newsarchive.export.wacz import write_wacz
from newsarchive.export.warcs import write_warcs
from newsarchive.search import Filters, Reading
from newsarchive.search.several import BY_ADDRESS, BY_TIME

__all__ = [
    "FIELDS",
    "FORMATS",
    "PACKAGED",
    "ExportError",
    "Job",
    "Progress",
    "Request",
    "export",
    "export_chosen",
    "export_package",
    "release",
]


@dataclass(frozen=True)
class FileFormat:
    """A format of one file, written by `write`; `seeks` if it needs a seekable file, not a pipe."""

    folder: ClassVar[bool] = False
    write: Callable[[Job, IO[bytes]], None]
    seeks: bool = False

    def export(self, job: Job, path: Path) -> None:
        """Write the articles to a file, pipe or device. Raises ExportError, BrokenPipeError."""
        with target_file(path, seeks=self.seeks) as file:
            self.write(job, file)


@dataclass(frozen=True)
class FolderFormat:
    """A format of several files in a folder, written by `write`."""

    folder: ClassVar[bool] = True
    write: Callable[[Job, Path], None]

    def export(self, job: Job, path: Path) -> None:
        """Write the articles to a new folder. Raises ExportError."""
        with atomic_write(path, folder=True) as draft:
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


def export_package(reading: Reading, path: Path, request: Request, *, progress: Progress | None = None) -> int:
    """Write a search result with its query, date, versions and digests as one file; return its number of articles.

    Raises ExportError, BrokenPipeError and FilterError.
    """
    if is_on_disk(path):
        refuse_own_path(path, reading)
    with target_file(path, seeks=request.format == "wacz") as file:
        return write_package(reading, file, request, progress=progress)


def export(
    reading: Reading,
    path: Path,
    *,
    format: str,  # noqa: A002
    query: str = "",
    progress: Progress | None = None,
    largest: int = 0,
    spreadsheet: bool = False,
    canonical: bool = False,
    sample: int = 0,
    seed: str = "1",
    **filters: Unpack[Filters],
) -> int:
    """Write the articles that a search finds in an archive or several, oldest first, and return their number.

    `largest` is the maximum size in bytes of each WARC file (formats warc and wacz); 0 selects their default.

    `spreadsheet` writes CSV whose cells a spreadsheet program does not run as formulas.

    `sample` limits the export to a random sample of so many articles, drawn with `seed`; 0 stands for all.

    `canonical` writes JSON Lines sorted by address that are byte-identical for identical recordings.

    A file appears at `path` only when it is complete; a pipe, a device or `-` is written to directly. `progress` is
    called with the number of articles written and the total. Raises ExportError (unknown format, path that cannot be
    written), BrokenPipeError (the reader closed the pipe) and FilterError.
    """
    _check_target(reading, path, format)
    with snapshot(reading):
        job = Job.of(reading, query, filters, order=BY_ADDRESS if canonical else BY_TIME, progress=progress)
        if sample:
            job = draw_sample(job, sample, seed)
        chosen = FileFormat(write_canonical) if canonical else FORMATS[format]
        chosen.export(replace(job, largest=largest, spreadsheet=spreadsheet), path)
    return len(job.articles)


def export_chosen(
    db: Database,
    path: Path,
    articles: Iterable[int],
    *,
    format: str,  # noqa: A002
    progress: Progress | None = None,
) -> int:
    """Write articles by their numbers, oldest first, and return how many; those that may not be seen are left out.

    Raises ExportError and BrokenPipeError as `export` does.
    """
    _check_target(db, path, format)
    with snapshot(db):
        job = Job.of_articles(db, articles, progress=progress)
        FORMATS[format].export(job, path)
    return len(job.articles)


def _check_target(reading: Reading, path: Path, form: str) -> None:
    """Raise ExportError if the format is unknown, or the path does not suit it or belongs to what is read."""
    if form not in FORMATS:
        raise ExportError(f"Unknown format “{form}”; choose one of {', '.join(FORMATS)}.")
    if is_on_disk(path):
        refuse_own_path(path, reading)
        if form == "wacz" and path.suffix != ".wacz":
            raise ExportError(f"“{path.name}” is not a name for a WACZ file; it must end in .wacz.")
