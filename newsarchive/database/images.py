"""Images in the database: which are still to download, and the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlite_utils import Database

from newsarchive.database.faults import concerns_archive
from newsarchive.database.forgotten import is_forgotten
from newsarchive.database.runs import save_capture
from newsarchive.errors import reason_of
from newsarchive.images.files import ENDINGS, ImageFile
from newsarchive.images.selecting import select_images
from newsarchive.items import FetchedImage, Image, ImageToDownload
from newsarchive.sites import Site
from newsarchive.times import now
from newsarchive.urls import as_requested

MISSING = ("", "failed")
"""States of a missing image: never requested, or failed."""

_LARGEST = (
    "select i.state, c.etag, c.last_modified from images i left join captures c on c.id = i.capture where i.url = ?1"
)
_SHOWN = (
    "select 'kept', etag, last_modified from captures where url = ?2 and status = 200"
    " or id = (select capture from images where url = ?1 and state = 'kept') order by time desc limit 1"
)


def images_to_download(
    db: Database, images: Iterable[ImageToDownload], *, again: bool = False
) -> list[ImageToDownload]:
    """Return the images that are missing; with `again` all, the kept ones with the validators of their last response.

    What was taken down is left out.
    """
    found = []
    for image in images:
        addresses = (image.url, as_requested(image.url)) if image.shown else (image.url,)
        row = db.conn.execute(_SHOWN if image.shown else _LARGEST, addresses).fetchone()
        state, etag, modified = row or ("", "", "")
        if (state in MISSING or again) and is_forgotten(db, image.url):
            continue
        if state in MISSING:
            found.append(image)
        elif again:
            kept = state == "kept"
            found.append(replace(image, etag=(kept and etag) or "", last_modified=(kept and modified) or ""))
    return found


_CUT_OFF = """
select u.article from urls u join runs r on r.id = u.visited_run
where u.site = ?1 and r.command = 'crawl' and r.reason not in ('', 'finished', 'incomplete')
    and r.id > (select ifnull(max(id), 0) from runs
        where site = ?1 and command = 'crawl' and reason in ('finished', 'incomplete'))
"""
"""Articles visited by crawls that did not finish, since the last one that did."""


def site_images(
    db: Database, site: Site, *, mode: str, again: bool = False, cut_off: bool = False
) -> Iterator[ImageToDownload]:
    """Yield the images of a site's articles that are to download, each once, the newest article's first.

    With `cut_off`, only of articles whose images a crawl did not download because it was killed or interrupted.
    """
    articles = db.conn.execute(
        "select id, url from articles where site = ?1 and id in (select article from article_images)"  # noqa: S608
        f"{f' and id in ({_CUT_OFF})' if cut_off else ''} order by published desc, id desc",
        (site.name,),
    ).fetchall()
    given: set[tuple[str, bool]] = set()
    for article, page in articles:
        rows = db.conn.execute(
            "select i.url, l.shown, l.lead from article_images l join images i on i.id = l.image where l.article = ?"
            " order by l.position",
            (article,),
        ).fetchall()
        images = [Image(url=url, shown=shown, lead=bool(lead)) for url, shown, lead in rows]
        wanted = [w for w in select_images(images, page, site=site, mode=mode) if (w.url, w.shown) not in given]
        for image in images_to_download(db, wanted, again=again):
            given.add((image.url, image.shown))
            yield image


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file that belongs in images/: its name, size and capture (`warc` is empty if there is none)."""

    sha256: str
    name: str
    bytes: int
    warc: str
    offset: int


def kept_files(db: Database) -> list[KeptFile]:
    """Return every kept file that the URL of an image has returned, each once."""
    rows = db.conn.execute(
        "select v.sha256, v.type, v.bytes, ifnull(c.warc, ''), ifnull(c.offset, 0) from image_versions v"
        " left join captures c on c.id = v.capture group by v.sha256 order by v.id"
    )
    return [
        KeptFile(sha256=sha256, name=f"{sha256}.{ENDINGS[kind]}", bytes=size, warc=warc, offset=offset)
        for sha256, kind, size, warc, offset in rows.fetchall()
    ]


def note_lost(db: Database, sha256: str) -> None:
    """Record that a file is lost: the URLs that returned it last are requested again."""
    db.conn.execute(
        "update images set state = 'failed', reason = 'its file was lost' where sha256 = ? and state = 'kept'",
        (sha256,),
    )


