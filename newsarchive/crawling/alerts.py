"""Alerts of a finished crawl: what needs a person, judged from what the archive holds of it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlite_utils import Database

from newsarchive.crawling.publishing import SILENT, keeps_us_out, listings_lose, publishes, usual_week
from newsarchive.database.alerts import Alert, AlertKey
from newsarchive.sites import Site
from newsarchive.text.counting import counted

ENOUGH = 5  # pages of a run from which shares mean something
MOST_FAILED = 20
SHARE_FAILED = 0.1
ENOUGH_FAILED = 3
JUMP = 0.5  # of a share, against the site's own history
DISK_LEFT = 500_000_000  # bytes
OCCASIONS = 10  # runs that brought something new, before a usual gap is known

_FIELDS = {
    "title": "title = ''",
    "lead": "lead is null",
    "body": "length(body) < 100",
    "published": "published is null",
    "authors": "authors = '[]'",
    "images": "images = '[]'",
    "categories": "categories = '[]'",
    "tags": "tags = '[]'",
    "language": "language is null",
}
_WATCHED = ("body", "published", "authors")
VISIBLE = "(article is null or article not in (select article from hidden))"
"""SQL condition over a row of `urls`: a sentence may name the URL."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a run found: its alerts, and about what it found that all is well. The rest it had no occasion to judge."""

    alerts: list[Alert]
    well: frozenset[AlertKey]


Judged = Iterator[Alert | AlertKey]
"""Yields an alert, or its key if all is well; nothing if the run gave no occasion to judge."""


def what_needs_a_person(db: Database, site: Site, run: int, folder: Path) -> Findings:
    """Judge a run by what the archive holds of it."""
    judged: list[Alert | AlertKey] = [
        *keeps_us_out(db, site, run),
        *_kept_out(db, site, run),
        *_forbidden(db, site),
        *_failures(db, site, run),
        *_layout(db, site, run),
        *_expected_fields(db, site, run),
        *_expected_number(db, site, run),
        *listings_lose(db, site, run),
        *_disk(folder),
    ]
    if _was_read(db, site, run):
        judged += publishes(db, site) if usual_week(db, site.name, site.timezone)[0] else _silence(db, site)
    alerts = [found for found in judged if isinstance(found, Alert)]
    return Findings(alerts=alerts, well=frozenset(found for found in judged if isinstance(found, AlertKey)))


def _was_read(db: Database, site: Site, run: int) -> bool:
    """True if the run could read a source: without one nothing is known of what the newspaper published."""
    row = db.conn.execute(
        "select 1 from sources where site = ? and run = ? and state = 'working' limit 1", (site.name, run)
    ).fetchone()
    return row is not None


def _kept_out(db: Database, site: Site, run: int) -> Judged:
    """Pages that the site keeps us out of: they are never stored as articles, so the archive has a gap."""
    count, reason, example, waiting = db.conn.execute(
        "select coalesce(sum(visited_run = ?1), 0), min(case when visited_run = ?1 then reason end),"  # noqa: S608
        f" min(case when visited_run = ?1 and {VISIBLE} then url end), count(*)"
        " from urls where site = ?2 and attempts > 0 and kept_out",
        (run, site.name),
    ).fetchone()
    if count:
        such = f", such as {example}" if example else ""
        yield Alert(f"the site keeps us out of {counted(count, 'page')} ({reason}){such}", code="kept_out")
    elif not waiting:
        yield AlertKey("kept_out")


def _forbidden(db: Database, site: Site) -> Judged:
    """More pages that robots.txt forbids than articles: the newspaper as a whole is closed to crawlers."""
    row = db.conn.execute(
        "select count(*), min(url), (select count(*) from articles where site = :site) from urls"
        " where site = :site and state = 'excluded' and visited is not null",
        {"site": site.name},
    ).fetchone()
    if row[0] > row[2]:
        yield Alert(
            f"robots.txt forbids {counted(row[0], 'page')} that it lists, such as {row[1]}; ask the newspaper",
            code="forbidden",
        )
    else:
        yield AlertKey("forbidden")


def _failures(db: Database, site: Site, run: int) -> Judged:
    """So many failed pages that it is no chance: of the pages of this run, beyond those that keep us out."""
    visited, failed, reason, again = db.conn.execute(
        "select count(*), coalesce(sum(attempts > 0), 0), max(case when attempts > 0 then reason end),"
        " min(case when attempts > 0 then next_visit end) from urls where site = ? and visited_run = ?",
        (site.name, run),
    ).fetchone()
    too_many = failed > MOST_FAILED or (failed >= ENOUGH_FAILED and failed > visited * SHARE_FAILED)
    if too_many or 1 < failed == visited:
        yield Alert(
            f"{failed:,} of {counted(visited, 'page')} failed, such as with: {reason}. They are tried again from"
            f' {again} on; now with "newsarchive crawl {site.name} --retry"',
            code="failed",
        )
    elif _failing(db, site) < ENOUGH_FAILED or (visited >= ENOUGH and _failing(db, site) <= MOST_FAILED):
        yield AlertKey("failed")


def _failing(db: Database, site: Site) -> int:
    """Return the number of pages that failed when they were last tried."""
    row = db.conn.execute("select count(*) from urls where site = ? and attempts > 0", (site.name,)).fetchone()
    return int(row[0])


