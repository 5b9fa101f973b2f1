"""Taking in what others recorded: pages of their files, through the same extraction, in the order of their times."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.records import RecordError
from newsarchive.captures.writing import CaptureWriter
from newsarchive.database.earlier import known_later, save_earlier
from newsarchive.database.outcomes import provenance_of
from newsarchive.errors import reason_of
from newsarchive.importing.known import KnownCaptures, to_second
from newsarchive.importing.recorded_pictures import RecordedPictures
from newsarchive.importing.recordings import Head, Place, find_recordings, read_page, write_page
from newsarchive.importing.saved_pages import LISTS, PAGES, html_files, saved_in, write_saved
from newsarchive.importing.unpacking import ENDINGS, RecordingError, readable
from newsarchive.items import MOST_PAGES, Article, Extracted, Fetched
from newsarchive.sites import Site, host_site, site_of
from newsarchive.takedown import purge_forgotten
from newsarchive.text.counting import counted
from newsarchive.urls import url_key
from newsarchive.workers.extracting import ExtractionPool
from newsarchive.workers.stored import read_again

BATCH = 40
OUTCOMES = ("new", "changed", "same", "not_article", "failed", "known", "other_site", "forgotten")
Progress = Callable[[str, int, int], None]
"""Is told what is read, how much of it is done, and of how much."""


@dataclass(kw_only=True)
class Imported:
    """What came of an import: counts of pages and of pictures by outcome, and what was broken, each by its name."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    pictures: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should know, though nothing is wrong."""

    def all_counts(self) -> dict[str, int]:
        """The counts as a run has them."""
        pictures = {f"pictures_{outcome}": count for outcome, count in sorted(self.pictures.items())}
        return {**self.counts, **pictures, "broken": len(self.broken)}


@dataclass(kw_only=True, slots=True)
class _Found:
    place: Place
    site: Site
    heads: list[Head | None]
    """Of each page."""
    times: list[str]
    item: Fetched


