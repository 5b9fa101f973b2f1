"""Takedown: removing an article from the database, and its captures from the WARC files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from newsarchive.database import finish_run, mark_forgotten, start_run
from newsarchive.database.removal import (
    Remains,
    clear_images,
    mark_outdated,
    remove_article,
    remove_images,
    write_forgotten,
)
from newsarchive.run_ends import RunEnd
from newsarchive.takedown.captures import Removal, plan_removal
from newsarchive.takedown.drafts import delete_unfinished
from newsarchive.takedown.finding import Belongings, Progress, find_belongings
from newsarchive.takedown.purging import clean_up, purge_forgotten, settled
from newsarchive.times import now
from newsarchive.urls import url_key

__all__ = ["Progress", "Takedown", "clean_up", "forget", "purge_forgotten"]


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What was taken down; `clean` is True if nothing of it is left in the database's file and log."""

    url: str
    article: int | None
    revisions: int
    captures: int
    images: int
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
    """Remove an article, or the captures and the image of a URL, for good; the caller holds the archive's lock.

    New WARC files are written first, then one transaction changes the database, then the old files are deleted. A crash
    in between loses nothing, and the next run that writes deletes the rest. `time` is that of an earlier takedown that
    is repeated.
    """
    clean_up(db, folder)

    def plan() -> _Planned:
        own = find_belongings(db, folder, article=article, site=site, url=url, progress=progress)
        removal = plan_removal(db, folder, own.captures, belongs=own.has_record, progress=progress)
        return _Planned(own=own, removal=removal)

    with settled(db, plan) as planned:
        own = planned.own
        run = start_run(db, "forget", site)
        remains = _remains(db, own, reason=reason, time=time or now(), run=run)
        _carry_out(db, planned, remains)
    counts = {"captures": len(own.captures), "pictures": len(own.files), "revisions": remains.revisions}
    finish_run(db, run, reason=RunEnd.FINISHED, message=f"{url}: {reason}", counts=counts)
    delete_unfinished(folder)
    return Takedown(
        url=url,
        article=article,
        revisions=remains.revisions,
        captures=len(own.captures),
        images=len(own.files),
        shared=len(own.shared),
        clean=clean_up(db, folder),
    )


def _carry_out(db: Database, planned: _Planned, remains: Remains) -> None:
    """Remove from the database all that belongs to an article, and record what remains of it."""
    own = planned.own
    if own.article is not None:
        remove_article(db, own.article)
    planned.removal.apply(db)
    remove_images(db, own.images)
    clear_images(db, own.named)
    mark_outdated(db, ["archive.db", *(f"images/{name}" for name in sorted(own.files))])
    mark_forgotten(db, own.urls, site=own.site, time=remains.time, reason=remains.reason)
    write_forgotten(db, remains)


@dataclass(frozen=True, kw_only=True)
class _Planned:
    own: Belongings
    removal: Removal

    def discard(self) -> None:
        self.removal.discard()


def _remains(db: Database, own: Belongings, *, reason: str, time: str, run: int) -> Remains:
    """Return what remains of an article: URL, times and digests, nothing of its text."""
    found = db.query(
        "select a.published, a.first_seen, a.last_seen, r.digest, (select count(*) from revisions where"
        " article = a.id) as revisions from articles a left join revisions r on r.id = a.current_revision"
        " where a.id = ?",
        [own.article],
    )
    row: dict[str, Any] = next(iter(found), {"revisions": 0})
    return Remains(
        article=own.article,
        site=own.site,
        url=own.url,
        key=url_key(own.url),
        published=row.get("published"),
        first_seen=row.get("first_seen"),
        last_seen=row.get("last_seen"),
        digest=row.get("digest") or "",
        revisions=row["revisions"],
        captures=list(_digests(db, own.captures)),
        reason=reason,
        time=time,
        run=run,
    )


def _digests(db: Database, captures: Iterable[int]) -> Iterable[dict[str, object]]:
    for number in sorted(captures):
        yield from db.query("select url, time, status, sha256 from captures where id = ?", [number])
