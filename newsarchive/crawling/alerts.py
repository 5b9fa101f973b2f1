"""Alerts of a finished crawl: what needs a person, judged from what the archive holds of it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlite_utils import Database

from newsarchive.crawling.certificates import VALID
from newsarchive.database.certificates import CertificateChange
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


def what_needs_a_person(db: Database, site: Site, run: int, folder: Path) -> list[str]:
    """Return sentences on what needs a person; none if all is well."""
    return [
        *_blocked(db, site, run),
        *_forbidden(db, site),
        *_failures(db, site, run),
        *_layout(db, site, run),
        *_expected_fields(db, site, run),
        *_expected_number(db, site, run),
        *_silence(db, site),
        *_disk(folder),
    ]


def certificate_alerts(changes: Iterable[CertificateChange]) -> list[str]:
    """Return sentences on certificates that became invalid or valid again; a new valid one is no news."""
    return [
        f"the TLS certificate of {change.host} is valid again"
        if change.now == VALID
        else f"the TLS certificate of {change.host} is not valid: {change.now}. Its pages are kept, and marked so"
        " (captures.tls); --strict-tls refuses them"
        for change in changes
        if change.before or change.now != VALID
    ]


def _blocked(db: Database, site: Site, run: int) -> Iterator[str]:
    """Pages that the site keeps us out of: they are never stored as articles, so the archive has a gap."""
    row = db.conn.execute(
        "select count(*), min(u.reason), min(u.url) from urls u where u.visited_run = ? and u.site = ?"
        " and u.attempts > 0 and u.kept_out",
        (run, site.name),
    ).fetchone()
    if row[0]:
        yield f"the site keeps us out of {counted(row[0], 'page')} ({row[1]}), such as {row[2]}"


def _forbidden(db: Database, site: Site) -> Iterator[str]:
    """More pages that robots.txt forbids than articles: the newspaper as a whole is closed to crawlers."""
    row = db.conn.execute(
        "select count(*), min(url), (select count(*) from articles where site = :site) from urls"
        " where site = :site and state = 'excluded' and visited is not null",
        {"site": site.name},
    ).fetchone()
    if row[0] > row[2]:
        yield f"robots.txt forbids {counted(row[0], 'page')} that it lists, such as {row[1]}; ask the newspaper"


def _failures(db: Database, site: Site, run: int) -> Iterator[str]:
    """So many failed pages that it is no chance: of the pages of this run, beyond those that keep us out."""
    visited, failed, reason, again = db.conn.execute(
        "select count(*), coalesce(sum(attempts > 0), 0), max(case when attempts > 0 then reason end),"
        " min(case when attempts > 0 then next_visit end) from urls where site = ? and visited_run = ?",
        (site.name, run),
    ).fetchone()
    too_many = failed > MOST_FAILED or (failed >= ENOUGH_FAILED and failed > visited * SHARE_FAILED)
    if too_many or 1 < failed == visited:
        yield (
            f"{failed:,} of {counted(visited, 'page')} failed, such as with: {reason}. They are tried again from"
            f' {again} on; now with "newsarchive crawl {site.name} --retry"'
        )


def _shares(db: Database, site: Site, run: int, condition: str, *, before: bool) -> tuple[int, float]:
    where = "r.run < ?" if before else "r.run = ?"
    total, bad = db.conn.execute(
        f"select count(*), coalesce(sum({condition}), 0) from (select r.* from revisions r"  # noqa: S608
        f" join articles a on a.id = r.article where a.site = ? and {where} and r.kind <> 'reextracted'"
        " order by r.id desc limit 500)",
        (site.name, run),
    ).fetchone()
    return total, bad / total if total else 0.0


def _layout(db: Database, site: Site, run: int) -> Iterator[str]:
    """A field that is suddenly missing from most pages: the site's layout has changed."""
    for name in _WATCHED:
        count, share = _shares(db, site, run, _FIELDS[name], before=False)
        known, usual = _shares(db, site, run, _FIELDS[name], before=True)
        if count >= ENOUGH and known >= ENOUGH and share - usual > JUMP:
            good, bad = (_example(db, site, run, _FIELDS[name], bad=wanted) for wanted in (False, True))
            yield (
                f"the layout may have changed: {share:.0%} of the new pages give no {name} (before: {usual:.0%});"
                f" good: {good}, bad: {bad}"
            )
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
    if count >= ENOUGH and known >= ENOUGH and lost / count - usually / known > JUMP:
        yield f"{lost} of {count} new pages gave no article; the layout may have changed"


def _example(db: Database, site: Site, run: int, condition: str, *, bad: bool) -> str:
    row = db.conn.execute(
        "select a.url from (select * from revisions"  # noqa: S608
        f" where run {'=' if bad else '<'} ? and {'' if bad else 'not '}({condition})) r"
        " join articles a on a.id = r.article where a.site = ? order by r.id desc limit 1",
        (run, site.name),
    ).fetchone()
    return str(row[0]) if row else "none"


def _expected_fields(db: Database, site: Site, run: int) -> Iterator[str]:
    for name in site.expect.fields:
        if name in _FIELDS:
            count, share = _shares(db, site, run, _FIELDS[name], before=False)
            if count >= ENOUGH and share > 0.2:
                yield f"the profile expects {name}, but {share:.0%} of the {count} pages of this run give none"


def _expected_number(db: Database, site: Site, run: int) -> Iterator[str]:
    if not site.expect.articles_per_week or not _earlier_runs(db, site, run):
        return
    week_ago = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%d")
    count = db.conn.execute(
        "select count(*) from articles where site = ? and day > ?", (site.name, week_ago)
    ).fetchone()[0]
    if count < site.expect.articles_per_week:
        yield f"the profile expects {site.expect.articles_per_week:g} articles a week; the last seven days have {count}"


def _earlier_runs(db: Database, site: Site, run: int) -> int:
    row = db.conn.execute(
        "select count(*) from runs where site = ? and command = 'crawl' and reason = 'finished' and id < ?",
        (site.name, run),
    ).fetchone()
    return int(row[0])


def _silence(db: Database, site: Site) -> Iterator[str]:
    """Nothing new for longer than usual between two runs that brought something new."""
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
        yield f"nothing new for {_span(silence)}; the site's usual gap is {_span(median(gaps))}"


def _span(hours: float) -> str:
    return f"{hours / 24:.0f} days" if hours > 48 else f"{hours:.0f} hours"


def _disk(folder: Path) -> Iterator[str]:
    free = shutil.disk_usage(folder).free
    if free < DISK_LEFT:
        yield f"the disk is nearly full: {free / 1e6:.0f} MB are left"
