"""The week before the archive's newest day: what was edited and deleted, and what was written about more than usual."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlite_utils import Database

from newsarchive.browse.archives import Row, last_run, list_changes, list_deletions, list_sites, rows, visible
from newsarchive.browse.visits import Visit, address
from newsarchive.corpus.keywords import Keyword, keywords
from newsarchive.search.selection import Filters

DAYS, BEFORE = 7, 56
"""Length of the week, and of the time before it with which it is compared."""
COUNTED = 400
"""Number of newest articles of either time whose words are counted."""
SHOWN, LISTED = 12, 5
_KEPT = 8

_known: OrderedDict[tuple[object, ...], tuple[Keyword, ...]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week of the archive: its first and last day, what happened in it, and its words."""

    first: str
    last: str
    edits: int
    deletions: int
    changes: list[Row]
    gone: list[Row]
    words: list[Row]
    comparison: str
    """Address of the page that compares the week with the time before."""


def read_week(visit: Visit, last: str) -> Week:
    """Return the week of articles that ends on a day, and the edits and deletions of the week before the last crawl."""
    end = date.fromisoformat(last)
    first = (end - timedelta(days=DAYS - 1)).isoformat()
    usual: Filters = {"since": (end - timedelta(days=DAYS + BEFORE - 1)).isoformat(),
                      "until": (end - timedelta(days=DAYS)).isoformat()}  # fmt: skip
    crawled = max([last, *(last_run(visit.reading, site["name"])[:10] for site in list_sites(visit.reading))])
    since = (date.fromisoformat(crawled) - timedelta(days=DAYS - 1)).isoformat()
    events = [_events(place.db, since) for place in visit.places()]
    edits, deletions = (sum(numbers) for numbers in zip(*events, strict=True))
    return Week(
        first=first,
        last=last,
        edits=edits,
        deletions=deletions,
        # Changes of words first: a new theme can change the images of a thousand articles overnight.
        changes=list_changes(visit.reading, kind="substantive", limit=LISTED)
        or list_changes(visit.reading, limit=LISTED),
        gone=list_deletions(visit.reading, limit=LISTED),
        words=[
            {"word": k.word, "count": k.count, "link": address("/search", q=k.word, since=first, until=last)}
            for k in _words(visit, {"since": first, "until": last}, usual)
        ],
        comparison=address(
            "/compare", a_since=first, a_until=last, **{f"b_{name}": day for name, day in usual.items()}
        ),
    )


def _events(db: Database, first: str) -> tuple[int, int]:
    """Return how many edits of words and how many deletions the archive saw since a day."""
    edits = rows(
        db,
        f"""select count(*) as n from revisions r join articles a on a.id = r.article
        where r.time >= ? and r.kind = 'substantive' and r.kind not in ('first', 'reextracted') and {visible()}""",  # noqa: S608
        [first],
    )
    gone = rows(db, f"select count(*) as n from articles a where a.gone >= ? and {visible()}", [first])  # noqa: S608
    return int(edits[0]["n"]), int(gone[0]["n"])


def _words(visit: Visit, week: Filters, usual: Filters) -> tuple[Keyword, ...]:
    """Return the words of the week; they are counted again when an archive or what is hidden in it has changed."""
    states = [(str(place.folder), *place.db.conn.execute(_STATE).fetchone()) for place in visit.places()]
    key = (week["until"], *states)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = keywords(visit.reading, "", against_filters=usual, limit=SHOWN, most=COUNTED, **week).keywords
    with _lock:
        _known[key] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


_STATE = """
select (select max(id) from revisions), (select count(*) from search_order),
    (select group_concat(article) from (select article from hidden order by article))
"""
