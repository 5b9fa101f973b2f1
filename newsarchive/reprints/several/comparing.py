"""Bringing the index of several archives up to date: new articles are compared with all others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from newsarchive.kazakh.scripts import script_of
from newsarchive.reprints.matching import LEAST_OF_SKETCH, MOST_COMMON, Words, pair_of, read_words
from newsarchive.reprints.several.index import Index
from newsarchive.reprints.updating import Updated, join_pairs

BATCH = 200


def update_index(
    index: Index, *, seconds: float | None = None, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Updated:
    """Read what changed in the archives and compare new articles, newest first, for at most `seconds`.

    Every batch is one transaction; after a kill the next update resumes.
    """
    end = None if seconds is None else time.monotonic() + seconds

    def is_late() -> bool:
        return end is not None and time.monotonic() > end

    index.drop_missing()
    for part in index.outdated():
        if is_late():
            break
        index.read(part)
    (total,) = index.connection.execute("select count(*) from waiting").fetchone()
    done = 0
    while not is_late() and (compared := _compare_batch(index)):
        done += compared
        progress(min(done, total), total)
    if index.is_regrouping_needed:
        with index.writing():
            _regroup(index)
    return Updated(done=done, pending=index.count_pending())


def _compare_batch(index: Index) -> int:
    """Compare some of the waiting articles; return their number."""
    texts = _Texts(index)
    with index.writing():
        rows = index.connection.execute("select doc from waiting order by doc desc limit ?", (BATCH,)).fetchall()
        for (doc,) in rows:
            for other in _candidates(index, doc):
                pair = pair_of(texts.words(doc), texts.words(other), partial(texts.differ, doc, other))
                if pair is not None:
                    values = (pair.first, pair.second, pair.share_first, pair.share_second)
                    index.connection.execute("insert or ignore into pairs values (?, ?, ?, ?)", values)
            index.connection.execute("delete from waiting where doc = ?", (doc,))
        index.mark_regrouping(needed=index.is_regrouping_needed or bool(rows))
    return len(rows)


class _Texts:
    """The texts of articles by their numbers in the index."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._dbs = {part.name: part.db for part in index.archives.parts}
        self._known: dict[int, Words] = {}

    def _place(self, doc: int) -> tuple[str, int]:
        sql = "select shard, article from docs where id = ?"
        shard, article = self._index.connection.execute(sql, (doc,)).fetchone()
        return shard, article

    def words(self, doc: int) -> Words:
        if doc not in self._known:
            shard, article = self._place(doc)
            db = self._dbs.get(shard)  # another reader may know a newer one
            self._known[doc] = Words(doc, read_words(db, article).words if db else [])
        return self._known[doc]

    def differ(self, *docs: int) -> bool:
        """Return True if articles are in different scripts."""
        scripts = set()
        for shard, article in map(self._place, docs):
            sql = "select substr(body, 1, 2000) from articles where id = ?"
            db = self._dbs.get(shard)
            scripts |= {script_of(body) for (body,) in db.conn.execute(sql, (article,))} if db else set()
        return len(scripts) > 1


def _candidates(index: Index, doc: int) -> Sequence[int]:
    """Return the articles whose sketches share enough hashes with that of `doc`."""
    (hashes,) = index.connection.execute("select hashes from docs where id = ?", (doc,)).fetchone()
    own = hashes.split()
    counts: Counter[int] = Counter()
    for value in own:
        sql = "select doc from hashes where hash = ? limit ?"
        found = index.connection.execute(sql, (int(value, 16), MOST_COMMON + 1)).fetchall()
        if len(found) <= MOST_COMMON:
            counts.update(number for (number,) in found)
    del counts[doc]
    size = "select length(hashes) - length(replace(hashes, ' ', '')) + 1 from docs where id = ?"
    return [
        other
        for other, count in counts.items()
        if count >= LEAST_OF_SKETCH * min(len(own), index.connection.execute(size, (other,)).fetchone()[0])
    ]


def _regroup(index: Index) -> None:
    joined = join_pairs(index.connection.execute("select first, second from pairs").fetchall())
    index.connection.execute("delete from groups")
    index.connection.executemany("insert into groups values (?, ?)", joined.items())
    index.mark_regrouping(needed=False)
