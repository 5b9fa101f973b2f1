"""What a digest has to tell, from the archive: never anything under embargo or taken down."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlite_utils import Database

from newsarchive.configuration import News
from newsarchive.database.forgotten import Addresses
from newsarchive.notify.messages import Digest, Headline
from newsarchive.search.selection import select_articles

_SOME = "o.article in (select value from json_each(:some))"


def newest_revision(db: Database) -> int:
    """Return the number of the newest revision; 0 if there is none."""
    return int(db.conn.execute("select coalesce(max(id), 0) from revisions").fetchone()[0])


def digest_of(db: Database, news: News, *, after: int, upto: int, deletions: Collection[int]) -> Digest:
    """Return what happened to articles that a search finds: revisions after one and up to another, and deletions."""
    span = {"after": after, "upto": upto}
    return Digest(
        name=news.name,
        articles=list(_articles(db, news, span)) if news.articles else [],
        headlines=list(_headlines(db, news, span)) if news.headlines else [],
        deletions=list(_deletions(db, news, deletions)) if news.deletions else [],
    )


def _articles(db: Database, news: News, span: dict[str, int]) -> Iterator[Headline]:
    new = "select article from revisions where id > :after and id <= :upto and number = 1"
    found = _found(db, news, f"o.article in ({new})", **span)
    rows = db.query(
        "select site, url, title, coalesce(day, '') as day from articles where id in (select value from json_each(?))"
        " order by day desc, id desc",
        [json.dumps(found)],
    )
    yield from (Headline(**row) for row in rows)


def _headlines(db: Database, news: News, span: dict[str, int]) -> Iterator[Headline]:
    edited = (
        "select r.article, r.number from revisions r where r.id > :after and r.id <= :upto"
        " and r.kind not in ('first', 'reextracted') and exists"
        " (select 1 from json_each(r.changed) c where c.value = 'title')"
    )
    numbers = db.conn.execute(edited, span).fetchall()
    found = set(_found(db, news, _SOME, some=json.dumps([article for article, _ in numbers])))
    for article, number in numbers:
        if article in found:
            rows = db.query(
                'select site, url, "to" as title, "from" as before from changes'
                " where article = ? and revision = ? and field = 'title'",
                [article, number],
            )
            yield from (Headline(**{key: value or "" for key, value in row.items()}) for row in rows)


def _deletions(db: Database, news: News, articles: Collection[int]) -> Iterator[Headline]:
    wanted = json.dumps(list(articles))
    found = _found(db, news, _SOME, some=wanted)
    rows = db.query(
        "select site, url, title, coalesce(substr(published, 1, 10), '') as day from articles"
        " where id in (select value from json_each(?)) order by gone, id",
        [json.dumps(found)],
    )
    yield from (Headline(**row) for row in rows)


def _found(db: Database, news: News, condition: str, **parameters: object) -> list[int]:
    """Return those articles among some that a digest's search finds on its sites; readers may see them all."""
    selection = select_articles(db, news.search)
    where = [*selection.where, condition]
    if news.sites:
        where.append("o.site in (select value from json_each(:sites))")
        parameters["sites"] = json.dumps(news.sites)
    narrowed = replace(selection, where=tuple(where), parameters={**selection.parameters, **parameters})
    return [article for (article,) in narrowed.rows(db, "o.article")]


class Withheld:
    """Tells whether a text names what readers may not see, or what was taken down."""

    def __init__(self, db: Database) -> None:
        hidden = "(select article from hidden)"
        self._addresses = Addresses(
            url
            for (url,) in db.conn.execute(
                f"select url from urls where article in {hidden} or state = 'forgotten'"  # noqa: S608
                f" union select url from articles where id in {hidden} union select url from forgotten"
            )
        )
        titles = db.conn.execute(f"select distinct title from revisions where article in {hidden}")  # noqa: S608
        self._titles = [title.casefold() for (title,) in titles if title.strip()]

    def named_in(self, text: str) -> bool:
        """Return True if a text names an article that is withheld."""
        plain = text.casefold()
        return self._addresses.named_in(text) or any(title in plain for title in self._titles)
