"""What came of a fetched page, written as one change: article, no article, missing, failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from json import dumps

from sqlite_utils import Database

from newsarchive.database.articles import Again, save_article
from newsarchive.database.forgotten import Forgotten, mark_forgotten, refuse_forgotten
from newsarchive.database.index import WaitingShadows
from newsarchive.database.ledger import article_of, mark_failed, mark_missing, mark_not_article, mark_visited
from newsarchive.database.revisions import Provenance
from newsarchive.database.runs import now, save_capture
from newsarchive.items import Article, Extracted
from newsarchive.sites import Site

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
    waiting: WaitingShadows | None = None,
    again: Again | None = None,
) -> str:
    """Store what came of a page in one transaction; `waiting` and `again` are those of `save_article`.

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
            return _save_article(db, item, item.article, site, run, captures, time, revisit, source, waiting, again)
        blocked = item.outcome == "not_article" and "block page" in item.reason
        if not blocked and (
            item.outcome == "missing" or (item.outcome == "not_article" and article_of(db, url) is not None)
        ):
            gone = mark_missing(db, url, site=site, reason=item.reason, time=time, run=run, source=source)
            return "gone" if gone else "not_article" if item.outcome == "not_article" else "missing"
        if item.outcome == "not_article" and not blocked:
            mark_not_article(db, url, site=site, reason=item.reason, time=time, run=run, source=source)
            return "not_article"
        mark_failed(db, url, site=site, reason=item.reason, time=time, run=run, source=source)
        return "failed"


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
    waiting: WaitingShadows | None,
    again: Again | None,
) -> str:
    provenance = Provenance(
        time=time,
        run=run,
        captures=captures,
        hints=item.fetched.hints,
        extractor=item.extractor,
        options_digest=item.options_digest,
        profile_digest=profile_digest(site),
    )
    saved = save_article(
        db,
        article,
        site=site,
        urls=item.fetched.urls,
        provenance=provenance,
        shadow=item.shadow,
        source=source,
        waiting=waiting,
        again=again,
    )
    mark_visited(db, item.fetched.urls, time=time, run=run, next_visit=revisit(article, time))
    return saved.outcome


@lru_cache(maxsize=64)
def profile_digest(site: Site) -> str:
    """A short digest of what of a profile bears on extraction."""
    relevant = {"language": site.language, "timezone": site.timezone, "title": site.title, "url": site.url}
    data = dumps({**relevant, **asdict(site.extraction)}, ensure_ascii=False, sort_keys=True)
    return sha256(data.encode()).hexdigest()[:16]
