"""Which article a command means: by its number, or by any of its URLs."""

from __future__ import annotations

import re
import sys
from typing import NoReturn

import click
from sqlite_utils import Database

from newsarchive.database import article_of
from newsarchive.search import Reading
from newsarchive.search.several import Archives, databases
from newsarchive.text.numbers import whole_number

_OF_SITE = re.compile(r"(?P<site>[^/]+)/(?P<number>[0-9]+)")


def locate(reading: Reading, text: str, *, to_publish: bool = False) -> tuple[Database, int]:
    """Return the archive that has an article, and the article's number there. Exits with a message if there is none.

    Among several archives a number alone names no article: it is named by a URL, or by its site and number (SITE/12).
    With `to_publish` also if it is under an embargo, because the output is for other people.
    """
    if not isinstance(reading, Archives):
        return reading, find_article(reading, text, to_publish=to_publish)
    if text.isdigit():
        _end(f"Every site of a collection counts its articles from 1: name the article as SITE/{text}, or by its URL.")
    owner = next((db for db in reading.each(lambda db: db if _number(db, text) else None) if db), None)
    if owner is None:
        reasons = "".join(reading.each(lambda db: _truncated(db, text)))
        _end(f"There is no article {text} in this collection{reasons}.")
    return owner, find_article(owner, _local(text), to_publish=to_publish)


def locate_part(reading: Reading, text: str, *, to_publish: bool = False) -> tuple[int, int]:
    """Do as `locate`; the archive is an index of `databases`."""
    db, number = locate(reading, text, to_publish=to_publish)
    return databases(reading).index(db), number


def name_in(reading: Reading, site: str, number: int) -> str:
    """Return the name of an article: its number, among several archives after its site (SITE/12)."""
    return f"{site}/{number}" if isinstance(reading, Archives) else str(number)


def _number(db: Database, text: str) -> int | None:
    """Return the number of an article in one of several archives; None if it is not in this one."""
    named = _OF_SITE.fullmatch(text)
    if named is None:
        return article_of(db, text)
    sql = "select id from articles where id = ? and site = ?"
    row = db.conn.execute(sql, (whole_number(named["number"]), named["site"])).fetchone()
    return row[0] if row else None


def _local(text: str) -> str:
    named = _OF_SITE.fullmatch(text)
    return named["number"] if named else text


def find_article(db: Database, text: str, *, to_publish: bool = False) -> int:
    """Return an article's id from an id or a URL. Exits with a message if there is none.

    With `to_publish` also if it is under an embargo, because the output is for other people.
    """
    if text.isdigit():
        row = db.conn.execute("select id from articles where id = ?", (whole_number(text),)).fetchone()
        found = row[0] if row else None
    else:
        found = article_of(db, text)
    if found is None:
        _end(f"There is no article {text} in this archive{_truncated(db, text)}.")
    if to_publish and (row := db.conn.execute(_HIDDEN_UNTIL, (found,)).fetchone()):
        _end(f"Article {found} is under an embargo until {row[0]}.")
    return int(found)


def _end(sentence: str) -> NoReturn:
    click.echo(f"newsarchive: {sentence}", err=True)
    sys.exit(1)


def _truncated(db: Database, url: str) -> str:
    """Return why the captures of a URL made no article, if they are incomplete; else an empty string."""
    known = "select time, truncated from captures where url = ? and truncated is not null order by time desc limit 1"
    row = db.conn.execute(known, (url,)).fetchone()
    return f"; the capture of {row[0]} is incomplete: {row[1]}" if row else ""


_HIDDEN_UNTIL = """
select max(until) from embargoes where article = ?1 and lifted is null and article in (select article from hidden)
    having max(until) is not null
"""
