"""Earlier revisions: what others recorded before the present state of an article, inserted in order of time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlite_utils import Database

from newsarchive.database.articles import Saved, find_known, show_revision
from newsarchive.database.images import write_version
from newsarchive.database.links import replace_links
from newsarchive.database.readings import current_reading, latest_reading, states_a_change
from newsarchive.database.revisions import (
    Provenance,
    article_of_revision,
    captures_of,
    content_columns,
    insert_revision,
    read_hints,
    save_captures,
    save_sighting,
    stored_content,
)
from newsarchive.images.files import ImageFile
from newsarchive.items import Article, Reading
from newsarchive.revisions.content import changed_fields, content_digest, content_of
from newsarchive.revisions.kinds import kind_of_change
from newsarchive.sites import Site
from newsarchive.urls import url_key

Row = dict[str, Any]


def known_later(db: Database, urls: Sequence[str], time: str) -> int | None:
    """Return the article with one of the URLs if the archive saw it after `time` (UTC), else None."""
    known = find_known(db, urls)
    return int(known["id"]) if known is not None and time < known["last_seen"] else None


def save_earlier(
    db: Database,
    number: int,
    article: Article,
    *,
    site: Site,
    urls: Sequence[str],
    provenance: Provenance,
    readings: Mapping[int, Reading] = MappingProxyType({}),
) -> Saved:
    """Store an older content of the article `number` in one transaction; its present state does not change.

    No revision is made if the one before or after has the same content; the one after then begins earlier. Later
    revisions move up by one. `readings` are those of `save_article`. Next to a revision that today's extractor cannot
    read, only a page that itself states a change makes a revision; of any other only the capture is kept.
    """
    digest = content_digest(content_of(article))
    with db.atomic():
        before, after = neighbours(db, number, provenance.time)
        read = {
            row["id"]: current_reading(db, latest_reading(db, row), digest, provenance, readings)
            for row in (before, after)
            if row
        }
        db.conn.execute("update articles set first_seen = min(first_seen, ?) where id = ?", (provenance.time, number))
        _add_urls(db, number, urls, site, provenance.time)
        for row in (before, after):
            if row is not None and _is_same(read[row["id"]], row, article, digest):
                db.conn.execute("update revisions set time = min(time, ?) where id = ?", (provenance.time, row["id"]))
                if row["digest"] == digest and read[row["id"]] == row and _precedes(db, provenance, row):
                    _restart_revision(db, row, article, site, provenance)
                else:
                    save_sighting(db, row["id"], provenance.captures)
                return Saved(article=number, revision=row["id"], outcome="same")
        return _insert_between(db, number, article, before, after, read=read, provenance=provenance)


def _insert_between(
    db: Database,
    number: int,
    article: Article,
    before: Row | None,
    after: Row | None,
    *,
    read: Mapping[int, Row | None],
    provenance: Provenance,
) -> Saved:
    """Insert a revision between two others; `read` has today's readings of those by their id."""
    content = content_of(article)
    old = stored_content(read[before["id"]] or before) if before else None
    kind = kind_of_change(old, content) if old is not None else "first"
    changed = changed_fields(old, content) if old is not None else ()
    place = after["number"] if after else before["number"] + 1 if before else 1
    _make_room(db, number, place)
    revision = insert_revision(db, number, place, article, kind, changed, content_digest(content), provenance)
    if after is not None:
        _compare_again(db, after, content, stored_content(read[after["id"]] or after))
    elif before is not None:
        _insert_return(db, before, read[before["id"]] or before, content, place + 1)
    return Saved(article=number, revision=revision, outcome="changed", kind=kind)


def neighbours(db: Database, article: int, time: str) -> tuple[Row | None, Row | None]:
    """Return the newspaper's revisions before and after a time."""
    own = list(
        db.query("select * from revisions where article = ? and kind <> 'reextracted' order by number", [article])
    )
    before = next((row for row in reversed(own) if row["time"] <= time), None)
    return before, next((row for row in own if row["time"] > time), None)


def _is_same(reading: Row | None, row: Row, article: Article, digest: str) -> bool:
    """Return whether a page has a revision's content, or nothing proves that it has another."""
    if reading is not None:
        return bool(reading["digest"] == digest)
    return not (states_a_change(row, article, row["time"]) or "" < article.modified < (row["modified"] or ""))


def _precedes(db: Database, origin: Provenance, row: Row) -> bool:
    """Whether a page comes before that of a revision: by its time, in the same second by the digest of its payload."""
    if origin.time != row["time"]:
        return bool(origin.time < row["time"])
    digest = "select sha256 from captures where id = ?"
    pages = (origin.captures[:1], [capture for capture, _, _ in captures_of(db, row["id"])][:1])
    own, other = (db.conn.execute(digest, page).fetchone() if page else None for page in pages)
    return own is not None and other is not None and own < other


