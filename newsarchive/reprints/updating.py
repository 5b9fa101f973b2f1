"""Keeping sketches, pairs and groups of reprints in step with the articles.

Triggers list each new or changed article in `uncompared`, and drop the sketch and the pairs of its former text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlite_utils import Database

from newsarchive.reprints.matching import Words, find_pairs
from newsarchive.reprints.quotations import store_quotations
from newsarchive.reprints.sketches import words_of_search_text

BATCH = 200
"""Articles compared in one transaction; a few tenths of a second."""

_INDEX = "reprint_sketches_fts"
_MERGE = (("usermerge", 2), ("merge", 256))
"""Joins the parts of the index that are of one size, by writing at most so many pages of 4 KB.

Each batch adds a part, and each hash is looked for in every part.
"""


@dataclass(frozen=True, kw_only=True)
class Updated:
    """How many articles were compared, and how many are still pending."""

    done: int
    pending: int


def count_pending(db: Database) -> int:
    """Return the number of articles not compared yet."""
    return int(db.conn.execute("select count(*) from uncompared").fetchone()[0])


def pending_words(db: Database, *, limit: int) -> list[Words]:
    """Return the words of the newest articles not compared yet."""
    sql = (
        "select u.article, s.body from uncompared u join search_order o on o.article = u.article"
        " join stems s on s.id = u.article order by o.key desc limit ?"
    )
    return [Words(article, words_of_search_text(body)) for article, body in db.conn.execute(sql, (limit,)).fetchall()]


def update_reprints(
    db: Database, *, seconds: float | None = None, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Updated:
    """Compare the pending articles with all others, newest first, for at most `seconds`; then join pairs to groups.

    Every batch is one transaction, so a kill loses at most one; the next update resumes. `progress` gets the number
    of articles done and the total.
    """
    end = None if seconds is None else time.monotonic() + seconds
    total, done = count_pending(db), 0
    while done < total and (end is None or time.monotonic() < end):
        batch = pending_words(db, limit=BATCH)
        if not batch:
            break
        with db.atomic():
            _compare(db, batch)
        done += len(batch)
        progress(min(done, total), total)
    with db.atomic():
        _regroup(db)
    return Updated(done=done, pending=count_pending(db))


def _compare(db: Database, batch: list[Words]) -> None:
    sketches = [(text, text.sketch) for text in batch]
    db.conn.executemany(
        "insert or ignore into reprint_sketches (article, words, hashes) values (?, ?, ?)",
        sorted((text.article, len(text.words), " ".join(sketch)) for text, sketch in sketches),
    )
    db.conn.executemany(f"insert into {_INDEX} ({_INDEX}, rank) values (?, ?)", _MERGE)  # noqa: S608
    store_quotations(db, (text.article for text in batch))
    pairs = [pair for text, sketch in sketches if sketch for pair in find_pairs(db, text, sketch)]
    db.conn.executemany(
        "insert or ignore into reprint_pairs (first, second, share_first, share_second) values (?, ?, ?, ?)",
        [(p.first, p.second, p.share_first, p.share_second) for p in pairs],
    )


def _regroup(db: Database) -> None:
    """Write the group of each article that is in a pair: the lowest number among those it is joined to."""
    old = dict(db.conn.execute("select article, members from reprint_groups").fetchall())
    new = join_pairs(db.conn.execute("select first, second from reprint_pairs").fetchall())
    db.conn.executemany("delete from reprint_groups where article = ?", [(a,) for a in old if a not in new])
    db.conn.executemany(
        "insert into reprint_groups (article, members) values (?, ?)"
        " on conflict (article) do update set members = excluded.members",
        [(article, group) for article, group in new.items() if old.get(article) != group],
    )


def join_pairs(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest number that each number is joined to.

    >>> join_pairs([(4, 7), (2, 7), (5, 6)])
    {4: 2, 7: 2, 2: 2, 5: 5, 6: 5}
    """
    parent: dict[int, int] = {}

    def root(number: int) -> int:
        while parent.setdefault(number, number) != number:
            parent[number] = number = parent[parent[number]]
        return number

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    return {number: root(number) for pair in pairs for number in pair}
