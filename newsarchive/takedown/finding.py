"""Finding what belongs to an article: its URLs, its captures, the listings with its text, its images."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.captures.records import Record
from newsarchive.takedown.rewriting import CAPTURES
from newsarchive.takedown.traces import Traces, opening, page_of
from newsarchive.urls import as_requested, url_key

Progress = Callable[[str, int, int], None]


@dataclass(kw_only=True)
class Belongings:
    """What is removed with an article; `article` is None if the archive has only the URL."""

    article: int | None
    site: str
    url: str
    urls: tuple[str, ...]
    traces: Traces
    captures: set[int] = field(default_factory=set)
    images: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)
    """Images that are themselves taken down; articles may still name them."""
    files: set[str] = field(default_factory=set)
    """Files to delete, by their names in images/."""
    shared: set[int] = field(default_factory=set)
    """Captures from which other articles were extracted too, and which therefore stay."""

    @property
    def keys(self) -> frozenset[str]:
        """The URLs, reduced to what distinguishes articles."""
        return frozenset(map(url_key, self.urls))

    def has_record(self, record: Record) -> bool:
        """Return True if a record without a row in `captures` is of one of the URLs, or contains the text."""
        if url_key(record.url) in self.keys:
            return True
        return record.kind in CAPTURES and self.traces.in_page(page_of(record))


def find_belongings(
    db: Database, folder: Path, *, article: int | None, site: str, url: str, progress: Progress
) -> Belongings:
    """Find everything in the archive that belongs to an article, or to a URL without an article."""
    own = Belongings(
        article=article, site=site, url=url, urls=_addresses(db, article, url), traces=_traces(db, article, [url])
    )
    if article is None:
        _add_named_images(db, folder, own)
    _add_captures(db, own)
    _add_listings(db, folder, own, progress)
    _add_images(db, folder, own)
    return own


def _addresses(db: Database, article: int | None, url: str) -> tuple[str, ...]:
    rows = db.conn.execute(
        "select url from urls where article = ?1 or key = ?2 union select url from articles where id = ?1"
        " union select c.url from captures c join revision_captures p on p.capture = c.id"
        " join revisions r on r.id = p.revision where r.article = ?1"
        " union select url from urls where native_id <> '' and (site, native_id) in"
        " (select site, native_id from urls where article = ?1 or key = ?2)",
        (article, url_key(url)),
    ).fetchall()
    return tuple(dict.fromkeys([url, *(found for (found,) in rows)]))


def _traces(db: Database, article: int | None, urls: Sequence[str]) -> Traces:
    texts: list[str] = []
    titles: list[str] = []
    sql = "select title, lead, body, images from revisions where article = ?"
    for title, lead, body, images in db.conn.execute(sql, (article,)):
        titles.append(title)
        texts += [lead or "", body, *(image["caption"] for image in json.loads(images) if image.get("caption"))]
    for (hints,) in db.conn.execute("select hints from urls where article = ?", (article,)):
        titles.append(json.loads(hints).get("title", ""))
    openings = {opening(line) for text in texts for line in text.split("\n")} | set(titles)
    return Traces(texts, titles, urls, common=_common(db, article, sorted(openings - {""})))


def _common(db: Database, article: int | None, openings: Sequence[str]) -> set[str]:
    """Return the openings that other articles share, such as boilerplate of a press office."""
    found: set[str] = set()
    for start in range(0, len(openings), 50):
        part = openings[start : start + 50]
        text = "title || char(10) || ifnull(lead, '') || char(10) || body"
        columns = ", ".join(f"max(instr({text}, ?{n}) > 0)" for n in range(1, len(part) + 1))
        row = db.conn.execute(f"select {columns} from articles where id is not ?{len(part) + 1}", (*part, article))  # noqa: S608
        found |= {text for text, common in zip(part, row.fetchone(), strict=True) if common}
    return found


def _add_captures(db: Database, own: Belongings) -> None:
    """Add the captures of its URLs and of its revisions, except those that other articles need."""
    keys = own.keys
    urls = [url for (url,) in db.conn.execute("select distinct url from captures") if url_key(url) in keys]
    for url in urls:
        own.captures |= {number for (number,) in db.conn.execute("select id from captures where url = ?", (url,))}
    others = {
        number
        for (number,) in db.conn.execute(
            "select p.capture from revision_captures p join revisions r on r.id = p.revision where r.article is not ?",
            (own.article,),
        )
    }
    own.shared = own.captures & others
    own.captures -= others


def _add_listings(db: Database, folder: Path, own: Belongings, progress: Progress) -> None:
    """Add other captures with its text, except images and pages of other articles, which may quote or link to it."""
    rows = db.conn.execute(
        "select id, warc, offset from captures where id not in (select capture from revision_captures)"
        " and id not in (select capture from images where capture is not null"
        " union select capture from image_versions where capture is not null) and content_type not like 'image/%'"
        " and not exists (select 1 from urls u where u.url = captures.url and u.article is not null)"
        " order by warc, offset"
    ).fetchall()
    for done, (number, warc, offset) in enumerate(rows):
        progress("listings", done, len(rows))
        if number in own.captures:
            continue
        try:
            if own.traces.in_page(read_capture(folder / "warc", warc=warc, offset=offset)):
                own.captures.add(number)
        except CaptureError:
            continue  # unreadable; `check` reports it


_FILES = """
select id, sha256, capture from images where url = ?1
union select v.image, v.sha256, v.capture from image_versions v join images i on i.id = v.image where i.url = ?1
"""
"""The files that the URL of an image has returned, present and past."""


def _add_images(db: Database, folder: Path, own: Belongings) -> None:
    """Add the images of all its revisions that no other article has ever shown."""
    shown = {
        image[name]
        for (images,) in db.conn.execute("select images from revisions where article = ?", (own.article,))
        for image in json.loads(images)
        for name in ("url", "shown")
        if image.get(name)
    }
    shown |= {
        url
        for row in db.conn.execute(
            "select i.url, l.shown from article_images l join images i on i.id = l.image where l.article = ?",
            (own.article,),
        )
        for url in row
        if url
    }
    own.images |= _add_files(db, folder, own, {url for url in shown if not _shown_elsewhere(db, url, own.article)})


_VERSIONS = """
select distinct json_extract(i.value, '$.url'), json_extract(i.value, '$.shown')
from revisions r, json_each(r.images) i
"""
"""The largest version of each image of any revision, and the version that its page shows."""


def _add_named_images(db: Database, folder: Path, own: Belongings) -> None:
    """Add the image at the URL with all its versions; bytes that another URL returned too stay."""
    named = as_requested(own.url)
    largest = {pair[0] for pair in db.conn.execute(_VERSIONS) if named in map(as_requested, filter(None, pair))}
    urls = {version for pair in db.conn.execute(_VERSIONS) if pair[0] in largest for version in pair if version}
    urls |= {url for (url,) in db.conn.execute("select url from images where url = ?", (own.url,))}
    own.urls = tuple(dict.fromkeys([*own.urls, *sorted(urls)]))
    own.named = _add_files(db, folder, own, urls)


def _add_files(db: Database, folder: Path, own: Belongings, urls: set[str]) -> set[int]:
    """Add the files and captures of images, except bytes that other URLs returned too; return the images' ids.

    An image reached through a redirect has captures of other URLs, which are recognized by their payload.
    """
    numbers = set()
    for url in urls:
        for number, sha256, capture in db.conn.execute(_FILES, (url,)).fetchall():
            numbers.add(number)
            if _has_bytes_of_other(db, urls, sha256):
                continue
            own.captures |= {capture} - {None}
            if sha256:
                payload = "select id from captures where sha256 in (select sha256 from captures where id = ?)"
                own.captures |= {number for (number,) in db.conn.execute(payload, (capture,))}
                images = folder / "images"
                own.files |= {path.relative_to(images).as_posix() for path in images.rglob(f"{sha256}.*")}
        captures = db.conn.execute("select id from captures where url in (?, ?)", (url, as_requested(url)))
        own.captures |= {number for (number,) in captures}
    return numbers


def _shown_elsewhere(db: Database, url: str, article: int | None) -> bool:
    found = db.conn.execute(
        "select 1 from article_images l join images i on i.id = l.image where i.url = ?1 and l.article is not ?2"
        " union all select 1 from revisions where article is not ?2 and instr(images, ?1) limit 1",
        (url, article),
    )
    return found.fetchone() is not None


def _has_bytes_of_other(db: Database, lonely: Iterable[str], sha256: str | None) -> bool:
    """Return True if a URL that stays has an image with the same bytes."""
    sql = "select url from images where sha256 = ?1 or id in (select image from image_versions where sha256 = ?1)"
    urls = [url for (url,) in db.conn.execute(sql, (sha256,))]
    return bool(set(urls) - set(lonely))
