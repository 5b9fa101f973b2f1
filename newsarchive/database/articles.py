"""Storing an article: its present state, its revisions, and what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from newsarchive.database.forgotten import refuse_forgotten
from newsarchive.database.index import PendingSearchTexts, write_search_texts
from newsarchive.database.links import replace_links, save_links
from newsarchive.database.readings import brought_up, says_it_changed
from newsarchive.database.revisions import (
    Provenance,
    insert_reextracted,
    insert_revision,
    next_number,
    stored_content,
)
from newsarchive.items import Article, Reading
from newsarchive.revisions.content import changed_fields, content_digest, content_of, kind_of_change
from newsarchive.sites import Site
from newsarchive.text.search_text import SearchText
from newsarchive.urls import url_key


@dataclass(kw_only=True, frozen=True)
class Saved:
    """What storing an article did: `outcome` is ``new``, ``changed`` or ``same``; `kind` that of the new revision.

    Same of kind ``reextracted``: the newspaper changed nothing, today's extractor reads it otherwise.
    """

    article: int
    revision: int
    outcome: str
    kind: str = ""


def save_article(
    db: Database,
    article: Article,
    *,
    site: Site,
    urls: Sequence[str],
    provenance: Provenance,
    search_text: SearchText = ("", "", ""),
    waiting: PendingSearchTexts | None = None,
    source: str = "fetch",
    readings: Mapping[int, Reading] = MappingProxyType({}),
) -> Saved:
    """Store an article in one transaction: a new revision only when its content is new.

    `urls` are all addresses it was met at, the requested one first; `search_text` that of title, authors and
    body, which goes to `waiting` where that is given; `source` the kind of source for a URL that no listing named.
    Where another extractor or profile made the present state, only what differs from today's reading of it (one of
    `readings`) counts as the newspaper's edit; where it has none, only what the page itself says has changed since.
    Raises Forgotten where it was taken down.
    """
    refuse_forgotten(db, [article.url, *urls])
    content = content_of(article)
    digest = content_digest(content)
    with db.atomic():
        url = own_url(db, article, urls, digest)
        known = find_known(db, [url, *urls])
        if known is None:
            saved = _insert(db, article, url, site, digest, provenance)
        else:
            current = current_row(db, known)
            today = brought_up(db, current, digest, provenance, readings)
            if today is None and not says_it_changed(current, article, known["last_seen"]):
                saved = _read_anew(db, known, current, article, url, site, provenance)
            else:
                saved = _update(db, known, today or current, article, url, site, content, digest, provenance)
        is_shown = saved.outcome != "same" or bool(saved.kind)
        if saved.outcome == "new":
            save_links(db, saved.article, article)
        elif is_shown:
            replace_links(db, saved.article, article)
        if is_shown and waiting is None:
            write_search_texts(db, [(saved.article, search_text)])
        _save_addresses(db, saved.article, [*urls, url], site, article, provenance.time, source)
    if is_shown and waiting is not None:
        waiting.add(saved.article, article.published or provenance.time, search_text)
    return saved


def local_day(stamp: str, timezone: str) -> str:
    """The calendar day of a stamp in a time zone; a bare date is that day.

    >>> local_day("2025-02-18T20:30:00Z", "Asia/Almaty")
    '2025-02-19'
    """
    if len(stamp) <= 10:
        return stamp
    return datetime.fromisoformat(stamp).astimezone(ZoneInfo(timezone)).date().isoformat()


def own_url(db: Database, article: Article, urls: Sequence[str], digest: str) -> str:
    """The page's canonical URL, unless that belongs to another article with other content.

    Some sites name one and the same canonical URL on every page; such a claim would fold a newspaper into one article.
    """
    final = urls[-1] if urls else article.url
    if url_key(article.url) in {url_key(url) for url in urls}:
        return article.url
    row = db.conn.execute(
        "select r.digest from articles a join revisions r on r.id = a.current_revision where a.key = ?",
        (url_key(article.url),),
    ).fetchone()
    return article.url if row is None or row[0] == digest else final


def find_known(db: Database, urls: Sequence[str]) -> dict[str, Any] | None:
    """The row of the article that the archive has at one of the addresses."""
    keys = list(dict.fromkeys(url_key(url) for url in urls))
    marks = ", ".join("?" * len(keys))
    rows = db.conn.execute(
        f"select key, article from urls where article is not null and (key in ({marks})"  # noqa: S608
        " or native_id <> '' and (site, native_id) in"
        f" (select site, native_id from urls where key in ({marks}) and native_id <> ''))",
        keys + keys,
    ).fetchall()
    if not rows:
        return None
    by_key = dict(rows)
    article = next((by_key[key] for key in keys if key in by_key), rows[0][1])
    return next(db.query("select * from articles where id = ?", [article]))


def _insert(db: Database, article: Article, url: str, site: Site, digest: str, provenance: Provenance) -> Saved:
    """Store the first revision of a new article; written in one go, so that the index takes its text in once."""
    article_id, revision = db.conn.execute(
        # the number of an article that was taken down is never given to another
        "select 1 + max(ifnull((select max(id) from articles), 0), ifnull((select max(article) from forgotten), 0)),"
        " 1 + ifnull((select max(id) from revisions), 0)"
    ).fetchone()
    shown = _shown(article, url, site, revision, provenance.time)
    row = {"id": article_id, "site": site.name, "key": url_key(url), "first_seen": provenance.time, **shown}
    row["last_seen"] = provenance.time
    db.conn.execute(
        f"insert into articles ({', '.join(row)}) values ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )
    made = insert_revision(db, article_id, 1, article, "first", (), digest, provenance)
    assert made == revision
    return Saved(article=article_id, revision=revision, outcome="new", kind="first")


def current_row(db: Database, known: dict[str, Any]) -> dict[str, Any]:
    """The revision that is an article's present state."""
    return next(db.query("select * from revisions where id = ?", [known["current_revision"]]))


