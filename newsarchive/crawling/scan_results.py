"""What a scan leaves: values for the table `sources`, and the articles that the source no longer lists.

Pure functions of a scan and of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from newsarchive.crawling.conditional import digest_of, is_constant
from newsarchive.crawling.decisions import Row
from newsarchive.crawling.full_scans import Scan, kind_of_scan
from newsarchive.discovery import is_robots
from newsarchive.items import Listing, Page
from newsarchive.times import now, stamp

MOST_LOOKS = 500  # visits per run to articles that no source mentions any more

Values = dict[str, Any]
"""Columns to write into a row of `sources`."""


def file_values(scan: Scan, url: str, *, time: str) -> Values:
    """Return what to remember of a file that was read: that it was, and when it had changed, if an index says so."""
    read = {"checked": time} if scan.source.kind == "sitemap" and url not in scan.starts else {}
    return read | ({"cursor": scan.times[url]} if url in scan.times else {})


def news_values(row: Row, *, time: str) -> Values:
    """Return what to remember of a file that named a new article."""
    return {"data": _data(row, news=time)}


def listing_values(page: Page, listing: Listing, row: Row, *, time: str) -> Values:
    """Return what to remember of a listing, so that the next run can request it conditionally; `row` is its row."""
    etag = page.headers.get("etag", "").removeprefix("W/")
    modified = page.headers.get("last-modified", "")
    if _is_older(modified, listing):
        modified = ""
    if not (etag or modified or row.get("etag") or row.get("last_modified")):
        return {}
    listed = digest_of(listing.articles)
    constant = is_constant(etag, modified, row, listed)
    if constant:
        etag = modified = ""
    data = _data(row, index=bool(listing.lastmods), whole=time, listed=listed, constant=constant)
    return {"etag": etag, "last_modified": modified, "checked": time, "data": data}


def _is_older(modified: str, listing: Listing) -> bool:
    """True if a file's Last-Modified is a day older than what it lists: such a time never changes with the file."""
    newest = max((listed.lastmod or listed.hints.published for listed in listing.articles), default="")
    try:
        time = parsedate_to_datetime(modified)
        return bool(newest) and stamp(time.replace(tzinfo=time.tzinfo or UTC) + timedelta(days=1)) < newest <= now()
    except (ValueError, OverflowError):
        return False


def source_values(scan: Scan, row: Row, *, full: bool, time: str) -> Values:
    """Return what to remember of the source at the end of a scan; `row` is its row as it is now."""
    if not scan.worked:
        failures, since = failures_of_source(row)
        data = _data(row, failures=failures + 1, failing_since=since or time)
        return {"state": "failed", "reason": scan.why_not, "data": data}
    values: Values = {"state": "working", "reason": scan.failure if scan.broken else ""}
    if scan.newest and not scan.broken:  # what was not read may be older
        values["cursor"] = max(scan.newest, scan.state.get("cursor") or "")
    if scan.total is not None:
        values["total"] = scan.total
    lastmod = json.loads(scan.state.get("data") or "{}").get("lastmod")
    if scan.is_full:
        states_changes = scan.source.kind != "feed" and scan.believed and scan.newest  # a feed covers only the newest
        lastmod = "believed" if states_changes else "none"
        values |= {"data": _data(row, lastmod=lastmod), "walked": time}
        values["walks_cut"] = (scan.state.get("walks_cut") or 0) + 1 if scan.broken else 0
        if not scan.broken:
            values |= {"complete": time, "walk_began": scan.began}
    base = {"data": values.get("data") or row.get("data")}
    if failures_of_source(row)[0]:
        base["data"] = _data(base, failures=0, failing_since="")
    values["data"] = _data(base, **_kept(scan))
    values |= {"also": int(scan.also), "only": (scan.state.get("only") or 0) + scan.only}
    return values | {"task": kind_of_scan(scan, full=full, believed=lastmod == "believed")}


def failures_of_source(row: Row) -> tuple[int, str]:
    """Return in how many runs in a row a source, given as its row, could not be read, and since when (UTC)."""
    data = json.loads(row.get("data") or "{}")
    return data.get("failures", 0), data.get("failing_since", "")


def _kept(scan: Scan) -> Values:
    """Return what the next scan must know of how this one went; `cost` is the number of its requests."""
    unfinished = (scan.broken and scan.following) or (scan.ends.lost and _is_a_day_old(scan))
    kept = {"per_page": scan.per_page, "unfinished": unfinished, "gap": scan.has_gap}
    if scan.source.kind == "listing" and not scan.broken:
        kept["ends"] = scan.ends.values(full=scan.is_full and not scan.beside)
        kept |= {"scattered": scan.began} if scan.scattered else {}
    return kept if scan.is_full else kept | {"cost": len([url for url in scan.asked if not is_robots(url)])}


def _is_a_day_old(scan: Scan) -> bool:
    """True if the last full scan was not today: a listing whose last page moves is not read in full in each run."""
    return (scan.state.get("walked") or "") < stamp(datetime.fromisoformat(scan.began) - timedelta(days=1))


def unfinished_values(scan: Scan, row: Row) -> Values:
    """Return what to remember while more than the first page is read: a run that is killed leaves it to the next."""
    return {"data": _data(row, unfinished=scan.following, gap=scan.has_gap)}


def _data(row: Row, **new: Any) -> str:
    """Return the column `data` with new values; an index may itself be the URL at which a source starts."""
    return json.dumps({**json.loads(row.get("data") or "{}"), **new})


@dataclass(frozen=True, kw_only=True)
class ComparedIds:
    """URLs of articles by what a complete list of WordPress IDs says of them."""

    gone: list[str] = field(default_factory=list)
    """Listed before, and no longer."""
    forgotten: list[str] = field(default_factory=list)
    """Taken down, and no longer listed."""
    back: list[str] = field(default_factory=list)
    """Gone before, and listed again."""


def compare_ids(scan: Scan, known: Iterable[tuple[str, str, str]]) -> ComparedIds:
    """Compare the `known` articles (ID, URL, state) with a complete list of IDs."""
    found = ComparedIds()
    for number, url, state in known:
        listed = number in scan.keys
        if state == "forgotten" and not listed:
            found.forgotten.append(url)
        elif state == "gone" and listed:
            found.back.append(url)
        elif state not in ("gone", "forgotten") and not listed:
            found.gone.append(url)
    return found


def missing_since(scan: Scan) -> str | None:
    """Return since when (UTC; empty: ever) an article must have been listed for its absence to count; None if never.

    A feed has an end, and a listing may have one: there only what the previous full scan listed counts.
    """
    if not scan.worked or not scan.is_full or scan.broken:
        return None
    return (scan.state.get("walk_began") or "9") if scan.source.kind in ("feed", "listing") else ""


def missing(scan: Scan, listed_before: Iterable[tuple[str, str]]) -> list[str]:
    """Return the URLs of those articles (key, URL) that the source no longer lists.

    For a feed or a listing only the first few, because a new layout may hide all of them.
    """
    urls = [url for key, url in listed_before if key not in scan.keys]
    return urls[:MOST_LOOKS] if scan.source.kind in ("feed", "listing") else urls
