"""Storing an article: its present state, its revisions, and the rows linked to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from newsarchive.database.claims import note_distrust, place_of, release, save_claim
from newsarchive.database.forgotten import refuse_forgotten
from newsarchive.database.index import PendingSearchTexts, write_search_texts
from newsarchive.database.links import replace_links, save_links
from newsarchive.database.moves import gone_twin, make_aliases
from newsarchive.database.readings import current_reading, states_a_change
from newsarchive.database.revisions import (
    Provenance,
    insert_reextracted,
    insert_revision,
    next_number,
    save_sighting,
    stored_content,
)
from newsarchive.items import Article, Reading
from newsarchive.revisions.content import changed_fields, content_digest, content_of
from newsarchive.revisions.kinds import kind_of_change
from newsarchive.sites import Site
from newsarchive.text.search_text import SearchText
from newsarchive.urls import url_key


@dataclass(kw_only=True, frozen=True)
class Saved:
    """The result of storing an article: `outcome` is ``new``, ``changed`` or ``same``; `kind` is the new revision's.

    ``same`` of kind ``reextracted`` means: the newspaper changed nothing, but the present extractor reads it otherwise.
    """

    article: int
    revision: int
    outcome: str
    kind: str = ""
    moved: bool = False
    """True if it is an article that was gone, at its new URL."""


@dataclass(kw_only=True, frozen=True)
class _Incoming:
    """An article to store under a URL, with its content, the digest of that, and its provenance."""

    article: Article
    url: str
    site: Site
    content: dict[str, Any]
    digest: str
    provenance: Provenance


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
    may_move: bool = False,
) -> Saved:
    """Store an article in one transaction; it gets a new revision only if its content is new.

    `urls` are all URLs it was found at, the requested one first. `search_text` goes to `waiting` if that is given.
    `source` is the kind of source of a URL that no listing named. If another extractor or profile made the present
    state, only what differs from the present extractor's reading of it (in `readings`) counts as an edit by the
    newspaper; without such a reading, only a change that the page itself states. With `may_move`, a new article with
    the content of one that is gone is that one at its new URL. Raises Forgotten if the article was taken down.
    """
    refuse_forgotten(db, [article.url, *urls])
    with db.atomic():
        content = content_of(article)
        place = place_of(db, article, urls, content)
        release(db, urls, place, content)
        new = _Incoming(
            article=article,
            url=place.url,
            site=site,
            content=content,
            digest=content_digest(content),
            provenance=provenance,
        )
        twin = gone_twin(db, site.name, content) if may_move else None
        if twin and find_known(db, [new.url, *urls]) is not None:
            twin = None
        saved = _save_content(db, new, [*urls, twin["url"]] if twin else urls, readings)
        if twin:
            make_aliases(db, saved.article)
            saved = replace(saved, moved=True)
        is_shown = saved.outcome != "same" or bool(saved.kind)
        if saved.outcome == "new":
            save_links(db, saved.article, article)
        elif is_shown:
            replace_links(db, saved.article, article)
        if is_shown and waiting is None:
            write_search_texts(db, [(saved.article, search_text)])
        _save_addresses(db, saved.article, urls, new, source)
        save_claim(db, new.url, saved.article, site=site.name, time=provenance.time)
        note_distrust(db, urls, place)
    if is_shown and waiting is not None:
        waiting.add(saved.article, article.published or provenance.time, search_text)
    return saved


def _save_content(db: Database, new: _Incoming, urls: Sequence[str], readings: Mapping[int, Reading]) -> Saved:
    """Store the content as a first revision, a new one or a new reading, or only note that it was seen again."""
    known = find_known(db, [new.url, *urls])
    if known is None:
        return _insert(db, new)
    current = current_row(db, known)
    comparable = current_reading(db, current, new.digest, new.provenance, readings)
    if comparable is None and not states_a_change(current, new.article, known["last_seen"]):
        return _save_reading(db, known, current, new)
    return _update(db, known, comparable or current, new)


def local_day(stamp: str, timezone: str) -> str:
    """Return the calendar day of a stamp in a time zone; a bare date is that day.

    >>> local_day("2025-02-18T20:30:00Z", "Asia/Almaty")
    '2025-02-19'
    """
    if len(stamp) <= 10:
        return stamp
    return datetime.fromisoformat(stamp).astimezone(ZoneInfo(timezone)).date().isoformat()


def find_known(db: Database, urls: Sequence[str]) -> dict[str, Any] | None:
    """Return the row of the article that the archive has at one of the URLs; None if it has none."""
    keys = list(dict.fromkeys(url_key(url) for url in urls))
    marks = ", ".join("?" * len(keys))
    rows = db.conn.execute(
        f"select key, article from urls where article is not null and (key in ({marks})"  # noqa: S608
        " or native_id <> '' and (site, native_id) in"
        f" (select site, native_id from urls where key in ({marks}) and native_id <> ''))"
        f" union all select key, id from articles where key in ({marks})",
        keys * 3,
    ).fetchall()
    if not rows:
        return None
    by_key = dict(rows)
    article = next((by_key[key] for key in keys if key in by_key), rows[0][1])
    return next(db.query("select * from articles where id = ?", [article]))


def _insert(db: Database, new: _Incoming) -> Saved:
    """Store the first revision of a new article, in one statement each, so that the index reads its text once."""
    article_id, revision = db.conn.execute(
        # the number of an article that was taken down is never given to another
        "select 1 + max(ifnull((select max(id) from articles), 0), ifnull((select max(article) from forgotten), 0)),"
        " 1 + ifnull((select max(id) from revisions), 0)"
    ).fetchone()
    time = new.provenance.time
    shown = _shown(new.article, new.url, new.site, revision, time)
    row = {"id": article_id, "site": new.site.name, "key": url_key(new.url), "first_seen": time, **shown}
    row["last_seen"] = time
    db.conn.execute(
        f"insert into articles ({', '.join(row)}) values ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )
    made = insert_revision(db, article_id, 1, new.article, "first", (), new.digest, new.provenance)
    assert made == revision
    return Saved(article=article_id, revision=revision, outcome="new", kind="first")


def current_row(db: Database, known: dict[str, Any]) -> dict[str, Any]:
    """Return the revision that is an article's present state."""
    return next(db.query("select * from revisions where id = ?", [known["current_revision"]]))


