"""An index of the sketches of several archives, in a folder of the machine that reads them.

It has no text: hashes of an eighth of the runs of words, and which articles share how much. What an archive no longer
has is deleted when the archive is next read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from sqlite_utils import Database

from newsarchive.reprints.sketches import sketch_of, words_of_search_text
from newsarchive.search.several import Archives, Part

FILE = "reprints-1.db"
_WAIT = 60.0
"""Seconds to wait for another reader that brings the index up to date."""
_TABLES = """
create table if not exists shards (name text primary key, state text not null) without rowid;
create table if not exists docs (
    id integer primary key, shard text not null, article integer not null, revision integer, hashes text not null,
    unique (shard, article));
create table if not exists hashes (hash integer, doc integer, primary key (hash, doc)) without rowid;
create table if not exists waiting (doc integer primary key);
create table if not exists pairs (
    first integer, second integer, share_first real, share_second real, primary key (first, second)) without rowid;
create index if not exists pairs_second on pairs (second);
create table if not exists groups (doc integer primary key, members integer not null);
create index if not exists groups_members on groups (members);
"""
_ARTICLES = """
select k.article, a.current_revision from reprint_sketches k join articles a on a.id = k.article
union select u.article, a.current_revision from uncompared u join articles a on a.id = u.article
"""


@dataclass(frozen=True)
class Index:
    """An index, open; and the archives that it is about."""

    connection: sqlite3.Connection
    archives: Archives

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make one transaction, which no other reader disturbs."""
        self.connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def outdated(self) -> list[Part]:
        """Return the archives that changed since the index was brought up to date."""
        known = dict(self.connection.execute("select name, state from shards"))
        return [part for part in self.archives.parts if not part.state or known.get(part.name) != part.state]

    def drop_missing(self) -> None:
        """Delete what is known of archives that are not there any more."""
        names = {part.name for part in self.archives.parts}
        gone = [name for (name,) in self.connection.execute("select distinct shard from docs") if name not in names]
        for name in gone:
            with self.writing():
                self._drop([d for (d,) in self.connection.execute("select id from docs where shard = ?", (name,))])
                self.connection.execute("delete from shards where name = ?", (name,))

    def read(self, part: Part) -> None:
        """Bring the sketches of an archive up to date; those of new and changed articles wait for being compared."""
        now = dict(part.db.conn.execute(_ARTICLES).fetchall())
        with self.writing():
            rows = self.connection.execute("select article, revision, id from docs where shard = ?", (part.name,))
            docs = {article: (revision, doc) for article, revision, doc in rows}
            self._drop([doc for article, (revision, doc) in docs.items() if now.get(article, -1) != revision])
            for article, revision in now.items():
                if article not in docs or docs[article][0] != revision:
                    self._add(part, article, revision)
            self.connection.execute("insert or replace into shards values (?, ?)", (part.name, part.state))

    def _drop(self, docs: list[int]) -> None:
        for doc in docs:
            (hashes,) = self.connection.execute("select hashes from docs where id = ?", (doc,)).fetchone()
            self.connection.executemany(
                "delete from hashes where hash = ? and doc = ?", [(int(value, 16), doc) for value in hashes.split()]
            )
            self.connection.execute("delete from pairs where first = ?1 or second = ?1", (doc,))
            for table in ("waiting", "groups"):
                self.connection.execute(f"delete from {table} where doc = ?", (doc,))  # noqa: S608
            self.connection.execute("delete from docs where id = ?", (doc,))
        self.mark_regrouping(needed=self.is_regrouping_needed or bool(docs))

    def _add(self, part: Part, article: int, revision: int) -> None:
        hashes = _sketch(part.db, article)
        doc = self.connection.execute(
            "insert into docs (shard, article, revision, hashes) values (?, ?, ?, ?)",
            (part.name, article, revision, " ".join(hashes)),
        ).lastrowid
        if hashes:
            self.connection.executemany("insert into hashes values (?, ?)", [(int(value, 16), doc) for value in hashes])
            self.connection.execute("insert into waiting values (?)", (doc,))

    @property
    def is_regrouping_needed(self) -> bool:
        """True if pairs changed since the groups were made."""
        return bool(self.connection.execute("pragma user_version").fetchone()[0])

    def mark_regrouping(self, *, needed: bool) -> None:
        """Keep, in the present transaction, whether groups are to be made again."""
        self.connection.execute(f"pragma user_version = {int(needed)}")

    def count_pending(self) -> int:
        """Return the number of articles that were not compared with all others yet."""
        count = "select count(*) from reprint_sketches"
        unread = sum(int(part.db.conn.execute(count).fetchone()[0]) for part in self.outdated() if part.state)
        return unread + int(self.connection.execute("select count(*) from waiting").fetchone()[0])


def _sketch(db: Database, article: int) -> list[str]:
    row = db.conn.execute("select hashes from reprint_sketches where article = ?", (article,)).fetchone()
    if row:
        return str(row[0]).split()
    row = db.conn.execute("select body from stems where id = ?", (article,)).fetchone()
    return sketch_of(words_of_search_text(row[0])) if row else []


@contextmanager
def open_index(archives: Archives) -> Iterator[Index]:
    """Open the index of some archives; in memory if they have no folder of this machine."""
    path = archives.scratch / FILE if archives.scratch else ":memory:"
    with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as connection:
        connection.execute("pragma secure_delete = on")
        if not connection.execute("select 1 from sqlite_master limit 1").fetchone():
            connection.executescript(f"begin immediate; {_TABLES} commit;")
        yield Index(connection, archives)
