"""The ledger: every URL a source ever listed, its state and reason, and when its page is due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlite_utils import Database

from newsarchive.database.articles import local_day
from newsarchive.database.forgotten import mark_forgotten
from newsarchive.database.revisions import hints_json, read_hints
from newsarchive.items import Hints, InvalidEntry, Listed
from newsarchive.sites import Site
from newsarchive.text.encodings import escape_unprintable
from newsarchive.times import stamp
from newsarchive.urls import url_key

FIRST_RETRY = timedelta(hours=1)
LAST_RETRY = timedelta(days=7)


def save_listed(
    db: Database, listed: Listed, *, site: Site, source: str, time: str, again: bool = False, trust_lastmod: bool = True
) -> bool:
    """Note that a source of the kind `source` listed a URL; return whether its page is due.

    It is due if it is new, if the source states a later modification than before, or if `again` asks for it. Without
    `trust_lastmod` a later modification alone makes nothing due and is not stored: a time that is always the present
    would hide the true one that a better source states.
    """
    row = db.conn.execute(
        "select state, lastmod, next_visit, hints, native_id, visited from urls where key = ?", (url_key(listed.url),)
    ).fetchone()
    native_id = f"{source}:{listed.native_id}" if listed.native_id else ""
    if row is None:
        if _was_forgotten(db, listed.url, site, native_id, time):
            return False
        return _insert_listed(db, listed, site=site, source=source, native_id=native_id, time=time)
    known = _Known(*row)
    if known.state == "forgotten":
        db.conn.execute("update urls set last_listed = ?, missing = null where key = ?", (time, url_key(listed.url)))
        return False
    lastmod = listed.lastmod if trust_lastmod else ""
    due = known.is_due_again(lastmod, source=source, again=again)
    next_visit = time if due else known.next_visit
    db.conn.execute(
        "update urls set last_listed = ?, lastmod = max(lastmod, ?), hints = ?, next_visit = ?,"
        " source = case state when 'alias' then ? else source end,"
        " state = case state when 'alias' then 'article' else state end,"
        " native_id = case native_id when '' then ? else native_id end where key = ?",
        (time, lastmod, known.merged(listed, source), next_visit, source, native_id, url_key(listed.url)),
    )
    return next_visit is not None and next_visit <= time


class _Known(NamedTuple):
    """What the ledger has of a URL."""

    state: str
    lastmod: str
    next_visit: str | None
    hints: str
    native_id: str
    visited: str | None

    def is_due_again(self, lastmod: str, *, source: str, again: bool) -> bool:
        """Return whether its page is due because a source lists it with a modification at `lastmod`.

        The URL that a page names as its canonical one is known, but its own page may be another article.
        """
        is_back = self.state == "gone" and source.startswith("wordpress")
        is_claim = self.state == "alias" and self.visited is None
        return self.state != "excluded" and (lastmod > self.lastmod or again or is_back or is_claim)

    def merged(self, listed: Listed, source: str) -> str:
        """Return its hints with those of a listing; those of WordPress win, because a feed knows less than the CMS."""
        hints = hints_json(listed.hints)
        from_cms = self.native_id.startswith("wordpress") and not source.startswith("wordpress")
        return richer(hints, self.hints) if from_cms else richer(self.hints, hints)


def _insert_listed(db: Database, listed: Listed, *, site: Site, source: str, native_id: str, time: str) -> bool:
    """Write a URL that is new to the ledger; return whether its page is due."""
    due = site.wants(listed.url)
    values = {
        "site": site.name,
        "url": listed.url,
        "key": url_key(listed.url),
        "source": source,
        "native_id": native_id,
        "first_listed": time,
        "last_listed": time,
        "lastmod": listed.lastmod,
        "day": local_day(listed.hints.published or listed.lastmod or time, site.timezone),
        "state": "listed" if due else "excluded",
        "reason": "" if due else "the profile excludes it",
        "hints": hints_json(listed.hints),
        "next_visit": time if due else None,
    }
    db.conn.execute(
        f"insert into urls ({', '.join(values)}) values ({', '.join('?' * len(values))})",  # noqa: S608
        tuple(values.values()),
    )
    return due


def save_lost(db: Database, lost: InvalidEntry, *, site: Site, source: str, time: str) -> None:
    """Note that a source listed an invalid URL, with the reason: it is reported as missing and never fetched."""
    url = escape_unprintable(lost.url)
    db.conn.execute(
        "insert into urls (site, url, key, source, first_listed, last_listed, day, state, reason)"
        " values (?, ?, ?, ?, ?, ?, ?, 'failed', ?) on conflict (key) do update set last_listed = excluded.last_listed",
        (site.name, url, f"lost:{url}", source, time, time, local_day(time, site.timezone), lost.reason),
    )


def _was_forgotten(db: Database, url: str, site: Site, native_id: str, time: str) -> bool:
    """Return whether a new URL is of an article that was taken down, by its ID; take the URL down, too."""
    if not native_id:
        return False
    row = db.conn.execute(
        "select reason from urls where site = ? and native_id = ? and state = 'forgotten'", (site.name, native_id)
    ).fetchone()
    if row is None:
        return False
    mark_forgotten(db, [url], site=site.name, time=time, reason=row[0])
    return True


def richer(old: str, new: str) -> str:
    """Merge two hints (JSON): what the newer one says, and what only the older one says."""
    if old in ("{}", new):
        return new
    return json.dumps({**json.loads(old), **json.loads(new)}, ensure_ascii=False, separators=(",", ":"))


def due_urls(db: Database, site: str, *, now: str, run: int, limit: int, since: str = "") -> list[tuple[str, Hints]]:
    """Return the URLs due now and not visited in this `run`, latest publication first, with their hints."""
    rows = db.conn.execute(
        "select url, hints from urls where site = ? and next_visit is not null and next_visit <= ?"
        " and visited_run is not ? and coalesce(day, '9') >= ? order by day desc, id limit ?",
        (site, now, run, since, limit),
    )
    return [(url, read_hints(hints)) for url, hints in rows]


def count_due_urls(db: Database, site: str, *, now: str, run: int) -> int:
    """Return the number of URLs due now and not visited in this `run`."""
    row = db.conn.execute(
        "select count(*) from urls where site = ? and next_visit is not null and next_visit <= ?"
        " and visited_run is not ?",
        (site, now, run),
    ).fetchone()
    return int(row[0])


def article_of(db: Database, url: str) -> int | None:
    """Return the id of the article with this URL, under any URL variant; None if there is none."""
    row = db.conn.execute(
        "select article from urls where key = ? and article is not null"
        " union all select id from articles where key = ?",
        (url_key(url), url_key(url)),
    ).fetchone()
    return int(row[0]) if row else None


def mark_visited(
    db: Database, urls: Sequence[str], *, time: str, run: int | None, next_visit: str | None = None
) -> None:
    """Note that pages were fetched at `time`, and when they are due again (None: when a source says so).

    What a source reported after the fetch, while the page waited for extraction, stays due.
    """
    db.conn.executemany(
        "update urls set visited = ?, visited_run = ?,"
        " next_visit = case when next_visit > ? then next_visit else ? end where key = ?",
        [(time, run, time, next_visit, url_key(url)) for url in urls],
    )


def was_visited(db: Database, url: str, run: int) -> bool:
    """Return whether the outcome for a page is stored in this run."""
    row = db.conn.execute("select visited_run from urls where key = ?", (url_key(url),)).fetchone()
    return row is not None and row[0] == run


def _ensure(db: Database, url: str, site: Site, source: str, time: str) -> None:
    db.conn.execute(
        "insert or ignore into urls (site, url, key, source, first_listed, last_listed, state, day)"
        " values (?, ?, ?, ?, ?, ?, 'listed', ?)",
        (site.name, url, url_key(url), source, time, time, local_day(time, site.timezone)),
    )


def mark_not_article(
    db: Database, url: str, *, site: Site, reason: str, time: str, run: int | None = None, source: str = "fetch"
) -> None:
    """Note that a page holds no article, and why; a stored article does not change."""
    with db.atomic():
        _ensure(db, url, site, source, time)
        db.conn.execute(
            "update urls set state = case when article is null then 'not_article' else state end, reason = ?,"
            " visited = ?, visited_run = ?, next_visit = null, attempts = 0 where key = ?",
            (reason, time, run, url_key(url)),
        )


def mark_failed(
    db: Database,
    url: str,
    *,
    site: Site,
    reason: str,
    time: str,
    run: int | None = None,
    source: str = "fetch",
    kept_out: bool = False,
) -> None:
    """Note that a page could not be fetched, and why; it is due again after growing intervals, an hour to a week.

    `kept_out` is True if the site keeps us out of it.
    """
    with db.atomic():
        _ensure(db, url, site, source, time)
        row = db.conn.execute("select attempts from urls where key = ?", (url_key(url),)).fetchone()
        pause = min(LAST_RETRY, FIRST_RETRY * 2 ** min(row[0], 10))
        due = stamp(datetime.fromisoformat(time) + pause)
        db.conn.execute(
            "update urls set state = case when article is null then 'failed' else state end, reason = ?, visited = ?,"
            " visited_run = ?, next_visit = ?, attempts = attempts + 1, kept_out = ? where key = ?",
            (reason, time, run, due, kept_out, url_key(url)),
        )


def retry_failed(db: Database, site: str, *, time: str) -> None:
    """Make the pages due at `time` (UTC) that failed and would be tried again later only."""
    db.conn.execute(
        "update urls set next_visit = ? where site = ? and attempts > 0 and next_visit > ?", (time, site, time)
    )


def mark_forbidden(
    db: Database, url: str, *, site: Site, reason: str, time: str, run: int | None = None, source: str = "fetch"
) -> None:
    """Note that robots.txt forbids a page; it is asked about again in a week, and a stored article does not change."""
    with db.atomic():
        _ensure(db, url, site, source, time)
        db.conn.execute(
            "update urls set state = case when article is null then 'excluded' else state end, reason = ?,"
            " visited = ?, visited_run = ?, next_visit = ?, attempts = 0, kept_out = 0 where key = ?",
            (reason, time, run, stamp(datetime.fromisoformat(time) + LAST_RETRY), url_key(url)),
        )


def mark_missing(
    db: Database, url: str, *, site: Site, reason: str, time: str, run: int | None, source: str = "fetch"
) -> bool:
    """Note a sign that a page is gone; the second one, of another run, proves it. Return whether an article is gone."""
    with db.atomic():
        _ensure(db, url, site, source, time)
        missing, missing_run, article = db.conn.execute(
            "select missing, missing_run, article from urls where key = ?", (url_key(url),)
        ).fetchone()
        gone = missing is not None and missing_run != run
        db.conn.execute(
            "update urls set state = ?, reason = ?, visited = ?, visited_run = ?, next_visit = ?,"
            " missing = coalesce(missing, ?),"
            " missing_run = coalesce(missing_run, ?), attempts = 0 where key = ?",
            (
                "gone" if gone else ("article" if article else "failed"),
                reason,
                time,
                run,
                None if gone else time,
                time,
                run,
                url_key(url),
            ),
        )
        if gone and article is not None:
            db.conn.execute(
                "update articles set gone = ?, gone_reason = ? where id = ? and gone is null",
                (missing, reason, article),
            )
        return gone and article is not None
