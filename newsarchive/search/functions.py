"""SQL functions that give queries the meaning of a search: words in any form, fields, nearness."""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache

from sqlite_utils import Database

from newsarchive.search.marks import Terms, Text, terms_to_mark
from newsarchive.search.query import FilterError, parse_query
from newsarchive.search.selection import select_articles
from newsarchive.text.search_text import full_text

AROUND = 7
"""Number of words on each side of a hit."""

FUNCTIONS = ("search_articles", "words_around")

_TEXT = "select a.lead, a.body, s.body, a.language from articles a join stems s on s.id = a.id where a.id = ?"


def add_functions(connection: sqlite3.Connection) -> None:
    """Add the SQL functions to a connection.

    ``search_articles(query)`` returns the numbers of the articles that a search finds, as a JSON array.
    ``words_around(query, article)`` returns the first hit in an article with the words around it, or NULL.
    """
    db = Database(connection, execute_plugins=False)

    def search_articles(query: object) -> str:
        try:
            return json.dumps([article for (article,) in select_articles(db, _text(query)).rows(db, "o.article")])
        except FilterError as error:
            return str(error)  # which is no JSON: the statement fails

    def words_around(query: object, article: object) -> str | None:
        row = connection.execute(_TEXT, (article,)).fetchone()
        if row is None:
            return None
        text = Text(full_text(row[0], row[1]), row[2], row[3])
        for start, length in text.hits(_terms(_text(query))):
            left, keyword, right = text.context(start, length, AROUND)
            return f"{left} «{keyword}» {right}".strip()
        return None

    connection.create_function("search_articles", 1, search_articles)
    connection.create_function("words_around", 2, words_around)


def _text(value: object) -> str:
    return "" if value is None else str(value)


@lru_cache(maxsize=16)
def _terms(query: str) -> Terms:
    return terms_to_mark(parse_query(query), field="body")