def _shares(db: Database, site: Site, run: int, condition: str, *, before: bool) -> tuple[int, float]:
    where = "r.run < ?" if before else "r.run = ?"
    total, bad = db.conn.execute(
        f"select count(*), coalesce(sum({condition}), 0) from (select r.* from revisions r"  # noqa: S608
        f" join articles a on a.id = r.article where a.site = ? and {where} and r.kind <> 'reextracted'"
        " order by r.id desc limit 500)",
        (site.name, run),
    ).fetchone()
    return total, bad / total if total else 0.0


def _layout(db: Database, site: Site, run: int) -> Judged:
    """A field that is suddenly missing from most pages: the site's layout has changed."""
    for name in _WATCHED:
        count, share = _shares(db, site, run, _FIELDS[name], before=False)
        known, usual = _shares(db, site, run, _FIELDS[name], before=True)
        if count < ENOUGH or known < ENOUGH:
            continue
        if share - usual > JUMP:
            good, bad = (_example(db, site, run, _FIELDS[name], bad=wanted) for wanted in (False, True))
            yield Alert(
                f"the layout may have changed: {share:.0%} of the new pages give no {name} (before: {usual:.0%});"
                f" good: {good}, bad: {bad}",
                code="layout",
                about=name,
            )
        else:
            yield AlertKey("layout", name)
    count, lost = db.conn.execute(
        "select count(*), coalesce(sum(u.state = 'not_article'), 0) from urls u join runs r on r.id = ?"
        " where u.site = ? and u.visited_run = ? and u.first_listed >= r.started",
        (run, site.name, run),
    ).fetchone()
    known, usually = db.conn.execute(
        "select count(*), coalesce(sum(u.state = 'not_article'), 0) from urls u join runs r on r.id = ?"
        " where u.site = ? and u.first_listed < r.started",
        (run, site.name),
    ).fetchone()
    if count < ENOUGH or known < ENOUGH:
        return
    if lost / count - usually / known > JUMP:
        yield Alert(f"{lost} of {count} new pages gave no article; the layout may have changed", code="layout")
    else:
        yield AlertKey("layout")


def _example(db: Database, site: Site, run: int, condition: str, *, bad: bool) -> str:
    row = db.conn.execute(
        "select a.url from (select * from revisions"  # noqa: S608
        f" where run {'=' if bad else '<'} ? and {'' if bad else 'not '}({condition})) r"
        " join articles a on a.id = r.article where a.site = ? and a.id not in (select article from hidden)"
        " order by r.id desc limit 1",
        (run, site.name),
    ).fetchone()
    return str(row[0]) if row else "none"


def _expected_fields(db: Database, site: Site, run: int) -> Judged:
    for name, condition in _FIELDS.items():
        key = AlertKey("expected", name)
        if name not in site.expect.fields:
            yield key
            continue
        count, share = _shares(db, site, run, condition, before=False)
        if count >= ENOUGH and share > 0.2:
            yield Alert(
                f"the profile expects {name}, but {share:.0%} of the {count} pages of this run give none",
                code=key.code,
                about=key.about,
            )
        elif count >= ENOUGH:
            yield key


def _expected_number(db: Database, site: Site, run: int) -> Judged:
    key = AlertKey("expected", "articles_per_week")
    if not site.expect.articles_per_week:
        yield key
        return
    if not _earlier_runs(db, site, run):
        return
    week_ago = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%d")
    count = db.conn.execute(
        "select count(*) from articles where site = ? and day > ?", (site.name, week_ago)
    ).fetchone()[0]
    if count < site.expect.articles_per_week:
        yield Alert(
            f"the profile expects {site.expect.articles_per_week:g} articles a week; the last seven days have {count}",
            code=key.code,
            about=key.about,
        )
    else:
        yield key


def _earlier_runs(db: Database, site: Site, run: int) -> int:
    row = db.conn.execute(
        "select count(*) from runs where site = ? and command = 'crawl' and reason in ('finished', 'incomplete')"
        " and id < ?",
        (site.name, run),
    ).fetchone()
    return int(row[0])


def _silence(db: Database, site: Site) -> Judged:
    """Nothing new for longer than usual between two runs that brought something: where weekdays do not tell yet."""
    rows = db.conn.execute(
        "select min(a.first_seen) from articles a join revisions r on r.article = a.id and r.number = 1"
        " where a.site = ? group by r.run order by 1",
        (site.name,),
    ).fetchall()
    times = [datetime.fromisoformat(row[0]) for row in rows]
    if len(times) < OCCASIONS:
        return
    gaps = [(later - earlier).total_seconds() / 3600 for earlier, later in itertools.pairwise(times)]
    usual = max(median(gaps) * 5, max(gaps[-30:]) * 2)
    silence = (datetime.now(UTC) - times[-1]).total_seconds() / 3600
    if silence > usual:
        yield Alert(
            f"nothing new for {_span(silence)}; the site's usual gap is {_span(median(gaps))}", code=SILENT.code
        )
    else:
        yield SILENT


def _span(hours: float) -> str:
    return f"{hours / 24:.0f} days" if hours > 48 else f"{hours:.0f} hours"


def _disk(folder: Path) -> Judged:
    free = shutil.disk_usage(folder).free
    if free < DISK_LEFT:
        yield Alert(f"the disk is nearly full: {free / 1e6:.0f} MB are left", code="disk")
    else:
        yield AlertKey("disk")
