"""Atom feeds of new articles, of any search, of the newspapers' edits and of deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from newsarchive.browse.api.reading import (
    LATEST,
    read_changes,
    read_deletions,
    read_summaries,
    select_places,
)
from newsarchive.browse.archives import Row, list_sites, rows
from newsarchive.browse.atom import MEDIA_TYPE, Entry, Feed, draw_feed, tag_uri
from newsarchive.browse.conditional import entity_tag
from newsarchive.browse.prose import is_web_address
from newsarchive.browse.searching import FILTERS, read_filters
from newsarchive.browse.visits import Download, MissingError, Place, View, Visit, address
from newsarchive.search import select_articles
from newsarchive.search.several import Archives
from newsarchive.times import stamp

SHOWN, MOST = 50, 500
"""Number of entries of a feed: by default, and at most."""
SUMMARY = 300
"""Characters of an article's text in its entry, where it has no lead."""
SETTLED = 2.0
"""Seconds after a write from which the time of the file, in whole seconds, names one state of the archive."""


def articles_feed(visit: Visit) -> Download:
    """Return the feed of the articles archived last, or of those that a search finds. Raises FilterError."""
    query, filters = visit.get("q"), read_filters(visit)

    def read(place: Place) -> Iterator[tuple[str, Entry]]:
        selection = select_articles(place.db, query, **filters)
        numbers = [article for *_, article in select_places(place.db, selection, LATEST, None, _limit(visit))]
        for row in _read_entries(place.db, numbers):
            yield row["first_seen"], _article_entry(visit.origin + place.path, row)

    entries = _latest(visit, read)
    title = visit.speech.text("search_for", query=query) if query else visit.speech.text("feed_articles")
    return _feed(visit, "articles", title, address("/search", **{"q": query, **filters}), entries, ("q", *FILTERS))


def changes_feed(visit: Visit) -> Download:
    """Return the feed of the newspapers' edits: `field` and `kind` limit them."""
    kind, field = visit.get("kind"), visit.get("field")
    return _changes(visit, "changes", visit.speech.text("changes"), kind, field)


def headlines_feed(visit: Visit) -> Download:
    """Return the feed of edited headlines."""
    return _changes(visit, "headlines", visit.speech.text("feed_headlines"), "", "title")


def _changes(visit: Visit, name: str, title: str, kind: str, field: str) -> Download:
    conditions = [
        ("a.site = ?", visit.get("site")),
        ("r.kind = ?", kind),
        ("exists (select 1 from json_each(r.changed) where value = ?)", field),
    ]
    chosen = [(condition, value) for condition, value in conditions if value]

    def read(place: Place) -> Iterator[tuple[str, Entry]]:
        for row in read_changes(place.db, after=None, limit=_limit(visit), conditions=chosen):
            yield row["time"], _change_entry(visit, visit.origin + place.path, row)

    page = address("/changes", site=visit.get("site"), kind=kind, field=field)
    return _feed(visit, name, title, page, _latest(visit, read), ("site", "kind", "field"))


def deletions_feed(visit: Visit) -> Download:
    """Return the feed of articles that are gone from their sites."""
    site = visit.get("site")
    conditions = [("a.site = ?", site)] if site else []

    def read(place: Place) -> Iterator[tuple[str, Entry]]:
        for row in read_deletions(place.db, after=None, limit=_limit(visit), conditions=conditions):
            yield row["gone"], _deletion_entry(visit, visit.origin + place.path, row)

    title, page = visit.speech.text("deletions"), address("/deletions", site=site)
    return _feed(visit, "deletions", title, page, _latest(visit, read), ("site",))


def _latest(visit: Visit, read: Callable[[Place], Iterable[tuple[str, Entry]]]) -> list[Entry]:
    """Return the latest entries of all archives that are read; `read` yields those of one with their times."""
    found = [entry for place in visit.places() for entry in read(place)]
    if isinstance(visit.reading, Archives):
        found.sort(key=lambda entry: entry[0], reverse=True)  # stable: within an archive, its own order holds
    return [entry for _, entry in found[: _limit(visit)]]


def _limit(visit: Visit) -> int:
    return visit.get_number("limit", SHOWN, most=MOST)


def _read_entries(db: Database, numbers: Sequence[int]) -> list[Row]:
    """Return articles with the time of the newspaper's last edit."""
    edited = (
        "(select max(r.time) from revisions r where r.article = a.id and r.kind <> 'reextracted') as edited",
        f"substr(a.body, 1, {SUMMARY + 1}) as beginning",
        "(select s.timezone from sites s where s.name = a.site) as timezone",
    )
    return read_summaries(db, numbers, edited)


