"""Pictures in the database: which are still wanted, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlite_utils import Database

from newsarchive.database.faults import is_of_archive
from newsarchive.database.forgotten import is_forgotten
from newsarchive.database.runs import save_capture
from newsarchive.errors import reason_of
from newsarchive.images.reading import ENDINGS, Picture
from newsarchive.images.wanted import wanted_pictures
from newsarchive.items import FetchedImage, Image, ImageToDownload
from newsarchive.sites import Site
from newsarchive.times import now
from newsarchive.urls import as_requested

MISSING = ("", "failed")
"""States of a picture that is still missing: never asked for, or not to be had then."""

_LARGEST = (
    "select i.state, c.etag, c.last_modified from images i left join captures c on c.id = i.capture where i.url = ?1"
)
_SHOWN = (
    "select 'kept', etag, last_modified from captures where url = ?2 and status = 200"
    " or id = (select capture from images where url = ?1 and state = 'kept') order by time desc limit 1"
)


def still_wanted(db: Database, wanted: Iterable[ImageToDownload], *, again: bool = False) -> list[ImageToDownload]:
    """Those that are missing; with `again` all, and those that are kept with what tells whether they changed.

    What was taken down is not wanted.
    """
    found = []
    for picture in wanted:
        addresses = (picture.url, as_requested(picture.url)) if picture.shown else (picture.url,)
        row = db.conn.execute(_SHOWN if picture.shown else _LARGEST, addresses).fetchone()
        state, etag, modified = row or ("", "", "")
        if (state in MISSING or again) and is_forgotten(db, picture.url):
            continue
        if state in MISSING:
            found.append(picture)
        elif again:
            kept = state == "kept"
            found.append(replace(picture, etag=(kept and etag) or "", last_modified=(kept and modified) or ""))
    return found


_CUT_OFF = """
select u.article from urls u join runs r on r.id = u.visited_run
where u.site = ?1 and r.command = 'crawl' and r.reason not in ('', 'finished')
    and r.id > (select ifnull(max(id), 0) from runs where site = ?1 and command = 'crawl' and reason = 'finished')
"""
"""Articles that were visited by a crawl which did not come to its end, since the last that did."""


def site_pictures(
    db: Database, site: Site, *, mode: str, again: bool = False, cut_off: bool = False
) -> Iterator[ImageToDownload]:
    """The pictures of a site's articles that are wanted (see `still_wanted`), each once, the newest article's first.

    With `cut_off` only of those articles whose pictures a crawl could not get, for it was killed or interrupted.
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
        wanted = [w for w in wanted_pictures(images, page, site=site, mode=mode) if (w.url, w.shown) not in given]
        for picture in still_wanted(db, wanted, again=again):
            given.add((picture.url, picture.shown))
            yield picture


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file that belongs into images/: its name and size, and the capture that brought it (`warc` empty: none)."""

    sha256: str
    name: str
    bytes: int
    warc: str
    offset: int


def kept_files(db: Database) -> list[KeptFile]:
    """Every file that a picture's address has given and that is kept, each once."""
    rows = db.conn.execute(
        "select v.sha256, v.type, v.bytes, ifnull(c.warc, ''), ifnull(c.offset, 0) from image_versions v"
        " left join captures c on c.id = v.capture group by v.sha256 order by v.id"
    )
    return [
        KeptFile(sha256=sha256, name=f"{sha256}.{ENDINGS[kind]}", bytes=size, warc=warc, offset=offset)
        for sha256, kind, size, warc, offset in rows.fetchall()
    ]


def note_lost(db: Database, sha256: str) -> None:
    """A file is lost: the addresses that gave it last are asked again."""
    db.conn.execute(
        "update images set state = 'failed', reason = 'its file was lost' where sha256 = ? and state = 'kept'",
        (sha256,),
    )


