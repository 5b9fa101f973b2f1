"""Read an archive from Python: search, articles with their revisions, edits and deletions."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Unpack

from sqlite_utils import Database

from newsarchive.collection import CollectionError, is_collection
from newsarchive.collection.reading import reader_of
from newsarchive.database import article_of, read_archive
from newsarchive.database.revisions import article_of_revision
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Article
from newsarchive.search import Filters, Hit, Reading, count_hits, search
from newsarchive.search.functions import add_functions
from newsarchive.search.several import databases, in_order


class ArticleNotFound(NewsArchiveError):
    """The archive has no such article, or readers may not see it."""


@dataclass(kw_only=True, frozen=True)
class Revision:
    """One content of an article: `time` is when it was first seen (UTC), `kind` what the edit was.

    Kinds: ``first``, ``substantive``, ``cosmetic``, ``metadata``; ``reextracted`` for what newer rules read in an
    older page, which is no edit of the newspaper's.
    """

    number: int
    time: str
    kind: str
    changed: tuple[str, ...]
    """Names of the fields that differ from the revision before."""
    digest: str
    content: Article


@dataclass(kw_only=True, frozen=True)
class ArchivedArticle:
    """The present state of an article, as the view `archive` has it. Times are UTC, `day` is the site's own."""

    id: int
    site: str
    url: str
    title: str
    lead: str
    body: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    images: tuple[str, ...]
    language: str
    published: str
    modified: str
    day: str
    first_seen: str
    last_seen: str
    gone: str
    """When it was found missing from its site; empty while it is there."""
    words: int
    _db: Database = field(repr=False, compare=False)

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """All its revisions, the oldest first."""
        rows = self._db.query("select * from revisions where article = ? order by number", [self.id])
        return tuple(_revision(row, self) for row in rows)


@dataclass(kw_only=True, frozen=True)
class Change:
    """One field that a newspaper changed: `before` and `after` are its texts (JSON for lists)."""

    time: str
    site: str
    article: int
    url: str
    title: str
    revision: int
    kind: str
    field: str
    before: str
    after: str


@dataclass(kw_only=True, frozen=True)
class Deletion:
    """An article that its site no longer has: since when, and how that was noticed."""

    article: int
    site: str
    url: str
    title: str
    published: str
    first_seen: str
    last_seen: str
    gone: str
    reason: str


class Archive:
    """An archive or a collection, opened for reading; a crawl may write to it meanwhile.

    What is under an embargo is left out. `db` is an archive's database (`sqlite_utils.Database`, read-only) for SQL of
    one's own, with the SQL functions ``search_articles(query)`` and ``words_around(query, article)``. The articles of a
    collection are known by their site and URL: an `id` is one of its site's only.
    """

    def __init__(self, address: str) -> None:
        self.folder = Path(address)
        self._reader = reader_of(address) if is_collection(address) else None
        self._db = None if self._reader else read_archive(self.folder)
        if self._db:
            add_functions(self._db.conn)
        self._reading()  # opens all shards

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def db(self) -> Database:
        """The database. Raises CollectionError for a collection, which has one for each site."""
        if self._db is None:
            raise CollectionError(f"The collection {self.folder} has no single database: search it, or export it.")
        return self._db

    def _reading(self) -> Reading:
        """What is read: the database, or the newest generations of all shards."""
        return self._reader.current() if self._reader else self.db

    def close(self) -> None:
        """Close the database, or those of all shards."""
        if self._reader:
            self._reader.close()
        if self._db:
            self._db.close()

    def search(
        self, query: str, *, limit: int = 20, offset: int = 0, order: str = "rank", **filters: Unpack[Filters]
    ) -> list[Hit]:
        """Find articles with the words of a query in any form; `order` is ``rank``, ``newest`` or ``oldest``.

        Filters: `site`, `author`, `category`, `tag`, `language`, and `since` and `until` (a day, month or year).
        Raises FilterError on a filter that cannot be read.
        """
        return search(self._reading(), query, limit=limit, offset=offset, order=order, **filters)

    def count(self, query: str = "", **filters: Unpack[Filters]) -> int:
        """How many articles match; all of them without query and filters."""
        return count_hits(self._reading(), query, **filters)

    def article(self, id_or_url: int | str) -> ArchivedArticle:
        """One article by any of its URLs, or in an archive by its id. Raises ArticleNotFound."""
        if isinstance(id_or_url, int) and self._reader:
            raise ArticleNotFound(f"Every site of the collection {self.folder} has its own ids: give a URL.")
        for db in databases(self._reading()):
            found = id_or_url if isinstance(id_or_url, int) else article_of(db, id_or_url)
            sql = "select * from archive where id = ? and id not in (select article from hidden)"
            for row in db.query(sql, [found]):
                return _article(row, db)
        raise ArticleNotFound(f"There is no article {id_or_url} in {self.folder}.")

    def articles(self, query: str = "", **filters: Unpack[Filters]) -> Iterator[ArchivedArticle]:
        """Every article that matches, by day of publication; all of them without query and filters."""
        dbs = databases(self._reading())
        found = in_order(self._reading(), query, filters)
        for part, article in found:
            for row in dbs[part].query("select * from archive where id = ?", [article]):
                yield _article(row, dbs[part])

    def changes(self, *, site: str = "", since: str = "") -> Iterator[Change]:
        """What newspapers changed after publication, the newest first; `since` is a day or a time (UTC)."""
        sql = (
            'select time, site, article, url, title, revision, kind, field, "from" as before, "to" as after'
            " from changes where article not in (select article from hidden) and time >= ? and (? = '' or site = ?)"
            " order by time desc, article, field"
        )
        for row in self._latest_first(sql, [since, site, site], "time"):
            yield Change(**_texts(row))

    def deletions(self, *, site: str = "", since: str = "") -> Iterator[Deletion]:
        """Articles that are gone from their site, the latest first; `since` is a day or a time (UTC)."""
        sql = (
            "select article, site, url, title, published, first_seen, last_seen, gone, reason from deletions"
            " where article not in (select article from hidden) and gone >= ? and (? = '' or site = ?)"
            " order by gone desc, article"
        )
        for row in self._latest_first(sql, [since, site, site], "gone"):
            yield Deletion(**_texts(row))

    def _latest_first(self, sql: str, values: list[str], column: str) -> Iterator[dict[str, Any]]:
        """Merge the rows of all shards, which are sorted by a column."""
        each = [db.query(sql, values) for db in databases(self._reading())]
        return heapq.merge(*each, key=lambda row: str(row[column]), reverse=True)


def open_archive_for_reading(archive: str | Path = "data") -> Archive:
    """Open the archive in a folder, or the collection at an address, for reading only.

    Raises ArchiveError where there is none, or where it cannot be read.
    """
    return Archive(str(archive))


_LISTS = ("authors", "categories", "tags", "images")
_COLUMNS = tuple(name for name in ArchivedArticle.__dataclass_fields__ if name != "_db")


def _article(row: dict[str, Any], db: Database) -> ArchivedArticle:
    values = _texts({name: row[name] for name in _COLUMNS})
    values |= {name: tuple(json.loads(row[name])) for name in _LISTS}
    return ArchivedArticle(**values, _db=db)


def _revision(row: dict[str, Any], article: ArchivedArticle) -> Revision:
    return Revision(
        number=row["number"],
        time=row["time"],
        kind=row["kind"],
        changed=tuple(json.loads(row["changed"])),
        digest=row["digest"],
        content=article_of_revision(row, url=article.url, site=article.site),
    )


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    """A row with empty texts in place of NULL."""
    return {name: "" if value is None else value for name, value in row.items()}
