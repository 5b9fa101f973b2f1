"""Alerts on what a newspaper publishes and lists: it keeps us out, is silent, publishes far less, or lost articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from newsarchive.crawling.statuses import KEPT_OUT, status_line
from newsarchive.crawling.volume import WEEKDAYS, WEEKS, History, Weekday, shortfall, silence, weekdays
from newsarchive.database.alerts import Alert, AlertKey, began
from newsarchive.sites import Site
from newsarchive.text.counting import counted
from newsarchive.times import stamp

BLOCKED, SILENT, SHORT = AlertKey("blocked"), AlertKey("silence"), AlertKey("few")
LEAST_LOST, SHARE_LOST = 2, 0.02
LOST_SINCE = timedelta(days=35)
PINNED = 20
"""One of so many articles in a listing may be an old one that was pinned."""
_REDIRECTS = (301, 302, 303, 307, 308)


def history_of(db: Database, site: str, today: date) -> History:
    """Return how many articles the newspaper published by day: those archived, and those still to fetch."""
    first = (today - timedelta(weeks=WEEKS, days=1)).isoformat()
    rows = db.conn.execute(
        "select day, count(*) from (select day from articles where site = ?1 and day >= ?2 union all"
        " select day from urls where site = ?1 and day >= ?2 and article is null and state in ('listed', 'failed'))"
        " group by day",
        (site, first),
    )
    return {date.fromisoformat(day): count for day, count in rows}


def usual_week(db: Database, site: str, timezone: str) -> tuple[tuple[Weekday, ...] | None, int]:
    """Return what a newspaper usually publishes from Monday to Sunday, and what it did in the last seven days.

    The first is None if it is too early to say; today does not count.
    """
    today = _today(timezone)
    history = history_of(db, site, today)
    return weekdays(history, today), sum(history.get(today - timedelta(ago), 0) for ago in range(1, 8))


def usual_in_words(usual: tuple[Weekday, ...]) -> str:
    """Return a usual week in one line, by its medians.

    >>> day = Weekday(low=3, usual=5, high=8, without=0.01)
    >>> usual_in_words((day,) * 6 + (Weekday(low=0, usual=0, high=1, without=0.8),))
    'Mon 5, Tue 5, Wed 5, Thu 5, Fri 5, Sat 5, Sun 0'
    """
    return ", ".join(f"{name} {day.usual:g}" for name, day in zip(WEEKDAYS, usual, strict=True))


def keeps_us_out(db: Database, site: Site, run: int) -> Iterator[Alert | AlertKey]:
    """Judge whether the site refuses everything: then nothing is known of what it publishes."""
    statuses = Counter(
        status
        for (status,) in db.conn.execute(
            "select status from captures where run = ? and url not like '%/robots.txt'", (run,)
        )
        if status not in _REDIRECTS
    )
    refused = {status: count for status, count in statuses.items() if status in KEPT_OUT}
    if not refused or refused.keys() != statuses.keys():
        yield from [BLOCKED] if statuses else []
        return
    since = began(db, site.name, BLOCKED)
    yield Alert(
        f"the site keeps us out{f' since {since[:10]} ({_age(since)})' if since else ''}:"
        f" all {counted(sum(refused.values()), 'answer')} of this run were {' or '.join(map(status_line, refused))}."
        " This is a block, not a silence: nothing is known of what it publishes",
        code=BLOCKED.code,
    )


def publishes(db: Database, site: Site) -> Iterator[Alert | AlertKey]:
    """Judge what the newspaper published until yesterday against what is usual on these weekdays.

    Only to be asked after a run that could read a source. Yields nothing where it is too early to say: the history may
    be older than the archive, but what began before the first crawl is no news, such as that a newspaper has ended.
    """
    today = _today(site.timezone)
    history = history_of(db, site.name, today)
    usual, watched = weekdays(history, today), _watched_since(db, site)
    if usual is None or watched is None:
        return
    silent, short = silence(history, today), shortfall(history, today)
    if silent and watched <= silent.since:
        yield Alert(
            f"nothing was published for {counted(silent.days, 'day')}, since {silent.since.isoformat()};"
            f" these days usually have {silent.usual:g} articles together. The site answers: this is a silence",
            code=SILENT.code,
        )
    elif short and not silent and watched <= today - timedelta(days=7):
        yield Alert(
            f"only {counted(short.articles, 'article')} in the last seven days; a week usually has"
            f" {short.low} to {short.high} ({usual_in_words(usual)})",
            code=SHORT.code,
        )
    yield from [] if silent else [SILENT]
    yield from [] if silent or short else [SHORT]


def _watched_since(db: Database, site: Site) -> date | None:
    """Return the day of the first crawl of a site, in its time zone; None if there was none."""
    row = db.conn.execute("select min(started) from runs where site = ? and command = 'crawl'", (site.name,)).fetchone()
    return datetime.fromisoformat(row[0]).astimezone(ZoneInfo(site.timezone)).date() if row[0] else None


def listings_lose(db: Database, site: Site, run: int) -> Iterator[Alert | AlertKey]:
    """Judge whether a listing dropped articles whose pages are still there: a loss, not deletions."""
    for source in db.query(
        "select * from sources where site = ? and state = 'working' and kind in ('wordpress', 'sitemap', 'listing')",
        [site.name],
    ):
        label = f"{source['kind']} {source['url']}" if source["also"] else source["kind"]
        found = (
            _lost_ids(db, site.name, source)
            if source["kind"] == "wordpress"
            else _unlisted(db, site.name, label, source)
        )
        if found is None:
            continue
        lost, listed = found
        if lost >= max(LEAST_LOST, SHARE_LOST * (lost + listed)):
            yield Alert(
                f"the {label} source no longer lists {counted(lost, 'article')} of {lost + listed:,}"
                f" ({lost / (lost + listed):.0%}), but their pages are still there: a loss in the listing, not"
                " deletions. They stay archived; the newspaper may want to know",
                code="loss",
                about=label,
            )
        elif source["run"] == run:
            yield AlertKey("loss", label)


def _lost_ids(db: Database, site: str, source: dict[str, object]) -> tuple[int, int] | None:
    """Return how many posts WordPress once listed, alive but counted no longer, and how many it counts."""
    total = source["total"]
    if source["also"] or not isinstance(total, int) or not source["complete"]:
        return None
    alive = db.conn.execute(
        "select count(distinct native_id) from urls where site = ? and native_id like 'wordpress:%'"
        " and state not in ('gone', 'alias')"
        " and missing is null and attempts = 0 and (next_visit is null or next_visit > ?)",
        (site, stamp(datetime.now(UTC))),
    ).fetchone()[0]
    return max(0, int(alive) - total), total


def _unlisted(db: Database, site: str, label: str, source: dict[str, object]) -> tuple[int, int] | None:
    """Return how many living articles the last scan to the end did not list, and how many it did.

    Those older than nearly all that it listed do not count, for it may list only the newest, and some pinned ones. None
    if it listed less than half: such a source never listed all.
    """
    walked = source["walk_began"]
    if not isinstance(walked, str) or source["reason"]:
        return None
    days = [
        day
        for (day,) in db.conn.execute(
            "select day from urls where site = ? and source = ? and state = 'article' and last_listed >= ?"
            " order by day",
            (site, label, walked),
        )
    ]
    if not days:
        return None
    lost = db.conn.execute(
        "select count(*) from urls where site = ? and source = ? and state = 'article' and missing is null"
        " and attempts = 0 and last_listed < ? and last_listed >= ? and day > ?"
        " and (next_visit is null or next_visit > ?)",
        (site, label, walked, _before(walked), days[len(days) // PINNED], stamp(datetime.now(UTC))),
    ).fetchone()[0]
    return (int(lost), len(days)) if lost < len(days) else None


def _before(walked: str) -> str:
    return stamp(datetime.fromisoformat(walked) - LOST_SINCE)


def _today(timezone: str) -> date:
    return datetime.now(ZoneInfo(timezone)).date()


def _age(since: str) -> str:
    hours = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() / 3600
    return counted(round(hours / 24), "day") if hours >= 24 else counted(round(hours), "hour")