def _save_reading(db: Database, known: dict[str, Any], current: dict[str, Any], new: _Incoming) -> Saved:
    """Show a page that cannot be compared with the present state as a new reading of it: no edit can be proved."""
    _mark_seen(db, known, new)
    save_sighting(db, current["id"], new.provenance.captures)
    own = current["reextracts"] or current["id"]
    revision = insert_reextracted(db, current, own, new.article, new.provenance)
    _show(db, known, revision, new)
    return Saved(article=known["id"], revision=revision, outcome="same", kind="reextracted")


def _mark_seen(db: Database, known: dict[str, Any], new: _Incoming) -> None:
    db.conn.execute(
        "update articles set url = ?, key = ?, last_seen = ?, modified = coalesce(nullif(?, ''), modified),"
        " gone = null, gone_reason = null where id = ?",
        (new.url, url_key(new.url), max(known["last_seen"], new.provenance.time), new.article.modified, known["id"]),
    )


def _update(db: Database, known: dict[str, Any], compared: dict[str, Any], new: _Incoming) -> Saved:
    """Store a page of a known article; a content other than that of the `compared` revision is an edit."""
    _mark_seen(db, known, new)
    if compared["digest"] == new.digest:
        save_sighting(db, compared["id"], new.provenance.captures)
    if compared["digest"] == new.digest and compared["id"] == known["current_revision"]:
        return Saved(article=known["id"], revision=compared["id"], outcome="same")
    if compared["digest"] == new.digest:
        _show(db, known, compared["id"], new)
        return Saved(article=known["id"], revision=compared["id"], outcome="same", kind="reextracted")
    old = stored_content(compared)
    kind = kind_of_change(old, new.content)
    changed = changed_fields(old, new.content)
    number = next_number(db, known["id"])
    revision = insert_revision(db, known["id"], number, new.article, kind, changed, new.digest, new.provenance)
    _show(db, known, revision, new)
    return Saved(article=known["id"], revision=revision, outcome="changed", kind=kind)


def _show(db: Database, known: dict[str, Any], revision: int, new: _Incoming) -> None:
    show_revision(db, known["id"], revision, new.article, new.url, new.site, known["first_seen"])


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
    """Return the columns of `articles` that come from a revision."""
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


def _save_addresses(db: Database, article_id: int, urls: Sequence[str], new: _Incoming, source: str) -> None:
    """Enter every URL of the article into the ledger; those that no source listed are aliases, except the first."""
    time, site = new.provenance.time, new.site
    day = local_day(new.article.published or time, site.timezone)
    for position, url in enumerate(dict.fromkeys(urls)):
        entered = ("alias", "alias") if position else (source, "article")
        db.conn.execute(
            "insert into urls (site, url, key, source, first_listed, last_listed, day, state, visited, article)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do update set"
            " article = excluded.article, visited = excluded.visited, reason = '', attempts = 0, missing = null,"
            " missing_run = null, state = case when urls.state = 'alias' then 'alias' else 'article' end",
            (site.name, url, url_key(url), entered[0], time, time, day, entered[1], time, article_id),
        )
