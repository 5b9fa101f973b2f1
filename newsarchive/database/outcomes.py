"""What came of a fetched page, written as one change: article, no article, missing, failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from json import dumps

from sqlite_utils import Database

from newsarchive.database.articles import current_row, find_known, own_url, save_article
from newsarchive.database.earlier import known_later, neighbours
from newsarchive.database.faults import concerns_archive
from newsarchive.database.forgotten import Forgotten, mark_forgotten, refuse_forgotten
from newsarchive.database.index import PendingSearchTexts
from newsarchive.database.ledger import article_of, mark_failed, mark_missing, mark_not_article, mark_visited
from newsarchive.database.readings import Unread, latest_reading, unread
from newsarchive.database.revisions import Provenance
from newsarchive.database.runs import save_capture
from newsarchive.errors import reason_of
from newsarchive.items import Article, Extracted
from newsarchive.revisions.content import content_digest, content_of
from newsarchive.sites import Site
from newsarchive.times import now

Revisit = Callable[[Article, str], str | None]
"""When an article fetched at a time is to be looked at again; None: only when a source says so."""


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
    """Store what came of a page in one transaction; `waiting` is that of `save_article`.

    Gives how it counts: ``new``, ``changed``, ``same``, ``gone``, ``not_article``, ``failed`` or ``forgotten``, which
    stores nothing but the addresses: the article was taken down.
    """
    with db.atomic():
        captures = tuple(save_capture(db, capture, run) for capture in item.fetched.captures)
        time = item.fetched.captures[0].time if item.fetched.captures else now()
        url = item.fetched.urls[0]
        try:
            refuse_forgotten(db, [*item.fetched.urls, *([item.article.url] if item.article else [])])
        except Forgotten as error:
            mark_forgotten(db, item.fetched.urls, site=site.name, time=time, reason=error.reason)
            return "forgotten"
        if item.outcome == "article" and item.article is not None:
            return _save_article(db, item, item.article, site, run, captures, time, revisit, source, waiting)
        blocked = item.outcome == "not_article" and item.kept_out
        if not blocked and (
            item.outcome == "missing" or (item.outcome == "not_article" and article_of(db, url) is not None)
        ):
            gone = mark_missing(db, url, site=site, reason=item.reason, time=time, run=run, source=source)
            return "gone" if gone else "not_article" if item.outcome == "not_article" else "missing"
        if item.outcome == "not_article" and not blocked:
            mark_not_article(db, url, site=site, reason=item.reason, time=time, run=run, source=source)
            return "not_article"
        mark_failed(db, url, site=site, reason=item.reason, time=time, run=run, source=source, kept_out=item.kept_out)
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
    """Store what came of a page as `save_extracted` does; a page that cannot be stored costs no other of its batch.

    Returns how it counts and, where it could not be stored, why: then it is in the ledger as failed. Raises what is of
    the archive as a whole.
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


def _save_article(
    db: Database,
    item: Extracted,
    article: Article,
    site: Site,
    run: int | None,
    captures: tuple[int, ...],
    time: str,
    revisit: Revisit,
    source: str,
    waiting: PendingSearchTexts | None,
) -> str:
    provenance = provenance_of(item, site, time=time, run=run, captures=captures)
    saved = save_article(
        db,
        article,
        site=site,
        urls=item.fetched.urls,
        provenance=provenance,
        search_text=item.search_text,
        source=source,
        waiting=waiting,
        readings=item.readings,
    )
    mark_visited(db, item.fetched.urls, time=time, run=run, next_visit=revisit(article, time))
    return saved.outcome


def provenance_of(
    item: Extracted, site: Site, *, time: str, run: int | None = None, captures: tuple[int, ...] = ()
) -> Provenance:
    """Where the content of an extracted page comes from."""
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
    """The revisions that must be read again before `item` can be stored: see `Extracted.readings`.

    Ask within the transaction that stores it, or somebody may have written another meanwhile. None of a page that no
    database takes: storing it fails for the same reason, and says so.
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
    digest = content_digest(content_of(article))
    time = fetched.captures[0].time if fetched.captures else now()
    known = find_known(db, [own_url(db, article, fetched.urls, digest), *fetched.urls])
    if known is None:
        return
    rows = [current_row(db, known)]
    if known_later(db, [article.url, *fetched.urls], time) is not None:
        rows += [latest_reading(db, row) for row in neighbours(db, known["id"], time) if row]
    yield from unread(db, rows, digest, provenance_of(item, site, time=time), item.readings)


@lru_cache(maxsize=64)
def profile_digest(site: Site) -> str:
    """A short digest of what of a profile bears on extraction."""
    relevant = {"language": site.language, "timezone": site.timezone, "title": site.title, "url": site.url}
    data = dumps({**relevant, **asdict(site.extraction)}, ensure_ascii=False, sort_keys=True)
    return sha256(data.encode()).hexdigest()[:16]
