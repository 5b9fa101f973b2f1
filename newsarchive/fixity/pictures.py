"""Kept pictures: each file against the digest it is named by, files without a row and rows without a file."""

from __future__ import annotations

import random

from newsarchive.database.warcfiles import file_sha256
from newsarchive.fixity.report import Progress, Report
from newsarchive.fixity.state import State


def check_pictures(state: State, report: Report, *, progress: Progress, sample: int | None = None) -> None:
    """Check all kept pictures, or `sample` of them picked at random."""
    folder = state.folder / "images"
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    wanted = _wanted(state)
    if sample is None:
        outdated = {
            name.removeprefix("images/") for (name,) in state.db.conn.execute("select name from outdated_files")
        }
        for path in files:
            if path.stem not in wanted and path.name not in outdated and not state.is_new(path):
                report.add(f"images/{path.name}", "no row of images knows this file")
        for sha256 in sorted(wanted.keys() - {path.stem for path in files}):
            if state.live("select 1 from images where sha256 = ?", sha256):
                report.add(f"images/{sha256}", "the picture is missing", articles=wanted[sha256])
    else:
        files = random.sample(files, min(sample, len(files)))
    for done, path in enumerate(files):
        progress("pictures", done, len(files))
        report.count("pictures")
        if file_sha256(path) != path.stem:
            report.add(f"images/{path.name}", "its bytes differ from its digest", articles=wanted.get(path.stem, ()))


def _wanted(state: State) -> dict[str, tuple[int, ...]]:
    """The digests of the pictures that are kept, each with the articles that show it."""
    rows = state.db.conn.execute(
        "select i.sha256, l.article from images i left join article_images l on l.image = i.id"
        " where i.sha256 is not null order by 1, 2"
    )
    found: dict[str, tuple[int, ...]] = {}
    for sha256, article in rows:
        found[sha256] = found.get(sha256, ()) + ((article,) if article is not None else ())
    return found
