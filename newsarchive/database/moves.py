"""Moves: articles that a newspaper gave another URL, with a redirect or without one, keep their number and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from newsarchive.database.index import PendingSearchTexts, index_article
from newsarchive.database.links import replace_links
from newsarchive.database.removal import remove_article
from newsarchive.database.revisions import (
    Provenance,
    article_of_revision,
    captures_of,
    insert_revision,
    next_number,
    read_hints,
    save_sighting,
    stored_content,
)
from newsarchive.revisions.content import changed_fields
from newsarchive.revisions.kinds import kind_of_change
from newsarchive.revisions.likeness import is_same_article
from newsarchive.urls import url_key

Row = dict[str, Any]

_TWINS = """
select a.* from articles a join revisions r on r.id = a.current_revision
where a.site = ? and a.published = ? and a.title = ? and a.id <> ?
    and a.id not in (select article from embargoes)
"""

_HAS_NAMESAKE = """
select 1 from articles a join articles b on b.site = a.site and b.published = a.published and b.title = a.title
where a.id = ? and b.id <> a.id limit 1
"""


def gone_twin(db: Database, site: str, content: Mapping[str, Any]) -> Row | None:
    """Return the article that is gone and had this content: its page has another URL now. None if there is none."""
    found = [row for row in _twins(db, site, content, 0) if row["gone"]]
    return found[0] if len(found) == 1 else None


def twins_to_visit(db: Database, article: int, run: int) -> list[str]:
    """Return the URLs of the articles with the content of a new one that earlier runs stored: they may have moved."""
    if not db.conn.execute(_HAS_NAMESAKE, (article,)).fetchone():  # as hardly any has
        return []
    row = next(db.query("select * from articles where id = ?", [article]))
    found = _twins(db, row["site"], _content(db, row), article)
    return [one["url"] for one in found if not one["gone"] and _first_run(db, one["id"]) < run]


def follow_redirect(db: Database, urls: Sequence[str], waiting: PendingSearchTexts | None) -> int:
    """Make the articles that the archive has at the further `urls` of a redirect part of that at the first one.

    Return how many. One with a history of its own, or another content, stays.
    """
    row = db.conn.execute("select article from urls where key = ?", (url_key(urls[0]),)).fetchone()
    if row is None or row[0] is None or len(urls) == 1:
        return 0
    marks = ", ".join("?" * len(urls))
    others = db.conn.execute(
        f"select distinct article from urls where key in ({marks}) and article <> ?",  # noqa: S608
        [*map(url_key, urls), row[0]],
    ).fetchall()
    return sum(_joined(db, row[0], other, waiting) for (other,) in others)


def leads_elsewhere(db: Database, urls: Sequence[str]) -> bool:
    """Return whether the URL of an article redirects to another one that the archive has: so it is there no more.

    Call this after `follow_redirect` had its chance: what is left has other content.
    """
    if len(urls) == 1:
        return False
    first, last = (
        db.conn.execute("select article from urls where key = ?", (url_key(url),)).fetchone()
        for url in (urls[0], urls[-1])
    )
    return bool(first and last and first[0] and last[0] and first[0] != last[0])


def make_aliases(db: Database, article: int) -> None:
    """Make the URLs that an article had before it moved its aliases."""
    db.conn.execute(
        "update urls set state = 'alias', reason = '', next_visit = null, missing = null, missing_run = null"
        " where article = ? and key <> (select key from articles where id = ?)",
        (article, article),
    )


def join_moved(db: Database, article: int, waiting: PendingSearchTexts | None) -> bool:
    """Join an article that is gone with the one that has its content at another URL since; return whether there is one.

    It is another URL of the same article only if no run found it before the last one that found the old URL.
    """
    row = next(db.query("select * from articles where id = ?", [article]))
    found = [one for one in _twins(db, row["site"], _content(db, row), article) if _follows(db, one, row)]
    return len(found) == 1 and _joined(db, article, found[0]["id"], waiting)


def _follows(db: Database, later: Row, earlier: Row) -> bool:
    """Return whether an article was first listed and fetched after the other one was for the last time."""
    first = db.conn.execute("select min(first_listed) from urls where article = ?", (later["id"],)).fetchone()[0]
    last = db.conn.execute("select max(last_listed) from urls where article = ?", (earlier["id"],)).fetchone()[0]
    apart = _first_run(db, earlier["id"]) < _first_run(db, later["id"])
    return bool(not later["gone"] and apart and earlier["last_seen"] < later["first_seen"] and last < first)


def _first_run(db: Database, article: int) -> int:
    row = db.conn.execute("select coalesce(run, 0) from revisions where article = ? and number = 1", (article,))
    return int(row.fetchone()[0])


def _twins(db: Database, site: str, content: Mapping[str, Any], article: int) -> list[Row]:
    if not content["published"]:
        return []
    wanted = (site, content["published"], content["title"], article)
    rows = list(db.query(_TWINS, wanted)) if db.conn.execute(_TWINS, wanted).fetchone() else []
    return [row for row in rows if is_same_article(_content(db, row), content)]


def _current(db: Database, row: Row) -> Row:
    return next(db.query("select * from revisions where id = ?", [row["current_revision"]]))


def _content(db: Database, row: Row) -> dict[str, Any]:
    return stored_content(_current(db, row))


def _joined(db: Database, kept: int, other: int, waiting: PendingSearchTexts | None) -> bool:
    """Make an article part of another one: its content and captures follow those, its URLs lead there."""
    old, new = (next(db.query("select * from articles where id = ?", [number])) for number in (kept, other))
    (simple,) = db.conn.execute(
        "select (select count(*) from revisions where article = ?1) = 1 and ?1 not in (select article from embargoes)",
        (other,),
    ).fetchone()
    last, its = _current(db, old), _current(db, new)
    if not simple or not is_same_article(stored_content(last), stored_content(its)):
        return False
    captures = tuple(capture for capture, _, _ in captures_of(db, its["id"]))
    urls = [key for (key,) in db.conn.execute("select key from urls where article = ?", (other,))]
    if waiting is not None:
        waiting.discard(other)
    remove_article(db, other)
    db.conn.executemany("update urls set article = ? where key = ?", [(kept, key) for key in urls])
    db.conn.execute(
        "update articles set url = ?, key = ?, last_seen = max(last_seen, ?), gone = null, gone_reason = null"
        " where id = ?",
        (new["url"], new["key"], new["last_seen"], kept),
    )
    make_aliases(db, kept)
    if last["digest"] == its["digest"]:
        save_sighting(db, last["id"], captures)
    else:
        _append(db, old, last, its, captures)
    return True


def _append(db: Database, article: Row, last: Row, its: Row, captures: tuple[int, ...]) -> None:
    """Store the only revision of an article that became part of another as the present one of that."""
    before, content, shown = stored_content(last), stored_content(its), article_of_revision(its)
    origin = Provenance(
        time=its["time"],
        run=its["run"],
        captures=captures,
        hints=read_hints(its["hints"]),
        extractor=its["extractor"],
        options_digest=its["options_digest"],
        profile_digest=its["profile_digest"],
    )
    kind, changed = kind_of_change(before, content), changed_fields(before, content)
    number = article["id"]
    revision = insert_revision(db, number, next_number(db, number), shown, kind, changed, its["digest"], origin)
    db.conn.execute(
        "update articles set title = ?, lead = ?, body = ?, markdown = ?, language = ?, published = ?,"
        " modified = coalesce(?, modified), words = ?, current_revision = ? where id = ?",
        (
            *(its[name] for name in ("title", "lead", "body", "markdown", "language", "published", "modified")),
            len(f"{shown.lead} {shown.body}".split()),
            revision,
            number,
        ),
    )
    replace_links(db, number, shown)
    index_article(db, number)
