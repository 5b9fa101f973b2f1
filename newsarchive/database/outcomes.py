"""The outcome for a fetched page, stored as one change: an article, no article, missing or failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from json import dumps

from sqlite_utils import Database

from newsarchive.database.articles import current_row, find_known, save_article
from newsarchive.database.claims import place_of, release_claim
from newsarchive.database.earlier import known_later, neighbours
from newsarchive.database.faults import concerns_archive
from newsarchive.database.forgotten import Forgotten, mark_forgotten, refuse_forgotten
from newsarchive.database.index import PendingSearchTexts
from newsarchive.database.ledger import (
    article_of,
    mark_failed,
    mark_forbidden,
    mark_missing,
    mark_not_article,
    mark_visited,
)
from newsarchive.database.moves import follow_redirect, join_moved, leads_elsewhere, twins_to_visit
from newsarchive.database.readings import Unread, latest_reading, unread
from newsarchive.database.revisions import Provenance
from newsarchive.database.runs import save_capture
from newsarchive.database.unlisted import make_due
from newsarchive.errors import reason_of
from newsarchive.items import Article, Extracted
from newsarchive.revisions.content import content_digest, content_of
from newsarchive.sites import Site
from newsarchive.times import now

Revisit = Callable[[Article, str], str | None]
"""Returns when an article fetched at a time is due again; None: only when a source says so."""


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """The visit of a page: by which run, when, and what was kept of it."""

    site: Site
    run: int | None
    source: str
    time: str
    captures: tuple[int, ...]


def save_extracted(
    db: Database,
    item: Extracted,
    *,
    site: Site,
    run: int | None,
    revisit: Revisit = lambda _article, _time: None,
    source: str = "fetch",
    waiting: PendingSearchTexts | None = None,
) -> str:
    """Store the outcome for a page in one transaction; `waiting` is that of `save_article`.

    Return how it counts: ``new``, ``changed``, ``same``, ``gone``, ``missing``, ``not_article``, ``failed``; ``moved``
    for an article that has another URL now; ``forgotten`` for one that was taken down, of which only the URLs are
    stored.
    """
    with db.atomic():
        captures = tuple(save_capture(db, capture, run) for capture in item.fetched.captures)
        time = item.fetched.captures[0].time if item.fetched.captures else now()
        visit = _Visit(site=site, run=run, source=source, time=time, captures=captures)
        try:
            refuse_forgotten(db, [*item.fetched.urls, *([item.article.url] if item.article else [])])
        except Forgotten as error:
            mark_forgotten(db, item.fetched.urls, site=site.name, time=time, reason=error.reason)
            return "forgotten"
        if item.outcome == "article" and item.article is not None:
            return _save_article(db, item, item.article, visit, revisit=revisit, waiting=waiting)
        outcome, number = _save_no_article(db, item, visit), article_of(db, item.fetched.urls[0])
        return "moved" if outcome == "gone" and number and join_moved(db, number, waiting) else outcome


def _save_article(
    db: Database,
    item: Extracted,
    article: Article,
    visit: _Visit,
    *,
    revisit: Revisit,
    waiting: PendingSearchTexts | None,
) -> str:
    urls = item.fetched.urls
    joined = follow_redirect(db, urls, waiting)
    gone = False
    if leads_elsewhere(db, urls):
        reason = "redirects to another article"
        gone = mark_missing(db, urls[0], site=visit.site, reason=reason, time=visit.time, run=visit.run)
        urls = urls[1:]
    origin = provenance_of(item, visit.site, time=visit.time, run=visit.run, captures=visit.captures)
    saved = save_article(
        db,
        article,
        site=visit.site,
        urls=urls,
        provenance=origin,
        search_text=item.search_text,
        source=visit.source,
        waiting=waiting,
        readings=item.readings,
        may_move=visit.source == "crawl",
    )
    next_visit = revisit(article, visit.time)
    mark_visited(db, urls, time=visit.time, run=visit.run, next_visit=next_visit)
    if saved.outcome == "new" and visit.source == "crawl" and visit.run is not None:
        make_due(db, twins_to_visit(db, saved.article, visit.run), time=visit.time)
    return "moved" if joined or saved.moved else "gone" if gone else saved.outcome


def _save_no_article(db: Database, item: Extracted, visit: _Visit) -> str:
    """Store why a page gave no article; a page that keeps us out says nothing about its article."""
    site, run, source, time = visit.site, visit.run, visit.source, visit.time
    url, reason, kept_out = item.fetched.urls[0], item.reason, item.kept_out
    is_no_article = item.outcome == "not_article" and not kept_out
    if item.outcome == "forbidden":
        mark_forbidden(db, url, site=site, reason=reason, time=time, run=run, source=source)
        return "forbidden"
    if item.outcome == "missing" or is_no_article:
        release_claim(db, url)
    if item.outcome == "missing" or (is_no_article and article_of(db, url) is not None):
        gone = mark_missing(db, url, site=site, reason=reason, time=time, run=run, source=source)
        return "gone" if gone else item.outcome
    if is_no_article:
        mark_not_article(db, url, site=site, reason=reason, time=time, run=run, source=source)
        return "not_article"
    mark_failed(db, url, site=site, reason=reason, time=time, run=run, source=source, kept_out=kept_out)
    return "failed"


def keep_extracted(
    db: Database,
    item: Extracted,
    *,
    site: Site,
    run: int | None,
    revisit: Revisit = lambda _article, _time: None,
    source: str = "fetch",
    waiting: PendingSearchTexts | None = None,
) -> tuple[str, str]:
    """Store the outcome for a page as `save_extracted` does; if it cannot be stored, the rest of the batch still is.

    Return how it counts and, if it could not be stored, why: then the ledger has it as failed. Raise what concerns the
    archive as a whole.
    """
    before = waiting.waiting() if waiting is not None else {}
    try:
        return save_extracted(db, item, site=site, run=run, revisit=revisit, source=source, waiting=waiting), ""
    except Exception as error:
        if concerns_archive(error):
            raise
        reason = f"could not be stored: {reason_of(error)}"
    if waiting is not None:
        waiting.back_to(before)
    try:
        undone = Extracted(fetched=item.fetched, outcome="failed", reason=reason)
        save_extracted(db, undone, site=site, run=run, source=source)
    except Exception as error:
        if concerns_archive(error):
            raise
        reason += f"; nor could that be noted: {reason_of(error)}"
    return "failed", reason


def provenance_of(
    item: Extracted, site: Site, *, time: str, run: int | None = None, captures: tuple[int, ...] = ()
) -> Provenance:
    """Return where the content of an extracted page comes from."""
    return Provenance(
        time=time,
        run=run,
        captures=captures,
        hints=item.fetched.hints,
        extractor=item.extractor,
        options_digest=item.options_digest,
        profile_digest=profile_digest(site),
    )


def unread_readings(db: Database, item: Extracted, *, site: Site) -> list[Unread]:
    """Return the revisions to read again before `item` can be stored: see `Extracted.readings`.

    Ask within the transaction that stores it, or another process may write one in between. Empty for a page that no
    database takes: storing it fails for the same reason, and reports it.
    """
    if item.article is None:
        return []
    try:
        return list(_unread(db, item, item.article, site))
    except Exception as error:
        if concerns_archive(error):
            raise
        return []


def _unread(db: Database, item: Extracted, article: Article, site: Site) -> Iterator[Unread]:
    fetched = item.fetched
    content = content_of(article)
    place = place_of(db, article, fetched.urls, content)
    time = fetched.captures[0].time if fetched.captures else now()
    known = find_known(db, [place.url, *fetched.urls])
    if known is None:
        return
    rows = [current_row(db, known)]
    if known_later(db, [place.url, *fetched.urls], time) is not None:
        rows += [latest_reading(db, row) for row in neighbours(db, known["id"], time) if row]
    yield from unread(db, rows, content_digest(content), provenance_of(item, site, time=time), item.readings)


@lru_cache(maxsize=64)
def profile_digest(site: Site) -> str:
    """Return a short digest of the part of a profile that affects extraction."""
    relevant = {"language": site.language, "timezone": site.timezone, "title": site.title, "url": site.url}
    data = dumps({**relevant, **asdict(site.extraction)}, ensure_ascii=False, sort_keys=True)
    return sha256(data.encode()).hexdigest()[:16]
