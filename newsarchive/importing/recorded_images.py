"""Images that others recorded: those that stored articles show are kept as if they had been fetched then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.records import RecordError
from newsarchive.captures.writing import CaptureWriter
from newsarchive.database.earlier import save_earlier_image
from newsarchive.errors import reason_of
from newsarchive.images.files import ImageFile, ImageRefused, keep_image_file
from newsarchive.images.reading import read_image_file
from newsarchive.importing.known import KnownCaptures, to_second
from newsarchive.importing.payloads import Place, read_page, write_page
from newsarchive.items import Capture, FetchedImage, ImageToDownload
from newsarchive.urls import as_requested
from newsarchive.workers.pool import WorkerDied, WorkerPool
from newsarchive.workers.serving import TooSlow

BATCH = 40
_SHOWN = "select distinct json_extract(i.value, '$.shown') from revisions r, json_each(r.images) i"
"""The versions of images that the pages of any revision show."""


@dataclass(kw_only=True, slots=True)
class _Read:
    """An image that was read, or why it was refused. `image_file` is None for a smaller version that is only shown."""

    wanted: ImageToDownload
    capture: Capture
    image_file: ImageFile | None
    reason: str


class RecordedImages:
    """Imports images; `counts` has their outcomes, `broken` names what cannot be read."""

    def __init__(self, folder: Path, db: Database, run: int, writer: CaptureWriter, broken: list[str]) -> None:
        self._folder, self._db, self._run, self._writer = folder, db, run, writer
        self._broken = broken
        self._captures = KnownCaptures(db)
        self._own: dict[str, ImageToDownload] = {}
        self.counts: Counter[str] = Counter()

    async def take(self, places: Sequence[Place], progress: Callable[[int, int], None]) -> None:
        """Keep the images whose URLs the archive knows, in order of time, each capture once."""
        self._own = self._known({as_requested(place.url) for place in places})
        waiting = [place for place in places if as_requested(place.url) in self._own]
        if not waiting:
            return
        pool = WorkerPool(1, preload=(ImageFile.__module__,))
        try:
            for start in range(0, len(waiting), BATCH):
                progress(start, len(waiting))
                found = [await self._read(place, pool) for place in waiting[start : start + BATCH]]
                self._writer.sync()
                with self._db.atomic():
                    for one in found:
                        if one is not None:
                            self.counts[self._save(one)] += 1
        finally:
            pool.close()

    def _known(self, addresses: Collection[str]) -> dict[str, ImageToDownload]:
        """Return the images of stored articles at these URLs, by the URL as requests name it."""
        known: dict[str, ImageToDownload] = {}
        for query, shown in (("select url from images", False), (_SHOWN, True)):
            for (url,) in self._db.conn.execute(query):
                address = as_requested(url or "")
                if address in addresses and not database.is_forgotten(self._db, url):
                    known.setdefault(address, ImageToDownload(url=url, page="", hosts=frozenset(), shown=shown))
        return known

    async def _read(self, place: Place, pool: WorkerPool) -> _Read | None:
        """Read an image, write its capture and its file. Returns None if it is kept already, or broken."""
        try:
            recorded = read_page(place)
        except RecordError as error:
            self._broken.append(f"{place.url} of {place.time}: {error}; skipped")
            return None
        page = recorded.page
        if self._captures.has(place.url, to_second(place.time), page.body):
            return None
        wanted = self._own[as_requested(place.url)]
        image_file, reason = (None, page.cut) if page.cut else await _image_in(pool, page.body)
        try:
            capture = write_page(self._writer, recorded, datetime.fromisoformat(place.time))
        except ValueError as error:  # a head that no record takes
            self._broken.append(f"{place.url} of {place.time}: could not be kept: {reason_of(error)}")
            return None
        if wanted.shown:
            image_file = None
        elif image_file is not None:
            keep_image_file(self._folder / "images", image_file, page.body)
        return _Read(wanted=wanted, capture=capture, image_file=image_file, reason=reason)

    def _save(self, one: _Read) -> str:
        """Store an image; one that cannot be stored is named, and costs no other."""
        try:
            with self._db.atomic():
                return self._saved(one)
        except Exception as error:
            if database.concerns_archive(error):
                raise
            reason = f"could not be stored: {reason_of(error)}"
        self._broken.append(f"{one.wanted.url} of {one.capture.time}: {reason}")
        failed = FetchedImage(wanted=one.wanted, state="failed", reason=reason, capture=one.capture)
        return database.keep_fetched_image(self._db, failed, None, run=self._run)[0]

    def _saved(self, one: _Read) -> str:
        url, time = one.wanted.url, one.capture.time
        if one.image_file is not None and self._is_newer(url, one.capture):
            number = database.save_capture(self._db, one.capture, self._run)
            return save_earlier_image(self._db, url, one.image_file, capture=number, time=time)
        state = "refused" if one.reason else "fetched"
        fetched = FetchedImage(wanted=one.wanted, state=state, reason=one.reason, capture=one.capture)
        return database.save_fetched_image(self._db, fetched, one.image_file, run=self._run)

    def _is_newer(self, url: str, capture: Capture) -> bool:
        """Whether the archive saw the current file of the URL after this capture."""
        row = self._db.conn.execute(
            "select v.last_seen from images i join image_versions v on v.image = i.id and v.sha256 = i.sha256"
            " where i.url = ? and i.state = 'kept'",
            (url,),
        ).fetchone()
        return row is not None and capture.time < row[0]


async def _image_in(pool: WorkerPool, body: bytes) -> tuple[ImageFile | None, str]:
    """Read an image in a worker. Returns it, or why it is refused."""
    try:
        return await pool.run(read_image_file, body), ""
    except ImageRefused as error:
        return None, str(error)
    except (TooSlow, WorkerDied):
        return None, "it stalls or crashes its reader"
    except Exception as error:  # noqa: BLE001  a stranger's file may break any reader; the reason is kept
        return None, f"its reader fails: {reason_of(error)}"