def settle_same_second(
    db: Database, article: Article, *, site: Site, urls: Sequence[str], provenance: Provenance
) -> None:
    """Let a page that was just stored as the same begin its revision, where it precedes that page in its second."""
    known = find_known(db, [article.url, *urls])
    if known is None:
        return
    row = next(db.query("select * from revisions where id = ?", [known["current_revision"]]))
    is_same = row["digest"] == content_digest(content_of(article)) and row["kind"] != "reextracted"
    if is_same and row["time"] == provenance.time and _precedes(db, provenance, row):
        with db.atomic():
            _restart_revision(db, row, article, site, provenance)


def _restart_revision(db: Database, row: Row, article: Article, site: Site, origin: Provenance) -> None:
    """Let a revision begin with an earlier page of the same content, whatever the order in which pages were imported.

    The digest covers what counts as content; times of modification, sizes of images and the like are that page's.
    """
    columns = content_columns(article, origin)
    db.conn.execute(
        f"update revisions set {', '.join(f'{name} = ?' for name in columns)} where id = ?",  # noqa: S608
        (*columns.values(), row["id"]),
    )
    made_of = [capture for capture, _, _ in captures_of(db, row["id"])]
    db.conn.execute("delete from revision_captures where revision = ?", (row["id"],))
    db.conn.executemany("delete from sightings where capture = ?", [(capture,) for capture in origin.captures])
    save_captures(db, row["id"], origin.captures)
    save_sighting(db, row["id"], made_of)
    known = next(db.query("select * from articles where id = ?", [row["article"]]))
    if known["current_revision"] == row["id"]:
        show_revision(db, known["id"], row["id"], article, known["url"], site, known["first_seen"])
        db.conn.execute(
            "update articles set modified = coalesce(?, modified) where id = ?", (known["modified"], known["id"])
        )
        replace_links(db, known["id"], article)


def _make_room(db: Database, article: int, place: int) -> None:
    """Move the numbers from `place` on up by one; through negative ones, because each must be unique at any time."""
    db.conn.execute("update revisions set number = -number - 1 where article = ? and number >= ?", (article, place))
    db.conn.execute("update revisions set number = -number where article = ? and number < 0", (article,))


def _compare_again(db: Database, after: Row, content: Row, its: Row) -> None:
    """Store what the revision that follows now changed."""
    db.conn.execute(
        "update revisions set kind = ?, changed = ? where id = ?",
        (kind_of_change(content, its), json.dumps(changed_fields(content, its)), after["id"]),
    )


def _insert_return(db: Database, before: Row, latest: Row, content: Row, place: int) -> None:
    """Insert a revision for the return of the present content, which was seen before and after the inserted one."""
    its = stored_content(latest)
    (seen, run) = db.conn.execute(
        "select a.last_seen, r.run from articles a join revisions r on r.id = a.current_revision where a.id = ?",
        (before["article"],),
    ).fetchone()
    origin = Provenance(
        time=seen,
        run=run,
        captures=tuple(capture for capture, _, _ in captures_of(db, latest["id"])),
        hints=read_hints(latest["hints"]),
        extractor=latest["extractor"],
        options_digest=latest["options_digest"],
        profile_digest=latest["profile_digest"],
    )
    _make_room(db, before["article"], place)
    revision = insert_revision(
        db,
        before["article"],
        place,
        article_of_revision(latest),
        kind_of_change(content, its),
        changed_fields(content, its),
        latest["digest"],
        origin,
    )
    db.conn.execute("update articles set current_revision = ? where id = ?", (revision, before["article"]))


def _add_urls(db: Database, article: int, urls: Sequence[str], site: Site, time: str) -> None:
    """Add unknown URLs to the ledger; what it has of the others is newer."""
    for url in dict.fromkeys(urls):
        db.conn.execute(
            "insert into urls (site, url, key, source, first_listed, last_listed, state, visited, article)"
            " values (?, ?, ?, 'alias', ?, ?, 'alias', ?, ?) on conflict (key) do nothing",
            (site.name, url, url_key(url), time, time, time, article),
        )


def save_earlier_image(db: Database, url: str, image_file: ImageFile, *, capture: int, time: str) -> str:
    """Store what an image URL gave at `time` (UTC), before its present file; return ``changed`` or ``same``."""
    with db.atomic():
        image, present = db.conn.execute("select id, sha256 from images where url = ?", (url,)).fetchone()
        write_version(db, image, image_file, capture=capture, time=time)
    return "same" if present == image_file.sha256 else "changed"
