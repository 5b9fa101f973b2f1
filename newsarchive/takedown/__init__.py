"""Taking down what may not be kept: an article out of the database, its captures out of the WARC files."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import delete_outdated, finish_run, mark_forgotten, record_left_warcs, start_run
from newsarchive.database.removal import (
    clear_images,
    mark_outdated,
    move_captures,
    remove_article,
    remove_images,
    replace_warc,
    write_forgotten,
)
from newsarchive.database.runs import now
from newsarchive.takedown.captures import Removal, plan_removal
from newsarchive.takedown.finding import Belongings, Progress, find_belongings
from newsarchive.urls import url_key

__all__ = ["Progress", "Takedown", "forget", "purge_forgotten"]

_WRITING = 600.0
"""Seconds within which any picture's file is written."""
_DRAFT = re.compile(r"\.(?:check-|.+\.)[a-z0-9_]{8}")


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What was taken down; `clean` tells whether nothing of it is left in the database's file and log."""

    url: str
    article: int | None
    revisions: int
    captures: int
    pictures: int
    shared: int
    clean: bool


def forget(
    db: Database,
    folder: Path,
    *,
    article: int | None,
    site: str,
    url: str,
    reason: str,
    time: str = "",
    progress: Progress = lambda _what, _done, _total: None,
) -> Takedown:
    """Remove an article, or the captures and the picture of an address, for good; the caller holds the archive's lock.

    New WARC files are written first, then one transaction changes the database, then the old files are deleted: a
    crash in between loses nothing, and the next run that writes deletes what is left. `time` is that of an earlier
    takedown that is done again.
    """
    delete_outdated(db, folder)
    record_left_warcs(db, folder / "warc")
    own = find_belongings(db, folder, article=article, site=site, url=url, progress=progress)
    removal = plan_removal(db, folder, own.captures, keys=own.keys, traces=own.traces, progress=progress)
    run = start_run(db, "forget", site)
    remains = {**_remains(db, own), "reason": reason, "time": time or now(), "run": run}
    with db.atomic():
        if article is not None:
            remove_article(db, article)
        _remove_captures(db, removal)
        remove_images(db, own.images)
        clear_images(db, own.named)
        mark_outdated(db, ["archive.db", *(f"images/{name}" for name in sorted(own.files))])
        mark_forgotten(db, own.urls, site=site, time=str(remains["time"]), reason=reason)
        write_forgotten(db, remains)
    counts = {"captures": len(own.captures), "pictures": len(own.files), "revisions": remains["revisions"]}
    finish_run(db, run, reason="finished", message=f"{url}: {reason}", counts=counts)
    _delete_drafts(folder)
    return Takedown(
        url=url,
        article=article,
        revisions=int(str(remains["revisions"])),
        captures=len(own.captures),
        pictures=len(own.files),
        shared=len(own.shared),
        clean=delete_outdated(db, folder),
    )


def purge_forgotten(db: Database, folder: Path) -> int:
    """Remove the captures of addresses that were taken down, which a run made before it knew; gives how many."""
    rows = db.conn.execute(
        "select c.id from captures c join urls u on u.url = c.url where u.state = 'forgotten'"
        " and c.id not in (select capture from revision_captures)"
    ).fetchall()
    numbers = {number for (number,) in rows}
    if not numbers:
        return 0
    removal = plan_removal(db, folder, numbers)
    with db.atomic():
        _remove_captures(db, removal)
    delete_outdated(db, folder)
    return len(numbers)


def _remains(db: Database, own: Belongings) -> dict[str, object]:
    """What stays of an article: addresses, times and digests, none of its text."""
    row = next(
        iter(
            db.query(
                "select a.published, a.first_seen, a.last_seen, r.digest, (select count(*) from revisions where"
                " article = a.id) as revisions from articles a left join revisions r on r.id = a.current_revision"
                " where a.id = ?",
                [own.article],
            )
        ),
        {"revisions": 0},
    )
    return {
        "article": own.article,
        "site": own.site,
        "url": own.url,
        "key": url_key(own.url),
        **row,
        "digest": row.get("digest") or "",
        "captures": list(_digests(db, own.captures)),
    }


def _digests(db: Database, captures: Iterable[int]) -> Iterable[dict[str, object]]:
    for number in sorted(captures):
        yield from db.query("select url, time, status, sha256 from captures where id = ?", [number])


def _remove_captures(db: Database, removal: Removal) -> None:
    for done in removal.files:
        replace_warc(db, done.old.name, done.new, sha256=done.sha256)
    move_captures(db, removal.moved)


def _delete_drafts(folder: Path) -> None:
    """Unfinished exports and copies in the archive's folder may hold the text, unfinished files a picture."""
    for path in folder.iterdir():
        if path.is_dir() and _DRAFT.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)
    for path in (folder / "images").glob(".*"):
        if path.stat().st_mtime < time.time() - _WRITING:  # a fetch may be at work on a younger one
            path.unlink(missing_ok=True)
