"""Re-extraction: extract all stored pages with this version, on all cores, without the network."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from newsarchive import database
from newsarchive.database.revisions import Provenance, stored_content
from newsarchive.errors import reason_of
from newsarchive.extraction.identity import EXTRACTOR
from newsarchive.items import Article, NotAnArticle
from newsarchive.revisions.content import changed_fields, content_of
from newsarchive.sites import Site
from newsarchive.times import now
from newsarchive.workers.kept_captures import extract_stored
from newsarchive.workers.pool import WorkerPool
from newsarchive.workers.starting import EXTRACTING

BATCH = 50
"""Revisions per transaction; short enough that concurrent readers and fetches do not wait."""
EXAMPLES = 3
OUTCOMES = ("same", "changed", "not_article", "failed")
Progress = Callable[[int, int], None]
Found = tuple[Article, tuple[str, str, str]] | None


@dataclass(kw_only=True)
class Example:
    """One field of one revision as it was, and as this version extracts it."""

    article: int
    revision: int
    old: Any
    new: Any


@dataclass(kw_only=True)
class Reextraction:
    """The result for a site: counts by outcome, and per field the number of changes with some examples."""

    site: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    fields: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Articles that this version refuses or cannot read, with the reason; they stay as they were."""

    def note(self, due: database.Due, article: Article) -> None:
        """Count the fields in which an article differs from the stored one."""
        old, new = stored_content(due.latest), content_of(article)
        for name in changed_fields(old, new):
            self.fields[name] = self.fields.get(name, 0) + 1
            shown = self.examples.setdefault(name, [])
            if len(shown) < EXAMPLES:
                number = due.latest["number"]
                shown.append(Example(article=due.latest["article"], revision=number, old=old[name], new=new[name]))


def made_by(site: Site) -> dict[str, str]:
    """Return what identifies this extraction: extractor, digest of its options, digest of the profile's rules."""
    return {
        "extractor": f"{EXTRACTOR.name} {EXTRACTOR.version}",
        "options_digest": EXTRACTOR.options_digest,
        "profile_digest": database.profile_digest(site),
    }


def reextract(
    folder: Path,
    db: Database,
    site: Site,
    *,
    since: str = "",
    dry_run: bool = False,
    workers: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Reextraction:
    """Extract again all revisions of a site that this version has not extracted, and store what differs.

    `since` is a day: only articles published on it or later. With `dry_run` nothing is written, and `db` may be
    read-only; otherwise the caller holds the archive's lock. An interrupted run resumes where it stopped.
    """
    result = Reextraction(site=site.name)
    recorded = nullcontext() if dry_run else database.recorded_run(db, "reextract", site.name, lambda: result.counts)
    with recorded as run:
        count = os.cpu_count() or 1 if workers is None else workers
        total = database.count_due(db, site.name, made_by(site), since=since)
        work = _Work(folder, db, site, result, run)
        progress(0, total)
        asyncio.run(work.go(since, min(count, total // 4), total, progress))
    return result


class _Work:
    def __init__(self, folder: Path, db: Database, site: Site, result: Reextraction, run: int | None) -> None:
        self._folder, self._db, self._site, self._result, self._run = folder, db, site, result, run
        self._made_by = made_by(site)

    async def go(self, since: str, workers: int, total: int, progress: Progress) -> None:
        """Extract in workers and store in order, so that the result does not depend on their number."""
        pool = WorkerPool(workers, preload=("newsarchive.workers.kept_captures", *EXTRACTING))
        revisions = database.due_revisions(self._db, self._site.name, self._made_by, since=since)
        waiting: deque[tuple[database.Due, asyncio.Task[Found]]] = deque()
        done = 0
        try:
            while True:
                for due in islice(revisions, BATCH + 4 * workers - len(waiting)):
                    waiting.append((due, asyncio.create_task(self._extract(pool, due))))
                if not waiting:
                    break
                batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
                results = await asyncio.gather(*(task for _, task in batch), return_exceptions=True)
                self._store([due for due, _ in batch], results)
                done += len(batch)
                progress(done, total)
        finally:
            for _, task in waiting:
                task.cancel()
            pool.close()

    async def _extract(self, pool: WorkerPool, due: database.Due) -> Found:
        return await pool.run(extract_stored, self._folder, due.places, self._site, due.hints, due.latest["digest"])

    def _store(self, batch: list[database.Due], results: list[Found | BaseException]) -> None:
        """Store a batch in one transaction."""
        if self._run is None:
            for due, found in zip(batch, results, strict=True):
                self._take(due, found)
            return
        with self._db.atomic():
            for due, found in zip(batch, results, strict=True):
                outcome, reason = self._keep(due, found)
                database.note_reextraction(
                    self._db, due.revision, self._made_by, outcome=outcome, reason=reason, run=self._run
                )

    def _keep(self, due: database.Due, found: Found | BaseException) -> tuple[str, str]:
        """Store one revision; if that fails it counts as failed, without affecting others."""
        try:
            with self._db.atomic():
                return self._take(due, found)
        except Exception as error:
            if database.concerns_archive(error):
                raise
            return self._take(due, error)

    def _take(self, due: database.Due, found: Found | BaseException) -> tuple[str, str]:
        outcome, reason = "same", ""
        if isinstance(found, NotAnArticle):
            outcome, reason = "not_article", found.reason
        elif isinstance(found, Exception):
            outcome, reason = "failed", reason_of(found)
        elif isinstance(found, BaseException):
            raise found
        elif found is not None:
            outcome = "changed"
            article, search_text = found
            self._result.note(due, article)
            if self._run is not None:
                origin = Provenance(
                    time=now(),
                    run=self._run,
                    captures=tuple(capture for capture, _, _ in due.captures),
                    hints=due.hints,
                    **self._made_by,
                )
                database.save_reextracted(
                    self._db, due, article, site=self._site, provenance=origin, search_text=search_text
                )
        if reason:
            self._result.refused.append((due.latest["article"], reason))
        self._result.counts[outcome] += 1
        return outcome, reason


def sites_kept(db: Database, sites: dict[str, Site]) -> Iterator[Site]:
    """Yield the archive's sites with their present profiles; a site without one has the profile stored with it."""
    for row in db.query("select name, url, title, language, timezone from sites order by name"):
        yield sites.get(row["name"]) or Site(**row)
