"""Quotations: what articles have between quotation marks, sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from sqlite_utils import Database

from newsarchive.export.sentences import split_sentences
from newsarchive.reprints.sketches import skeletons
from newsarchive.text.search_text import full_text, language_code, words_of

LEAST_WORDS = 6
"""Shorter quotations are mostly names of companies, books and laws."""
_QUOTED = re.compile(r"«([^«»\n]{20,3000})»|[“„]([^“”„\n]{20,3000})[”“]|(?<!\w)\"([^\"\n]{20,3000})\"(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """A sentence between quotation marks."""

    text: str
    key: str
    words: int


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
