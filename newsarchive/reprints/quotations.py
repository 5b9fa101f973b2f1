"""Text reuse of quotations: the same words between quotation marks in several articles, the first use first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlite_utils import Database

from newsarchive.export.sentences import split_sentences
from newsarchive.reprints.sketches import skeletons
from newsarchive.search import VISIBLE
from newsarchive.text.search_text import full_text, language_code, words_of

LEAST_WORDS = 6
"""Shorter quotations are mostly names of companies, books and laws."""
LIVE = 200
"""So many of the newest articles not compared yet are read when the uses of a quotation are listed."""
_QUOTED = re.compile(r"«([^«»\n]{20,3000})»|[“„]([^“”„\n]{20,3000})[”“]|(?<!\w)\"([^\"\n]{20,3000})\"(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """A sentence between quotation marks."""

    text: str
    key: str
    words: int


@dataclass(frozen=True, kw_only=True)
class Use:
    """An article with a quotation."""

    article: int
    site: str
    day: str
    published: str
    title: str
    url: str
    is_reprint: bool
    """The article has the text of an earlier use, not only the quotation."""


@dataclass(frozen=True, kw_only=True)
class Reused:
    """A quotation with its uses, the first one first."""

    text: str
    words: int
    uses: tuple[Use, ...]


def quotations_in(text: str, language: str = "") -> list[Quotation]:
    """Return the quotations of a text, each sentence once.

    >>> [q.text for q in quotations_in("«Су тасып, алты үйді шайып кетті. Рақмет!» – деді ол.")]
    ['Су тасып, алты үйді шайып кетті.']
    """
    code = language_code(language, text)
    found: dict[str, Quotation] = {}
    for match in _QUOTED.finditer(text):
        for sentence in split_sentences(" ".join(next(filter(None, match.groups())).split())):
            words = words_of(sentence, code)
            if len(words) >= LEAST_WORDS:
                key = blake2b(" ".join(skeletons(words)).encode(), digest_size=8).hexdigest()
                found.setdefault(key, Quotation(text=sentence, key=key, words=len(words)))
    return list(found.values())


def read_quotations(db: Database, article: int) -> list[Quotation]:
    """Return the quotations of an article."""
    sql = "select lead, body, language from articles where id = ?"
    lead, body, language = db.conn.execute(sql, (article,)).fetchone()
    return quotations_in(full_text(lead, body), language or "")


def store_quotations(db: Database, articles: Iterable[int]) -> None:
    """Write the quotations of articles that have none stored."""
    rows = [(n, q.key, q.words, q.text) for n in articles for q in read_quotations(db, n)]
    db.conn.executemany("insert into quotations (article, key, words, text) values (?, ?, ?, ?)", rows)


def quotations_of(db: Database, article: int) -> list[Reused]:
    """Return the quotations of an article that other articles have too, with all their uses."""
    waiting = _waiting(db)
    found = (_reused(db, quotation, waiting) for quotation in read_quotations(db, article))
    return [reused for reused in found if len(reused.uses) > 1 and article in {use.article for use in reused.uses}]


def most_reused(
    db: Database, *, site: str = "", across: bool = True, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """Return the most reused quotations as rows of the view `reused_quotations`; `across`: by several sites."""
    sql = (
        "select text, words, articles, sites, first_day, last_day, key from reused_quotations where sites >= :sites"
        " and (:site = '' or key in (select q.key from quotations q join articles a on a.id = q.article"
        " where a.site = :site)) order by sites desc, articles desc, last_day desc, key limit :limit offset :offset"
    )
    return list(db.query(sql, {"sites": 2 if across else 1, "site": site, "limit": limit, "offset": offset}))


def uses_of(db: Database, key: str) -> Reused | None:
    """Return a stored quotation by its key, with its uses; None if readers may see none."""
    row = db.conn.execute("select text, words from quotations where key = ? limit 1", (key,)).fetchone()
    if row is None:
        return None
    reused = _reused(db, Quotation(text=row[0], key=key, words=row[1]), _waiting(db))
    return reused if reused.uses else None


def _waiting(db: Database) -> dict[str, list[int]]:
    """Return the newest articles not compared yet, by the keys of their quotations."""
    found: dict[str, list[int]] = {}
    rows = db.conn.execute("select article from uncompared order by article desc limit ?", (LIVE,)).fetchall()
    for (article,) in rows:
        for quotation in read_quotations(db, article):
            found.setdefault(quotation.key, []).append(article)
    return found


def _reused(db: Database, quotation: Quotation, waiting: dict[str, list[int]]) -> Reused:
    listed = ", ".join(map(str, waiting.get(quotation.key, ())))
    rows = db.query(_USES.format(listed), [quotation.key])
    groups: set[int] = set()
    uses = []
    for row in rows:
        group = row.pop("members")
        values: dict[str, Any] = {name: value or "" for name, value in row.items()}
        uses.append(Use(**values, is_reprint=group in groups))
        groups |= {group} if group is not None else set()
    return Reused(text=quotation.text, words=quotation.words, uses=tuple(uses))


_USES = f"""
select o.article, a.site, a.day, a.published, a.title, a.url, g.members from search_order o
join articles a on a.id = o.article left join reprint_groups g on g.article = o.article
where (o.article in (select article from quotations where key = ?) or o.article in ({{}})) and {VISIBLE} order by o.key
"""  # noqa: S608