def save_fetched_picture(db: Database, fetched: FetchedImage, picture: Picture | None, *, run: int | None) -> str:
    """Write what came of a request for a picture; `picture` is what was read of its bytes.

    Gives how it counts: ``new``, ``changed``, ``same``, ``refused`` or ``failed``; ``smaller``, ``smaller_refused`` or
    ``smaller_failed`` for a version that a page shows, of which the capture is all that is kept.
    """
    with db.atomic():
        capture = save_capture(db, fetched.capture, run) if fetched.capture else None
        time = fetched.capture.time if fetched.capture else now()
        url = fetched.wanted.url
        if fetched.wanted.shown:
            return "smaller" if fetched.state in ("fetched", "same") else f"smaller_{fetched.state}"
        if picture is not None:
            return save_picture(db, url, picture, capture=capture, time=time)
        if fetched.state == "same":
            _note_unchanged(db, url, time=time)
        else:
            _note_missing(db, url, state=fetched.state, reason=fetched.reason, capture=capture)
        return fetched.state


def keep_fetched_picture(
    db: Database, fetched: FetchedImage, picture: Picture | None, *, run: int | None
) -> tuple[str, str]:
    """Write what came of a picture as `save_fetched_picture` does; one that cannot be stored costs nothing else.

    Gives how it counts and, where it could not be stored, why. Raises what is of the archive as a whole.
    """
    try:
        return save_fetched_picture(db, fetched, picture, run=run), ""
    except Exception as error:
        if is_of_archive(error):
            raise
        reason = f"could not be stored: {reason_of(error)}"
    with suppress(UnicodeError):  # an address that no database takes cannot be noted either
        failed = replace(fetched, state="failed", reason=reason, capture=None)
        save_fetched_picture(db, failed, None, run=run)
    return "smaller_failed" if fetched.wanted.shown else "failed", reason


def save_picture(db: Database, url: str, picture: Picture, *, capture: int | None, time: str) -> str:
    """Write what an address gave at `time` (UTC): ``new``, ``changed`` where it gave another file before, or ``same``.

    The address's row has the present file; every file that it has given stays in `image_versions`.
    """
    with db.atomic():
        image, before = _row(db, url)
        write_version(db, image, picture, capture=capture, time=time)
        db.conn.execute(
            "update images set sha256 = ?, bytes = ?, width = ?, height = ?, type = ?, phash = ?, capture = ?,"
            " state = 'kept', reason = '' where id = ?",
            (*_facts(picture), capture, image),
        )
    if before is None:
        return "new"
    return "same" if before == picture.sha256 else "changed"


def write_version(db: Database, image: int, picture: Picture, *, capture: int | None, time: str) -> None:
    """Record that the URL of an image returned a file at `time`, which extends the time of a version known already."""
    db.conn.execute(
        "insert into image_versions (image, sha256, bytes, width, height, type, phash, capture, first_seen, last_seen)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (image, sha256) do update set"
        " first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)",
        (image, *_facts(picture), capture, time, time),
    )


def _facts(picture: Picture) -> tuple[str, int, int, int, str, str]:
    return picture.sha256, picture.bytes, picture.width, picture.height, picture.type, picture.phash


def _note_unchanged(db: Database, url: str, *, time: str) -> None:
    """An address still gives the file that is kept."""
    image, sha256 = _row(db, url)
    db.conn.execute(
        "update image_versions set last_seen = max(last_seen, ?) where image = ? and sha256 = ?", (time, image, sha256)
    )


def _note_missing(db: Database, url: str, *, state: str, reason: str, capture: int | None) -> None:
    """A picture was refused or failed, and why; one that is kept stays as it is."""
    image, _ = _row(db, url)
    db.conn.execute(
        "update images set state = ?, reason = ?, capture = ? where id = ? and state <> 'kept'",
        (state, reason, capture, image),
    )


def _row(db: Database, url: str) -> tuple[int, str | None]:
    db.conn.execute("insert into images (url) values (?) on conflict (url) do nothing", (url,))
    number, sha256 = db.conn.execute("select id, sha256 from images where url = ?", (url,)).fetchone()
    return int(number), sha256
