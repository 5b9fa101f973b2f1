"""The command that shows the state of the archive: status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from sqlite_utils import Database

from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.crawling.full_scans import next_full_scan
from newsarchive.crawling.publishing import usual_week
from newsarchive.crawling.volume import WEEKDAYS
from newsarchive.database.alerts import open_alerts
from newsarchive.database.held_up import waiting_alone
from newsarchive.times import now


@click.command()
@click.argument("site", required=False)
@click.option("--missing", is_flag=True, help="List each URL that is listed but not archived, with the reason.")
@json_option
@click.pass_obj
def status(archive: Archive, site: str | None, missing: bool, as_json: bool) -> None:
    """Show the last run, counts, failures and coverage by month of each site."""
    db = archive.read()
    archive.name_broken_configuration()
    archive.name_broken_profiles()
    if missing:
        rows = missing_urls(db, site)
        print_json(rows) if as_json else print_table(rows, MISSING_COLUMNS, empty="Nothing listed is missing.")
        return
    show_status(status_of(db, site), as_json=as_json)


def status_of(db: Database, site: str | None) -> dict[str, list[dict[str, Any]]]:
    """Return what there is to say of sites, alerts and sources."""
    return {
        "sites": site_status(db, site),
        "alerts": open_alerts(db, site),
        "sources": source_status(db, site),
        "usual": usual_volume(db, site),
        "waiting": waiting_alone(db, site),
        "months": coverage_by_month(db, site),
    }


def show_status(found: Mapping[str, list[dict[str, Any]]], *, as_json: bool) -> None:
    """Print it, as JSON or as tables."""
    if as_json:
        sites = [{**row, "pictures": row["images"]} for row in found["sites"]]  # its name in 0.1.0
        print_json({**found, "sites": sites})
    else:
        print_status(found)


def print_status(found: Mapping[str, list[dict[str, Any]]]) -> None:
    """Print what there is to say of sites, alerts and sources, a table each."""
    print_table(found["sites"], STATUS_COLUMNS, empty="No site has been crawled yet.")
    for alert in found["alerts"]:
        click.echo(f"{alert['site'] or 'archive'}, since {alert['began']}: {alert['sentence']}")
    for rows, columns in (
        (found["sources"], SOURCE_COLUMNS),
        ([row for row in found["sources"] if row["listed"] is not None], SOURCE_COUNT_COLUMNS),
        (found["usual"], USUAL_COLUMNS),
        (found["waiting"], WAITING_COLUMNS),
        (found["months"], MONTH_COLUMNS),
    ):
        if rows:
            click.echo()
            print_table(rows, columns, empty="")


MISSING_COLUMNS = {
    "site": "Site",
    "day": "Day",
    "state": "State",
    "reason": "Reason",
    "again": "Tried again",
    "url": "URL",
}
STATUS_COLUMNS = {
    "site": "Site",
    "articles": "Articles",
    "gone": "Gone",
    "newest": "Newest",
    "images": "Images",
    "last_run": "Last run",
    "ended": "Ended",
    "come_back": "Asked to come back",
    "source": "Changes found by",
    "site_says": "Site says",
    "due": "Due",
    "failed": "Failed",
}
SOURCE_COLUMNS = {
    "site": "Site",
    "source": "Source",
    "state": "State",
    "read": "Last read",
    "how": "How",
    "walked": "Last full scan",
    "next_walk": "Next full scan",
    "reason": "Because",
}
SOURCE_COUNT_COLUMNS = {
    "site": "Site",
    "source": "Source",
    "listed": "Lists",
    "archived": "Archived of these",
    "only": "Listed here first",
    "named_by": "Named by",
}
USUAL_COLUMNS = {
    "site": "Site",
    **{day: day for day in WEEKDAYS},
    "week": "Articles in the last seven days",
    "expected": "The profile expects",
}
HOW = {
    "full": "all of it (--full)",
    "walk": "full scan",
    "incremental": "incremental",
    "newest": "newest only",
    "": "not at all",
}
WAITING_COLUMNS = {
    "site": "Site",
    "url": "Page that waits alone",
    "until": "Asked to come back",
    "runs": "Times in a row",
}
MONTH_COLUMNS = {
    "site": "Site",
    "month": "Month",
    "listed": "Listed",
    "archived": "Archived",
    "not_article": "Not an article",
    "failed": "Failed",
    "due": "Due",
}


def site_status(db: Database, site: str | None) -> list[dict[str, Any]]:
    """Return one row per site."""
    return list(
        db.query(
            """
            select s.name as site,
                (select count(*) from articles where site = s.name) as articles,
                (select count(*) from articles where site = s.name and gone is not null) as gone,
                (select max(published) from articles where site = s.name) as newest,
                (select count(distinct i.id) from images i join article_images l on l.image = i.id
                    join articles a on a.id = l.article
                    where i.sha256 is not null and a.site = s.name) as images,
                r.started as last_run, case when r.finished is null and r.reason = '' then 'running' else r.reason end
                    as ended,
                case when s.retry_after > :now then s.retry_after end as come_back,
                (select group_concat(kind, ', ') from sources where site = s.name and state = 'working'
                    and run = (select max(x.run) from sources x where x.site = s.name and x.state = 'working'))
                    as source,
                (select max(total) from sources where site = s.name) as site_says,
                (select count(*) from urls where site = s.name and state = 'listed') as due,
                (select count(*) from urls where site = s.name and state = 'failed') as failed
            from sites s left join runs r on r.id = (
                select max(id) from runs where site = s.name and command = 'crawl')
            where :site is null or s.name = :site order by s.name
            """,
            {"site": site, "now": now()},
        )
    )


def source_status(db: Database, site: str | None) -> list[dict[str, Any]]:
    """Return one row per source of a site: how it was last read, and when its next full scan is due (UTC)."""
    rows = db.query(
        """
        select s.*, s.run = (select max(id) from runs where site = s.site and command = 'crawl') as latest
        from sources s where s.state <> '' and (:site is null or s.site = :site)
        order by s.site, s.run desc, s.kind, s.url
        """,
        {"site": site},
    )
    return [
        {
            "site": row["site"],
            "source": row["kind"] if row["url"] == row["kind"] else f"{row['kind']} {row['url']}",
            "state": "read in part" if row["reason"] and row["state"] == "working" else row["state"],
            "read": f"{row['checked']}{' (last run)' if row['latest'] else ''}",
            "how": HOW[row["task"]] if row["state"] == "working" else HOW[""],
            "listed": row["listed"],
            "archived": row["archived"],
            "only": row["only"],
            "named_by": row["origin"] or "the profile",
            "walked": row["walked"] or row["complete"],
            "next_walk": {None: "not needed", "": "next run"}.get(due := next_full_scan(row), due),
            "reason": row["reason"],
        }
        for row in rows
    ]


def usual_volume(db: Database, site: str | None) -> list[dict[str, Any]]:
    """Return how many articles each site usually publishes by weekday, and last week; nothing if it is too early."""
    found = []
    for row in db.query(
        "select name, timezone, profile from sites where :site is null or name = :site", {"site": site}
    ):
        usual, week = usual_week(db, row["name"], row["timezone"])
        if usual is not None:
            days = {name: f"{day.usual:g} ({day.low} to {day.high})" for name, day in zip(WEEKDAYS, usual, strict=True)}
            expected = json.loads(row["profile"]).get("expect", {}).get("articles_per_week") or None
            found.append({"site": row["name"], **days, "week": week, "expected": expected})
    return found


def coverage_by_month(db: Database, site: str | None) -> list[dict[str, Any]]:
    """Return the numbers listed, archived, not an article, failed and due, per site and month."""
    return list(
        db.query(
            """
            select site, substr(day, 1, 7) as month, sum(listed) as listed, sum(archived) as archived,
                sum(not_article) as not_article, sum(failed) as failed, sum(due) as due
            from coverage where :site is null or site = :site
            group by site, month order by site, month
            """,
            {"site": site},
        )
    )


def missing_urls(db: Database, site: str | None) -> list[dict[str, Any]]:
    """Return every listed URL that is not archived, with its state and reason, and when it is tried again."""
    return list(
        db.query(
            """
            select site, day, state, reason, case when state in ('failed', 'listed') then next_visit end as again, url
            from urls
            where article is null and state <> 'alias' and (:site is null or site = :site)
            order by site, day, url
            """,
            {"site": site},
        )
    )
