"""Claims: the canonical URLs that pages name, and which of them are believed.

A page may name the URL of another article, of the home page, or the same one on all pages. It is believed unless the
article there has other content; where that URL itself was never fetched, until it is, or another page names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from newsarchive.database.revisions import stored_content
from newsarchive.items import Article
from newsarchive.revisions.content import content_digest
from newsarchive.revisions.likeness import is_same_article
from newsarchive.urls import url_key, without_session


@dataclass(frozen=True, kw_only=True)
class Place:
    """The URL under which a page is stored; `distrusted` is the key of the canonical URL that it names in vain."""

    url: str
    distrusted: str = ""


def place_of(db: Database, article: Article, urls: Sequence[str], content: Mapping[str, Any]) -> Place:
    """Return the page's canonical URL if that is believed, else the URL at which it was found.

    Some sites name the same canonical URL on every page, which would merge a whole newspaper into one article.
    """
    final, key, own = urls[-1] if urls else article.url, url_key(article.url), {url_key(url) for url in urls}
    if key in own:
        return Place(url=without_session(article.url))
    if _is_believed(db, key, own, content):
        return Place(url=without_session(article.url))
    return Place(url=without_session(final), distrusted=key)


NAMED_IN_VAIN = "select 1 from urls where canonical = ? and canonical <> '' limit 1"
"""The second condition, which is no other, lets SQLite use the index: it has only what is not empty."""


def _is_believed(db: Database, key: str, own: set[str], content: Mapping[str, Any]) -> bool:
    is_home = "/" not in key and "?" not in key
    if is_home or db.conn.execute(NAMED_IN_VAIN, (key,)).fetchone():
        return False
    owner = _owner(db, key)
    if owner is None:
        row = db.conn.execute("select state from urls where key = ?", (key,)).fetchone()
        return row is None or row[0] == "listed"
    number, digest, revision = owner
    if digest == content_digest(content) or number in _articles_at(db, own):
        return True
    return not _was_fetched(db, key) and is_same_article(_content(db, revision), content)


def release(db: Database, urls: Sequence[str], place: Place, content: Mapping[str, Any]) -> None:
    """Give articles that claimed a URL in vain their own URL back, before a page is stored at `place`.

    The claim is in vain if the page at that URL, or another page that names it, has other content.
    """
    for key in dict.fromkeys([*map(url_key, urls), place.distrusted]):
        if not key or _was_fetched(db, key):
            continue
        owner = _owner(db, key)
        if owner is not None and not is_same_article(_content(db, owner[2]), content):
            _move_back(db, owner[0], key)


def release_claim(db: Database, url: str) -> None:
    """Give the article that claims a URL its own one back, because the page there, never fetched before, is none."""
    key = url_key(url)
    row = db.conn.execute("select article from urls where key = ? and visited is null", (key,)).fetchone()
    if row is not None and row[0] is not None:
        _move_back(db, row[0], key)


def _owner(db: Database, key: str) -> tuple[int, str, int] | None:
    """Return the article at a URL: its number, and the digest and number of its current revision."""
    row = db.conn.execute(
        "select a.id, r.digest, r.id from articles a join revisions r on r.id = a.current_revision where a.key = ?1"
        " union all select a.id, r.digest, r.id from urls u join articles a on a.id = u.article"
        " join revisions r on r.id = a.current_revision where u.key = ?1 limit 1",
        (key,),
    ).fetchone()
    return row and (int(row[0]), str(row[1]), int(row[2]))


def _articles_at(db: Database, keys: set[str]) -> set[int]:
    marks = ", ".join("?" * len(keys))
    rows = db.conn.execute(f"select article from urls where key in ({marks})", tuple(keys))  # noqa: S608
    return {article for (article,) in rows if article is not None}


def _was_fetched(db: Database, key: str) -> bool:
    """Return whether the page at a URL was ever fetched; an archive of before says so of every URL claimed."""
    return db.conn.execute("select 1 from urls where key = ? and visited is not null", (key,)).fetchone() is not None


def _content(db: Database, revision: int) -> dict[str, Any]:
    return stored_content(next(db.query("select * from revisions where id = ?", [revision])))


def _move_back(db: Database, article: int, key: str) -> None:
    row = db.conn.execute(
        "select url, key from urls where article = ? and key <> ? order by state = 'alias', id limit 1", (article, key)
    ).fetchone()
    if row is None:
        return
    db.conn.execute("update articles set url = ?, key = ? where id = ?", (*row, article))
    db.conn.execute("update urls set canonical = ? where key = ?", (key, row[1]))
    db.conn.execute("delete from urls where key = ? and state = 'alias'", (key,))
    db.conn.execute("update urls set article = null where key = ? and article = ?", (key, article))


def save_claim(db: Database, url: str, article: int, *, site: str, time: str) -> None:
    """Enter the canonical URL that an article claims into the ledger, as an alias whose page nobody has fetched."""
    db.conn.execute(
        "insert into urls (site, url, key, source, first_listed, last_listed, state, article)"
        " values (?, ?, ?, 'alias', ?, ?, 'alias', ?) on conflict (key) do nothing",
        (site, url, url_key(url), time, time, article),
    )


def note_distrust(db: Database, urls: Sequence[str], place: Place) -> None:
    """Note at the URLs of a page that was stored which canonical URL it names in vain, if any."""
    db.conn.executemany(
        "update urls set canonical = ?1 where key = ?2 and canonical <> ?1",
        [(place.distrusted, url_key(url)) for url in urls],
    )


def distrusted(db: Database, site: str) -> tuple[int, int]:
    """Return how many pages name the one canonical URL that most pages of a site name in vain, and how many any."""
    counts = db.conn.execute(
        "select count(*) from urls where site = ? and canonical <> '' group by canonical", (site,)
    ).fetchall()
    return max((number for (number,) in counts), default=0), sum(number for (number,) in counts)
