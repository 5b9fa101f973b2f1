"""Checks of kept images: each file against the digest in its name, files without rows, rows without files."""

from __future__ import annotations

import random
from pathlib import Path

from newsarchive.database.warcfiles import file_sha256
from newsarchive.fixity.report import Progress, Report
from newsarchive.fixity.state import State


def check_images(state: State, report: Report, *, progress: Progress, sample: int | None = None) -> None:
    """Check all kept images, or `sample` of them chosen at random."""
    folder = state.folder / "images"
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    kept = _articles_of_kept(state)
    if sample is None:
        outdated = {
            name.removeprefix("images/") for (name,) in state.db.conn.execute("select name from outdated_files")
        }
        for path in files:
            if path.stem not in kept and path.name not in outdated and not state.is_new(path):
                _unknown(state, report, path)
        for sha256 in sorted(kept.keys() - {path.stem for path in files}):
            if state.live(_KNOWN, sha256):
                report.add(f"images/{sha256}", "the image is missing", articles=kept[sha256])
    else:
        files = random.sample(files, min(sample, len(files)))
    for done, path in enumerate(files):
        progress("images", done, len(files))
        report.count("images")
        if file_sha256(path) != path.stem:
            report.add(f"images/{path.name}", "its bytes differ from its digest", articles=kept.get(path.stem, ()))


_KNOWN = "select 1 from images where sha256 = ?1 union select 1 from image_versions where sha256 = ?1"


def _unknown(state: State, report: Report, path: Path) -> None:
    """Report a file without a row: an intact one may be left by a killed run, any other is a problem."""
    killed = state.db.conn.execute(
        "select 1 from runs where command in ('crawl', 'images', 'import') and reason in ('', 'killed') limit 1"
    ).fetchone()
    if (killed or _left_by_fetch(state)) and file_sha256(path) == path.stem:
        report.notes.append(f"images/{path.name}: left by a run that was killed")
    else:
        report.add(f"images/{path.name}", "no row of images knows this file")


def _left_by_fetch(state: State) -> bool:
    """Return True if a one-off fetch was killed before it stored anything: it left a recording, but no run."""
    known = {name for (name,) in state.db.conn.execute("select distinct warc from captures")}
    return any(path.name not in known for path in (state.folder / "warc").glob("fetch-*.warc.gz"))


def _articles_of_kept(state: State) -> dict[str, tuple[int, ...]]:
    """Return the digests of kept images, each with the articles that show it."""
    rows = state.db.conn.execute(
        "select i.sha256, l.article from (select id, sha256 from images union select image, sha256 from image_versions)"
        " i left join article_images l on l.image = i.id where i.sha256 is not null order by 1, 2"
    )
    found: dict[str, tuple[int, ...]] = {}
    for sha256, article in rows:
        found[sha256] = found.get(sha256, ()) + ((article,) if article is not None else ())
    return found