def _article_entry(room: str, row: Row) -> Entry:
    beginning = row["beginning"]
    if len(beginning) > SUMMARY:
        beginning = beginning[:SUMMARY].rpartition(" ")[0] + " …"
    return Entry(
        id=tag_uri("article", row["url"]),
        title=row["title"] or row["url"],
        updated=max(row["edited"] or "", row["first_seen"]),
        published=_moment(row["published"], row["timezone"]),
        link=f"{room}/article/{row['id']}",
        via=_via(row),
        authors=row["authors"] or [row["site"]],
        categories=[*row["categories"], *row["tags"]],
        summary=row["lead"] or beginning,
        language=row["language"] or "",
    )


def _moment(published: str | None, timezone: str) -> str:
    """Return a time of publication as RFC 3339; a bare date is the start of that day on the site.

    >>> _moment("2025-01-10", "Asia/Almaty"), _moment("2025-03-10T05:00:00Z", "Asia/Almaty"), _moment(None, "UTC")
    ('2025-01-09T19:00:00Z', '2025-03-10T05:00:00Z', '')
    """
    if not published or len(published) > 10:
        return published or ""
    try:
        return stamp(datetime.fromisoformat(published).replace(tzinfo=ZoneInfo(timezone)))
    except ValueError:
        return ""


def _via(row: Row) -> str:
    return row["url"] if is_web_address(row["url"]) else ""


def _change_entry(visit: Visit, room: str, row: Row) -> Entry:
    text, fields = visit.speech.text, row["fields"]
    content = f"<p>{escape(', '.join(text(f'field_{name}') for name in fields))}</p>"
    if row["old_title"] != row["title"]:
        content += f"<p><del>{escape(row['old_title'])}</del></p><p><ins>{escape(row['title'])}</ins></p>"
    return Entry(
        id=tag_uri("change", row["url"], str(row["revision"])),
        title=row["title"] or row["url"],
        updated=row["time"],
        link=f"{room}/article/{row['article']}/history?from={row['previous']}&to={row['revision']}",
        via=_via(row),
        authors=[row["site"]],
        categories=fields,
        content=content,
        language=row["language"] or "",
    )


def _deletion_entry(visit: Visit, room: str, row: Row) -> Entry:
    reason = f" ({row['reason']})" if row["reason"] else ""
    return Entry(
        id=tag_uri("deletion", row["url"], row["gone"]),
        title=row["title"] or row["url"],
        updated=row["gone"],
        link=f"{room}/article/{row['article']}",
        via=_via(row),
        authors=[row["site"]],
        summary=f"{visit.speech.text('gone_since')} {row['gone']}{reason}",
        language=row["language"] or "",
    )


def _feed(visit: Visit, name: str, title: str, page: str, entries: Sequence[Entry], fields: Sequence[str]) -> Download:
    """Return a feed; `fields` are the form fields that tell one feed of a kind from another. Raises MissingError."""
    if visit.get("site") and visit.get("site") not in {row["name"] for row in list_sites(visit.reading)}:
        raise MissingError(visit.get("site"))
    chosen = sorted((field, visit.get(field)) for field in fields if visit.get(field))
    body = draw_feed(
        Feed(
            id=tag_uri("feed", name, urlencode(chosen)),
            title=f"{title} · newsarchive",
            self=visit.origin + visit.link(lang=visit.get("lang") or None),
            link=visit.origin + page,
            language=visit.speech.language,
            entries=entries,
        )
    )
    headers = {"etag": entity_tag(body), "cache-control": "no-cache", "vary": "Accept-Language", **_modified(visit)}
    return Download(body=body, type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def _modified(visit: Visit) -> Mapping[str, str]:
    """Return the header Last-Modified: when the archive was last written to, or an embargo last ended.

    The times of entries do not suffice: an import adds old ones, and an embargo takes some away. None while another
    write may still follow in the same second, nor over a collection, where several machines write.
    """
    if isinstance(visit.reading, Archives):
        return {}
    files = [visit.folder / name for name in ("archive.db", "archive.db-wal")]
    written = max((path.stat().st_mtime for path in files if path.exists()), default=0.0)
    (row,) = rows(visit.db, "select max(until) as ended from embargoes where until <= strftime('%Y-%m-%dT%H:%M:%SZ')")
    ended = datetime.fromisoformat(row["ended"]).timestamp() if row["ended"] else 0.0
    last = max(written, ended)
    if datetime.now(UTC).timestamp() - last < SETTLED:
        return {}
    return {"last-modified": format_datetime(datetime.fromtimestamp(int(last), UTC), usegmt=True)}


ROUTES: dict[str, View] = {
    r"/feeds/articles\.atom": articles_feed,
    r"/feeds/changes\.atom": changes_feed,
    r"/feeds/headlines\.atom": headlines_feed,
    r"/feeds/deletions\.atom": deletions_feed,
}
NAMES = (("articles", "feed_articles"), ("headlines", "feed_headlines"), ("deletions", "deletions"))
"""The feeds that every page names, with the keys of their titles."""