def save_fetched_image(db: Database, fetched: FetchedImage, image_file: ImageFile | None, *, run: int | None) -> str:
    """Store the result of a request for an image; `image_file` is what was read from its bytes.

    Returns how it counts: ``new``, ``changed``, ``same``, ``refused`` or ``failed``; for a version that a page shows,
    of which only the capture is kept, ``smaller``, ``smaller_refused`` or ``smaller_failed``.
    """
    with db.atomic():
        capture = save_capture(db, fetched.capture, run) if fetched.capture else None
        time = fetched.capture.time if fetched.capture else now()
        url = fetched.wanted.url
        if fetched.wanted.shown:
            return "smaller" if fetched.state in ("fetched", "same") else f"smaller_{fetched.state}"
        if image_file is not None:
            return save_image(db, url, image_file, capture=capture, time=time)
        if fetched.state == "same":
            _note_unchanged(db, url, time=time)
        else:
            _note_missing(db, url, state=fetched.state, reason=fetched.reason, capture=capture)
        return fetched.state


def keep_fetched_image(
    db: Database, fetched: FetchedImage, image_file: ImageFile | None, *, run: int | None
) -> tuple[str, str]:
    """Store the result for an image as `save_fetched_image` does; a failure affects no other image.

    Returns how it counts and, if it could not be stored, why. Raises errors of the archive as a whole.
    """
    try:
        return save_fetched_image(db, fetched, image_file, run=run), ""
    except Exception as error:
        if concerns_archive(error):
            raise
        reason = f"could not be stored: {reason_of(error)}"
    with suppress(UnicodeError):  # a URL that cannot be stored cannot be recorded as failed either
        failed = replace(fetched, state="failed", reason=reason, capture=None)
        save_fetched_image(db, failed, None, run=run)
    return "smaller_failed" if fetched.wanted.shown else "failed", reason


def save_image(db: Database, url: str, image_file: ImageFile, *, capture: int | None, time: str) -> str:
    """Store the file that a URL returned at `time` (UTC); return ``new``, ``changed`` (another file) or ``same``.

    The row of the URL has the present file; all its files stay in `image_versions`.
    """
    with db.atomic():
        image, before = _row(db, url)
        write_version(db, image, image_file, capture=capture, time=time)
        db.conn.execute(
            "update images set sha256 = ?, bytes = ?, width = ?, height = ?, type = ?, phash = ?, capture = ?,"
            " state = 'kept', reason = '' where id = ?",
            (*_facts(image_file), capture, image),
        )
    if before is None:
        return "new"
    return "same" if before == image_file.sha256 else "changed"


def write_version(db: Database, image: int, image_file: ImageFile, *, capture: int | None, time: str) -> None:
    """Record that the URL of an image returned a file at `time`, which extends the time of a version known already."""
    db.conn.execute(
        "insert into image_versions (image, sha256, bytes, width, height, type, phash, capture, first_seen, last_seen)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (image, sha256) do update set"
        " first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)",
        (image, *_facts(image_file), capture, time, time),
    )


def _facts(image_file: ImageFile) -> tuple[str, int, int, int, str, str]:
    return image_file.sha256, image_file.bytes, image_file.width, image_file.height, image_file.type, image_file.phash


def _note_unchanged(db: Database, url: str, *, time: str) -> None:
    """Record that a URL still returns the kept file."""
    image, sha256 = _row(db, url)
    db.conn.execute(
        "update image_versions set last_seen = max(last_seen, ?) where image = ? and sha256 = ?", (time, image, sha256)
    )


def _note_missing(db: Database, url: str, *, state: str, reason: str, capture: int | None) -> None:
    """Record that an image was refused or failed, and why; a kept one stays."""
    image, _ = _row(db, url)
    db.conn.execute(
        "update images set state = ?, reason = ?, capture = ? where id = ? and state <> 'kept'",
        (state, reason, capture, image),
    )


def _row(db: Database, url: str) -> tuple[int, str | None]:
    db.conn.execute("insert into images (url) values (?) on conflict (url) do nothing", (url,))
    number, sha256 = db.conn.execute("select id, sha256 from images where url = ?", (url,)).fetchone()
    return int(number), sha256