def _read_anew(
    db: Database,
    known: dict[str, Any],
    current: dict[str, Any],
    article: Article,
    url: str,
    site: Site,
    provenance: Provenance,
) -> Saved:
    """Make a page the present state that cannot be compared with it: a new reading, for nobody knows of an edit."""
    _seen(db, known, article, url, provenance.time)
    own = current["reextracts"] or current["id"]
    revision = insert_reextracted(db, current, own, article, provenance)
    show_revision(db, known["id"], revision, article, url, site, known["first_seen"])
    return Saved(article=known["id"], revision=revision, outcome="same", kind="reextracted")


def _seen(db: Database, known: dict[str, Any], article: Article, url: str, time: str) -> None:
    db.conn.execute(
        "update articles set url = ?, key = ?, last_seen = ?, modified = coalesce(nullif(?, ''), modified),"
        " gone = null, gone_reason = null where id = ?",
        (url, url_key(url), max(known["last_seen"], time), article.modified, known["id"]),
    )


def _update(
    db: Database,
    known: dict[str, Any],
    current: dict[str, Any],
    article: Article,
    url: str,
    site: Site,
    content: dict[str, Any],
    digest: str,
    provenance: Provenance,
) -> Saved:
    _seen(db, known, article, url, provenance.time)
    if current["digest"] == digest and current["id"] == known["current_revision"]:
        return Saved(article=known["id"], revision=current["id"], outcome="same")
    if current["digest"] == digest:
        show_revision(db, known["id"], current["id"], article, url, site, known["first_seen"])
        return Saved(article=known["id"], revision=current["id"], outcome="same", kind="reextracted")
    old = stored_content(current)
    kind = kind_of_change(old, content)
    number = next_number(db, known["id"])
    revision = insert_revision(db, known["id"], number, article, kind, changed_fields(old, content), digest, provenance)
    show_revision(db, known["id"], revision, article, url, site, known["first_seen"])
    return Saved(article=known["id"], revision=revision, outcome="changed", kind=kind)


def show_revision(
    db: Database, article_id: int, revision: int, article: Article, url: str, site: Site, first_seen: str
) -> None:
    """Make a revision the article's present state."""
    shown = _shown(article, url, site, revision, first_seen)
    db.conn.execute(
        f"update articles set {', '.join(f'{column} = ?' for column in shown)} where id = ?",  # noqa: S608
        (*shown.values(), article_id),
    )


def _shown(article: Article, url: str, site: Site, revision: int, first_seen: str) -> dict[str, Any]:
    """The columns of `articles` that a revision gives."""
    return {
        "url": url,
        "title": article.title,
        "lead": article.lead or None,
        "body": article.body,
        "markdown": article.markdown,
        "language": article.language or None,
        "published": article.published or None,
        "modified": article.modified or None,
        "day": local_day(article.published or first_seen, site.timezone),
        "words": len(f"{article.lead} {article.body}".split()),
        "current_revision": revision,
    }


def _save_addresses(
    db: Database, article_id: int, urls: Sequence[str], site: Site, article: Article, time: str, source: str
) -> None:
    """Put every address of the article into the ledger; those that no source listed are aliases but for the first."""
    day = local_day(article.published or time, site.timezone)
    for position, url in enumerate(dict.fromkeys(urls)):
        db.conn.execute(
            "insert into urls (site, url, key, source, first_listed, last_listed, day, state, visited, article)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set"
            " article = excluded.article, visited = excluded.visited, reason = '', attempts = 0, missing = null,"
            " missing_run = null, state = case when urls.state = 'alias' then 'alias' else 'article' end",
            (
                site.name,
                url,
                url_key(url),
                "alias" if position else source,
                time,
                time,
                day,
                "alias" if position else "article",
                time,
                article_id,
            ),
        )
