"""Fixity checks: every byte of the captures, images and database of an archive, and their consistency."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from newsarchive.database import ArchiveError, NoArchive, read_archive
from newsarchive.fixity.images import check_images
from newsarchive.fixity.origins import check_origins
from newsarchive.fixity.report import Problem, Progress, Report
from newsarchive.fixity.state import one_state
from newsarchive.fixity.tables import check_tables
from newsarchive.fixity.warcs import check_warcs
from newsarchive.sites import Site

__all__ = ["Problem", "Progress", "Report", "check_archive"]


def check_archive(
    folder: Path,
    *,
    sites: Mapping[str, Site],
    sample: int | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Report:
    """Check the archive in `folder`: everything, or the whole database and `sample` captures, images and revisions.

    Readers and a crawl may run meanwhile: one state of the database is checked, and a WARC file that still grows as far
    as that state lists it. Raises ArchiveError if there is no archive.
    """
    report = Report()
    try:
        read_archive(folder).close()
        with one_state(folder, report) as state:
            check_tables(state, report, progress=progress)
            check_warcs(state, report, progress=progress, sample=sample)
            check_images(state, report, progress=progress, sample=sample)
            check_origins(state, report, sites=sites, progress=progress, sample=sample)
    except NoArchive:
        raise
    except (
        sqlite3.DatabaseError,
        ArchiveError,
        ValueError,
        TypeError,
    ) as error:  # after a flipped bit
        report.add("archive.db", f"the database cannot be read, so nothing was compared with it: {error}")
    return report
