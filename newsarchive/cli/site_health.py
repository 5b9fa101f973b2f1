"""How each site is doing, in a line that fits 80 columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from newsarchive.cli.terminal import Archive
from newsarchive.database import has_archive
from newsarchive.sites import Site, profile_paths
from newsarchive.text.counting import counted
from newsarchive.times import now

COLUMNS = {
    "name": "Site",
    "health": "Health",
    "last_news": "Last news",
    "ran": "Last run",
    "failed": "Failed",
    "again": "Next retry",
}


def site_rows(archive: Archive) -> list[dict[str, Any]]:
    """Return a row for each site: its profile, and how it is doing; times are UTC."""
    own = profile_paths(archive.folder / "sites").keys()
    return rows_of(archive, own, facts_of(archive.read()) if has_archive(archive.folder) else {})


def rows_of(archive: Archive, own: Collection[str], facts: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each profile; `own` are those that are not packaged, `facts` what is known of sites."""
    sites = archive.sites
    rows = [_row(site, facts.get(site.name, {}), own=site.name in own) for site in sites.values()]
    return rows + [_broken(name, facts.get(name, {})) for name in archive.broken]


def table_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the table shows it: times as seen from now."""
    return {**row, "ran": ago(row["last_run"]), "again": until(row["next_retry"]), "failed": row["failed"] or ""}


def facts_of(db: Database) -> dict[str, dict[str, Any]]:
    """Return what an archive knows of its sites."""
    rows = db.query(
        """
        select s.name, (select max(day) from articles where site = s.name) as last_news,
            r.started as last_run, case when r.finished is null and r.reason = '' then 'running' else r.reason end
                as ended,
            (select count(*) from urls where site = s.name and attempts > 0) as failed,
            coalesce(case when s.retry_after > :now then s.retry_after end,
                (select min(next_visit) from urls where site = s.name and attempts > 0)) as next_retry,
            s.retry_after > :now as waits,
            (select count(*) from alerts where site = s.name and ended is null) as alerts
        from sites s left join runs r on r.id = (
            select max(id) from runs where site = s.name and command = 'crawl')
        """,
        {"now": now()},
    )
    return {row["name"]: row for row in rows}


def _row(site: Site, facts: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    return {
        "name": site.name,
        "health": _health(facts, own=own),
        **_state(facts),
        "title": site.title,
        "url": site.url,
        "language": site.language,
        "sources": ", ".join(source.kind for source in site.sources),
        "profile": "this archive" if own else "packaged",
    }


def _broken(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    nothing = dict.fromkeys(("title", "url", "language", "sources"), "")
    return {"name": name, "health": "broken profile", **_state(facts), **nothing, "profile": "this archive"}


def _state(facts: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("last_news", "last_run", "ended", "failed", "next_retry", "alerts")
    return {key: facts.get(key) or (0 if key in ("failed", "alerts") else None) for key in keys}


def _health(facts: Mapping[str, Any], *, own: bool) -> str:
    """Return the one thing to know of a site."""
    if not facts.get("last_run"):
        return "not crawled" if own else "template"
    if facts["ended"] == "running":
        return "running"
    if facts["waits"]:
        return "waits"
    if facts["alerts"]:
        return counted(facts["alerts"], "alert")
    return "ok" if facts["ended"] == "finished" else str(facts["ended"])


def ago(time: str | None) -> str:
    """Return how long ago a time was, in one unit.

    >>> ago(None)
    ''
    """
    return f"{_span(datetime.now(UTC) - datetime.fromisoformat(time))} ago" if time else ""


def until(time: str | None) -> str:
    """Return how long it is until a time; `next run` if that has come."""
    if not time:
        return ""
    left = datetime.fromisoformat(time) - datetime.now(UTC)
    return f"in {_span(left)}" if left > timedelta() else "next run"


def _span(span: timedelta) -> str:
    """Return a span in one unit.

    >>> _span(timedelta(seconds=50)), _span(timedelta(minutes=90)), _span(timedelta(hours=50))
    ('1 min', '2 h', '2 days')
    """
    minutes = span.total_seconds() / 60
    if minutes < 60:
        return f"{max(1, round(minutes))} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else f"{round(minutes / 1440)} days"
