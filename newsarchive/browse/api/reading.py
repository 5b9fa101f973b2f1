"""What the JSON interface reads from the archive: each list begins after a sort key, so that its pages stay stable."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from newsarchive.browse.archives import NAMED, Row, rows, visible
from newsarchive.search import Selection

SUMMARY = (
    "id", "site", "url", "title", "lead", "authors", "categories", "tags", "language", "published", "modified", "day",
    "first_seen", "last_seen", "gone", "revisions", "words", "lead_image",
)  # fmt: skip
"""Columns of the view `archive` that a list of articles gives."""
LISTS = ("authors", "categories", "tags", "images", "changed", "fields")
"""Columns that are JSON in the database."""
ORDERS = {"newest": ("$key", "desc", "<"), "oldest": ("$key", "asc", ">"), "archived": ("o.article", "asc", ">")}
"""Orders of articles: the sort key, its direction, and the comparison for what comes after it."""
LATEST = ("o.article", "desc", "<")
"""The order of feeds: what was archived last comes first."""

Places = list[tuple[int, int, int]]
"""Sort key, key of `search_order` and number of each article."""


def parsed(row: Row) -> Row:
    """Return a row with its JSON columns parsed."""
    return {name: json.loads(value) if name in LISTS else value for name, value in row.items()}


def select_places(
    db: Database, selection: Selection, order: tuple[str, str, str], after: int | None, limit: int
) -> Places:
    """Return where the next articles of a selection are, in an order such as those of `ORDERS`, after a sort key."""
    column, direction, comparison = order
    if after is not None:
        selection = replace(selection, where=(*selection.where, f"{column} {comparison} {after}"))
    found = selection.rows(db, f"{column}, $key, o.article", order=f"{column} {direction}", limit=limit)
    return [(place, key, article) for place, key, article in found]


def read_summaries(db: Database, articles: Sequence[int], more: Sequence[str] = ()) -> list[Row]:
    """Return articles in the given order; `more` are further columns, as SQL over the table `articles a`."""
    columns = ", ".join([*(f"v.{name}" for name in SUMMARY), *more])
    found = rows(
        db,
        f"select {columns} from json_each(?) k join archive v on v.id = k.value join articles a on a.id = v.id"  # noqa: S608
        " order by k.key",
        [json.dumps(articles)],
    )
    return [parsed(row) for row in found]


def read_article(db: Database, number: int) -> Row | None:
    """Return an article with its text, authors, images, captures and addresses; None if readers may not see it."""
    if not rows(db, f"select 1 from articles a where a.id = ? and {visible()}", [number]):  # noqa: S608
        return None
    (article,) = read_summaries(db, [number], ["a.body", "a.markdown", "a.gone_reason"])
    authors = rows(
        db,
        "select n.name, l.role, l.as_written from article_authors l join authors n on n.id = l.author"
        " where l.article = ? order by l.position",
        [number],
    )
    images = rows(
        db,
        "select i.url, l.alt, l.caption, l.credit, l.lead, i.sha256, i.type from article_images l"
        " join images i on i.id = l.image where l.article = ? order by l.lead desc, l.position",
        [number],
    )
    captures = rows(
        db,
        "select c.url, c.time, c.status, c.sha256, c.warc, c.offset, c.length from articles a"
        " join revision_captures l on l.revision = a.current_revision join captures c on c.id = l.capture"
        " where a.id = ? order by l.position",
        [number],
    )
    current = rows(
        db,
        "select r.number, r.digest from articles a join revisions r on r.id = a.current_revision where a.id = ?",
        [number],
    )
    addresses = [row["url"] for row in rows(db, "select url from urls where article = ? order by id", [number])]
    return {
        **article,
        "signed": authors,
        "images": [{**image, "lead": bool(image["lead"])} for image in images],
        "captures": captures,
        "revision": current[0]["number"] if current else None,
        "digest": current[0]["digest"] if current else None,
        "addresses": addresses,
    }


def read_revisions(db: Database, article: int, after: int, limit: int) -> list[Row]:
    """Return revisions of an article with numbers greater than `after`, oldest first, without their text."""
    found = rows(
        db,
        "select number, time, kind, changed, digest, title, extractor from revisions where article = ? and number > ?"
        " order by number limit ?",
        [article, after, limit],
    )
    return [parsed(row) for row in found]


def read_revision(db: Database, article: int, number: int) -> Row | None:
    """Return a revision with its whole content; None if there is none."""
    found = rows(
        db,
        "select number, time, kind, changed, digest, title, lead, body, markdown, language, published, modified,"
        " authors, categories, tags, images, extractor from revisions where article = ? and number = ?",
        [article, number],
    )
    return parsed(found[0]) if found else None


def read_changes(
    db: Database, *, after: tuple[Any, ...] | None, limit: int, conditions: Sequence[tuple[str, object]] = ()
) -> list[Row]:
    """Return the newspapers' edits, latest first; `conditions` are SQL over `a` and `r` with their values."""
    pieces = [(condition, [value]) for condition, value in conditions]
    if after is not None:
        pieces.append(("(r.time, r.id) < (?, ?)", list(after)))
    where = " and ".join([visible(), "r.kind not in ('first', 'reextracted')", *(piece for piece, _ in pieces)])
    found = rows(
        db,
        f"""select r.id, r.time, a.site, a.id as article, a.url, a.language, r.title, b.title as old_title,
            r.number as revision, b.number as previous, r.kind, r.changed as fields
        from revisions r join articles a on a.id = r.article
        join revisions b on b.article = r.article and b.number = (select max(p.number) from revisions p
            where p.article = r.article and p.number < r.number and p.kind <> 'reextracted')
        where {where} order by r.time desc, r.id desc limit ?""",  # noqa: S608
        [*(value for _, values in pieces for value in values), limit],
    )
    return [parsed(row) for row in found]


def read_deletions(
    db: Database, *, after: tuple[Any, ...] | None, limit: int, conditions: Sequence[tuple[str, object]] = ()
) -> list[Row]:
    """Return the articles that are gone from their sites, latest first; `conditions` are SQL over `a`."""
    pieces = [(condition, [value]) for condition, value in conditions]
    if after is not None:
        pieces.append(("(a.gone, a.id) < (?, ?)", list(after)))
    where = " and ".join([visible(), "a.gone is not null", *(piece for piece, _ in pieces)])
    return rows(
        db,
        f"""select a.gone, a.gone_reason as reason, a.site, a.id as article, a.url, a.title, a.language, a.published,
            a.first_seen, a.last_seen from articles a
        where {where} order by a.gone desc, a.id desc limit ?""",  # noqa: S608
        [*(value for _, values in pieces for value in values), limit],
    )


def read_names(db: Database, table: str, like: str, after: int, limit: int) -> list[Row]:
    """Return authors, categories or tags with numbers greater than `after` whose names contain `like`."""
    link, column = NAMED[table]
    role = "and l.role <> 'photo'" if table == "authors" else ""
    cursor = db.query(
        f"""select n.id, n.name, count(distinct a.id) as articles, min(a.day) as first, max(a.day) as last
        from {table} n join {link} l on l.{column} = n.id {role} join articles a on a.id = l.article and {visible()}
        where n.id > ? group by n.id order by n.id""",  # noqa: S608
        [after],
    )
    return list(_first(cursor, like.casefold(), limit))


def _first(cursor: Iterator[Row], like: str, limit: int) -> Iterator[Row]:
    found = 0
    for row in cursor:
        if like in row["name"].casefold():
            yield row
            found += 1
        if found == limit:
            return
