"""Imports the pages of other people's recordings by the same extraction as a crawl, in order of time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Collection as Collection_
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.records import RecordError
from newsarchive.captures.writing import CaptureWriter
from newsarchive.importing.indexes import INDEXES, indexed_in
from newsarchive.importing.kept import KeptCaptures
from newsarchive.importing.known import KnownCaptures, to_second
from newsarchive.importing.page_lists import LISTS
from newsarchive.importing.payloads import Place, read_page
from newsarchive.importing.recorded_images import RecordedImages
from newsarchive.importing.recording_files import RecordingFile
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.saved_pages import is_page_file, saved_in
from newsarchive.importing.saved_writing import write_saved
from newsarchive.importing.storing import FoundPage, Imported, PageStore
from newsarchive.importing.unpacking import RecordingError, Unpacker
from newsarchive.importing.walking import require_readable
from newsarchive.items import MOST_PAGES, Extracted, Fetched
from newsarchive.sites import Site, host_site, site_of
from newsarchive.takedown import purge_forgotten
from newsarchive.text.counting import counted
from newsarchive.urls import url_key
from newsarchive.workers.extracting import ExtractionPool

BATCH = 40
_Begun = tuple[FoundPage, asyncio.Future[Extracted]]
Progress = Callable[[str, int, int], None]
"""Is told what is being read, how much is done, and how much there is."""


def import_files(
    folder: Path,
    db: Database,
    paths: Sequence[Path],
    *,
    sites: Mapping[str, Site],
    any_site: bool = False,
    text_only: bool = False,
    only: Collection_[str] = (),
    workers: int = 0,
    progress: Progress = lambda _what, _done, _total: None,
) -> Imported:
    """Import the pages of recordings, folders and lists as if they had been fetched at the time of their records.

    Only pages of `sites`, unless `any_site`: then others under the name of their host; `only` names the sites to which
    that is restricted. The images that stored articles show follow. What is there already (URL, time and digest of the
    payload) is not stored twice. The caller holds the archive's lock.
    """
    result = Imported()
    with (
        database.recorded_run(db, "import", None, result.all_counts) as run,
        _recording(folder, db, run) as writer,
        tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as unpacked,
    ):
        chooser = SiteChooser(sites, any_site=any_site, only=only)
        wants = chooser.wants
        files = open_recordings(paths, Path(unpacked), result, partial(progress, "files"), wants)
        kept = KeptCaptures(folder, db)
        found = find_recordings(files, result.broken, kept=kept, notes=result.notes, text_only=text_only)
        store = PageStore(folder, db, run, writer, result)
        pages = PageImport(db, chooser, store, result)
        asyncio.run(pages.go(found.pages, max(1, min(workers, len(found.pages) // 8)), progress))
        images = RecordedImages(folder, db, run, writer, result.broken)
        asyncio.run(images.take(found.images, partial(progress, "images")))
        result.images = dict(images.counts)
    return result


class SiteChooser:
    """Says of which site a page is, if its pages are to be imported."""

    def __init__(self, sites: Mapping[str, Site], *, any_site: bool, only: Collection_[str] = ()) -> None:
        self._sites, self._any_site, self._only = sites.values(), any_site, frozenset(only)

    def wants(self, url: str) -> bool:
        """True if a page of this URL may be imported."""
        return self.site_of(url) is not None

    def site_of(self, url: str) -> Site | None:
        """Return the site of a page to import; None for others."""
        site = site_of(url, self._sites) or (host_site(url) if self._any_site else None)
        return None if site is None or (self._only and site.name not in self._only) else site


@contextmanager
def _recording(folder: Path, db: Database, run: int) -> Iterator[CaptureWriter]:
    """Open the WARC file of an import. At the end close and record it, without what was taken down meanwhile."""
    name = f"import-{datetime.now(UTC):%Y%m%d%H%M%S}-{run}"
    writer = CaptureWriter(folder / "warc", name, originals=partial(database.original_of, db))
    try:
        yield writer
    finally:
        writer.close()
        purge_forgotten(db, folder)
        database.record_warc(db, writer.path)


def open_recordings(
    paths: Sequence[Path],
    folder: Path,
    result: Imported,
    progress: Callable[[int, int], None],
    wants: Callable[[str], bool] = lambda _url: True,
) -> Iterator[RecordingFile]:
    """Yield the files of records that the paths hold, recorded or saved; by an index only what `wants` says."""
    unpacker = Unpacker(folder, result.broken)
    for number, path in enumerate(paths):
        progress(number, len(paths))
        try:
            require_readable(path)
            if path.is_dir() or path.suffix.lower() in LISTS or is_page_file(path):
                pages = saved_in(path, result.broken)
                written = write_saved(pages, folder / f"saved-{number}.warc.gz", result.broken)
                if written.untold:
                    pages_ = counted(written.pages, "page")
                    result.notes.append(f"{path}: of {pages_} {written.untold} got the time of the file")
                if written.file is not None:
                    yield RecordingFile(written.file, str(path))
            elif path.suffix.lower() in INDEXES:
                yield from indexed_in(path, wants, result.broken)
            else:
                yield from unpacker.files_in(path)
        except RecordingError as error:
            result.broken.append(str(error))


class PageImport:
    """Reads the pages of one import and extracts them; a PageStore stores them."""

    def __init__(self, db: Database, chooser: SiteChooser, store: PageStore, result: Imported) -> None:
        self._db, self._chooser, self._store, self._result = db, chooser, store, result
        self._known = KnownCaptures(db)
        self._by_key: dict[str, list[Place]] = {}
        self._further: set[Place] = set()

    async def go(self, places: list[Place], workers: int, progress: Progress) -> None:
        """Extract the pages in workers and store them in order of time; while a batch is stored the next is extracted.

        A batch is read once all pages of the one before are extracted, which may need some of it as further pages.
        """
        pool = ExtractionPool(workers)
        for place in places:
            self._by_key.setdefault(url_key(place.url), []).append(place)
        waiting, begun = iter(places), list[_Begun]()
        size = done = 0
        progress("pages", 0, len(places))
        try:
            while (batch := list(islice(waiting, BATCH))) or begun:
                extracted = [(found, await extraction) for found, extraction in begun]
                begun = []
                await self._begin(pool, batch, begun)
                await self._store.store(pool, [pair for pair in extracted if pair[0].places[0] not in self._further])
                size, done = len(batch), done + size
                progress("pages", done, len(places))
            progress("pages", len(places), len(places))
        finally:
            for _, extraction in begun:
                extraction.cancel()
            pool.close()

    async def _begin(self, pool: ExtractionPool, batch: Sequence[Place], begun: list[_Begun]) -> None:
        """Read a batch of pages, and begin to extract each as soon as it is read."""
        for place in batch:
            if (found := self._read(place)) is not None:
                begun.append((found, asyncio.ensure_future(self._extract(pool, found))))
                await asyncio.sleep(0)

    def _read(self, place: Place) -> FoundPage | None:
        if place in self._further:
            return None
        site = self._chooser.site_of(place.url)
        if site is None or not site.wants(place.url):
            self._result.counts["other_site"] += 1
            return None
        if database.is_forgotten(self._db, place.url):
            self._result.counts["forgotten"] += 1
            return None
        try:
            recorded = read_page(place)
        except RecordError as error:
            self._result.broken.append(f"{place.url} of {place.time}: {error}; skipped")
            return None
        page = recorded.page
        if page.cut:
            self._result.truncated.append(f"{page.url} of {to_second(place.time)} ({place.at}): {page.cut}")
        if self._known.has(place.url, to_second(place.time), page.body):
            self._result.counts["known"] += 1
            return None
        item = Fetched(site=site.name, urls=(place.url,), pages=(page,), captures=())
        return FoundPage(site=site, places=[place], recorded=[recorded], item=item)

    async def _extract(self, pool: ExtractionPool, one: FoundPage) -> Extracted:
        """Extract a page with the further pages of its article that were recorded closest in time."""
        if one.is_truncated:
            return Extracted(fetched=one.item, outcome="truncated", reason=one.item.pages[0].cut)
        extracted = await pool.extract(one.item, one.site)
        while extracted.article and extracted.article.more_pages and len(one.item.pages) < MOST_PAGES:
            known = len(one.item.pages)
            for url in extracted.article.more_pages:
                self._add_page(one, url)
            if len(one.item.pages) == known:
                break
            extracted = await pool.extract(one.item, one.site)
        return extracted

    def _add_page(self, one: FoundPage, url: str) -> None:
        places = self._by_key.get(url_key(url), [])
        if not places or any(url_key(page.url) == url_key(url) for page in one.item.pages):
            return
        moment = datetime.fromisoformat(one.places[0].time)
        place = min(places, key=lambda place: abs(datetime.fromisoformat(place.time) - moment))
        try:
            recorded = read_page(place)
        except RecordError:
            return  # it is named when it is read for itself
        if recorded.page.cut:
            return
        self._further.add(place)
        self._known.has(place.url, to_second(place.time), recorded.page.body)  # in another file, it is known
        one.item.pages += (recorded.page,)
        one.recorded.append(recorded)
        one.places.append(place)