def import_files(
    folder: Path,
    db: Database,
    paths: Sequence[Path],
    *,
    sites: Mapping[str, Site],
    any_site: bool = False,
    workers: int = 0,
    progress: Progress = lambda _what, _done, _total: None,
) -> Imported:
    """Take in the HTML pages of WARC and WACZ files, of folders and lists as if fetched at the time of their records.

    Pages of `sites` only, unless `any_site`: then others under the name of their host; after them the pictures that
    kept articles show. The caller holds the archive's lock. What is there already (address, time and digest of the
    payload) is not taken twice.
    """
    result = Imported()
    with (
        database.recorded_run(db, "import", None, result.all_counts) as run,
        _recording(folder, db, run) as writer,
        tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as unpacked,
    ):
        names: dict[Path, Path] = {}
        files = _files(paths, Path(unpacked), names, result, partial(progress, "files"))
        found = find_recordings(files, result.broken, names=names, kept=partial(_kept, folder, db))
        work = _Work(folder, db, run, writer, sites, result, any_site=any_site)
        asyncio.run(work.go(found.pages, max(1, min(workers, len(found.pages) // 8)), progress))
        pictures = RecordedPictures(folder, db, run, writer, result.broken)
        asyncio.run(pictures.take(found.pictures, partial(progress, "pictures")))
        result.pictures = dict(pictures.counts)
    return result


@contextmanager
def _recording(folder: Path, db: Database, run: int) -> Iterator[CaptureWriter]:
    """Open the WARC file of an import; at the end close and record it, without what was taken down meanwhile."""
    name = f"import-{datetime.now(UTC):%Y%m%d%H%M%S}-{run}"
    writer = CaptureWriter(folder / "warc", name, originals=partial(database.original_of, db))
    try:
        yield writer
    finally:
        writer.close()
        purge_forgotten(db, folder)
        database.record_warc(db, writer.path)


def recordings_in(path: Path) -> list[Path]:
    """What is to be read of a path: itself; for a folder its WARC and WACZ files, and itself for its HTML files."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.name.endswith((*ENDINGS, ".wacz")) and file.is_file())
    return [*found, *([path] if html_files(path) else [])]


def _files(
    paths: Sequence[Path],
    folder: Path,
    names: dict[Path, Path],
    result: Imported,
    progress: Callable[[int, int], None],
) -> Iterator[Path]:
    """WARC files of gzip members with all that the paths hold, recorded or saved."""
    for number, path in enumerate(paths):
        progress(number, len(paths))
        try:
            if path.is_dir() or path.suffix.lower() in (*PAGES, *LISTS):
                pages = list(saved_in(path, result.broken))
                if untold := sum(not page.told for page in pages):
                    result.notes.append(f"{path}: of {counted(len(pages), 'page')} {untold} got the time of the file")
                files = iter([write_saved(pages, folder / f"saved-{number}.warc.gz", result.broken)] if pages else [])
            else:
                files = readable(path, folder, result.broken)
            for file in files:
                names[file] = path
                yield file
        except RecordingError as error:
            result.broken.append(str(error))


def _kept(folder: Path, db: Database, url: str, time: str) -> tuple[Path, int] | None:
    row = db.conn.execute(
        "select warc, offset from captures where url = ? and time = ? and refers_to is null", (url, to_second(time))
    ).fetchone()
    return (folder / "warc" / row[0], row[1]) if row else None


class _Work:
    def __init__(
        self,
        folder: Path,
        db: Database,
        run: int,
        writer: CaptureWriter,
        sites: Mapping[str, Site],
        result: Imported,
        *,
        any_site: bool,
    ) -> None:
        self._folder, self._db, self._run, self._writer = folder, db, run, writer
        self._sites, self._result, self._any_site = sites, result, any_site
        self._known = KnownCaptures(db)
        self._by_key: dict[str, list[Place]] = {}
        self._further: set[Place] = set()

    async def go(self, places: list[Place], workers: int, progress: Progress) -> None:
        """Extract in workers, store in order of time."""
        pool = ExtractionPool(workers)
        for place in places:
            self._by_key.setdefault(url_key(place.url), []).append(place)
        waiting = iter(places)
        done = 0
        progress("pages", 0, len(places))
        try:
            while batch := list(islice(waiting, BATCH)):
                found = [one for place in batch if (one := self._read(place)) is not None]
                extracted = await asyncio.gather(*(self._extract(pool, one) for one in found))
                await self._store(pool, found, extracted)
                done += len(batch)
                progress("pages", done, len(places))
        finally:
            pool.close()

    def _read(self, place: Place) -> _Found | None:
        site = site_of(place.url, self._sites.values()) or (host_site(place.url) if self._any_site else None)
        if place in self._further:
            return None
        if site is None or not site.wants(place.url):
            self._count("other_site")
            return None
        if database.is_forgotten(self._db, place.url):
            self._count("forgotten")
            return None
        try:
            page, head = read_page(place)
        except RecordError as error:
            self._result.broken.append(f"{place.url} of {place.time}: {error}; skipped")
            return None
        if self._known.has(place.url, to_second(place.time), page.body):
            self._count("known")
            return None
        item = Fetched(site=site.name, urls=(place.url,), pages=(page,), captures=())
        return _Found(place=place, site=site, heads=[head], times=[place.time], item=item)

    async def _extract(self, pool: ExtractionPool, one: _Found) -> Extracted:
        """Extract a page with those further pages of its article that were recorded next to it in time."""
        extracted = await pool.extract(one.item, one.site)
        while extracted.article and extracted.article.more_pages and len(one.item.pages) < MOST_PAGES:
            known = len(one.item.pages)
            for url in extracted.article.more_pages:
                self._add_page(one, url)
            if len(one.item.pages) == known:
                break
            extracted = await pool.extract(one.item, one.site)
        return extracted

    def _add_page(self, one: _Found, url: str) -> None:
        places = self._by_key.get(url_key(url), [])
        if not places or any(url_key(page.url) == url_key(url) for page in one.item.pages):
            return
        moment = datetime.fromisoformat(one.place.time)
        place = min(places, key=lambda place: abs(datetime.fromisoformat(place.time) - moment))
        try:
            page, head = read_page(place)
        except RecordError:
            return  # it is named when its own turn comes
        self._further.add(place)
        one.item.pages += (page,)
        one.heads.append(head)
        one.times.append(place.time)

    def _count(self, outcome: str) -> None:
        self._result.counts[outcome] += 1

    async def _store(self, pool: ExtractionPool, found: list[_Found], extracted: list[Extracted]) -> None:
        """Store a batch; between two pages a revision may have to be read again, which ends the transaction."""
        whole = [(one, item) for one, item in zip(found, extracted, strict=True) if one.place not in self._further]
        whole = [(one, item) for one, item in whole if self._keep(one, item)]
        self._writer.sync()
        try:
            for one, item in whole:
                while unread := self._unread(one.site, item):
                    self._db.conn.commit()  # nobody who fetches meanwhile waits for an extraction
                    item.readings |= await read_again(pool, self._folder, unread, one.site)
                self._count(self._save(one.site, item))
        finally:
            self._db.conn.commit()

    def _unread(self, site: Site, item: Extracted) -> list[database.Unread]:
        if not self._db.conn.in_transaction:
            self._db.conn.execute("begin immediate")
        return database.unread_readings(self._db, item, site=site)

    def _keep(self, one: _Found, item: Extracted) -> bool:
        """Write the pages into the WARC file of this run, each with its own time; whether that could be done."""
        try:
            item.fetched.captures = tuple(
                write_page(self._writer, page, head, datetime.fromisoformat(time))
                for page, head, time in zip(one.item.pages, one.heads, one.times, strict=True)
            )
        except ValueError as error:
            self._refuse(item, one.place.time, f"could not be kept: {reason_of(error)}")
            return False
        return True

    def _refuse(self, item: Extracted, time: str, reason: str) -> None:
        self._count("failed")
        self._result.broken.append(f"{item.fetched.urls[0]} of {time}: {reason}")

    def _save(self, site: Site, item: Extracted) -> str:
        """Store what came of a page; one that cannot be stored is named, and costs no other."""
        time = item.fetched.captures[0].time
        try:
            with self._db.atomic():
                return self._saved(site, item)
        except Exception as error:
            if database.concerns_archive(error):
                raise
            self._result.broken.append(f"{item.fetched.urls[0]} of {time}: could not be stored: {reason_of(error)}")
        with suppress(UnicodeError):  # an address that no database takes: its file names it
            for kept in item.fetched.captures:
                database.save_capture(self._db, kept, self._run)
        return "failed"

    def _saved(self, site: Site, item: Extracted) -> str:
        capture = item.fetched.captures[0]
        if not self._db["sites"].count_where("name = ?", [site.name]):
            database.save_site(self._db, site)
        article = item.article
        urls = item.fetched.urls
        if article is None:  # a page of long ago says nothing of today: the ledger is left as it is
            for kept in item.fetched.captures:
                database.save_capture(self._db, kept, self._run)
            return item.outcome
        number = known_later(self._db, [article.url, *urls], capture.time)
        if number is None or database.is_forgotten(self._db, article.url):
            return database.save_extracted(self._db, item, site=site, run=self._run, source="import")
        return self._save_earlier(number, article, item, site)

    def _save_earlier(self, number: int, article: Article, item: Extracted, site: Site) -> str:
        captures = tuple(database.save_capture(self._db, capture, self._run) for capture in item.fetched.captures)
        origin = provenance_of(item, site, time=item.fetched.captures[0].time, run=self._run, captures=captures)
        saved = save_earlier(
            self._db,
            number,
            article,
            site=site,
            urls=item.fetched.urls,
            provenance=origin,
            readings=item.readings,
        )
        return saved.outcome
