"""Checks of the database: pages, indexes, references, schema, checksums, and consistency of rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database.page_checksums import ChecksumsLost, changed_pages
from newsarchive.database.removal import FULL_TEXT
from newsarchive.database.revisions import stored_content
from newsarchive.database.row_checksums import changed_rows, watch_tables
from newsarchive.database.schema.migrations import migrations
from newsarchive.fixity.report import Progress, Report
from newsarchive.fixity.state import State
from newsarchive.revisions.content import content_digest
from newsarchive.text.counting import counted

FILE = "archive.db"
MOST = 100
"""Maximum number of problems reported by SQLite's own check."""


def check_tables(state: State, report: Report, *, progress: Progress) -> None:
    """Check the database; a part that cannot be read counts as one problem."""
    parts: tuple[Callable[[State, Report], None], ...] = (
        _check_pages,
        _check_unused,
        _check_references,
        _check_schema,
        _check_rows,
        _check_contents,
        _check_present,
        _check_orphans,
        _check_forgotten,
        _check_search,
        _count_truncated,
    )
    for done, part in enumerate(parts):
        progress("database", done, len(parts))
        try:
            part(state, report)
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            report.add(FILE, f"the database cannot be read: {error}")
    progress("database", len(parts), len(parts))


def _check_pages(state: State, report: Report) -> None:
    for (line,) in state.db.conn.execute(f"pragma integrity_check({MOST})"):
        if line != "ok":
            report.add(FILE, str(line))


def _check_unused(state: State, report: Report) -> None:
    """Check every page against its checksum, which reveals a flipped bit even outside rows and indexes."""
    (path,) = state.db.conn.execute("select file from pragma_database_list where name = 'main'").fetchone()
    try:
        pages = changed_pages(state.folder, state.db.conn, Path(path)) if state.copied else None
    except ChecksumsLost as error:
        report.add("archive.db-sums", f"{error}; the next run that ends writes it again")
        return
    if pages is None:
        report.notes.append(
            "The database was written to since the checksums of its pages: its unused space is not checked."
        )
    (size,) = state.db.conn.execute("pragma page_size").fetchone()
    for page in pages or ():
        report.add(FILE, f"page {page} differs from what was written", offset=(page - 1) * size)


def _check_references(state: State, report: Report) -> None:
    for table, row, parent, _ in state.db.conn.execute("pragma foreign_key_check"):
        where = f"row {row} of {table}" if row is not None else f"a row of {table}"
        report.add(FILE, f"{where} refers to a row of {parent} that is not there")


def _check_schema(state: State, report: Report) -> None:
    """Compare the schema with that of the migrations; additions by others are allowed."""
    fresh = Database(memory=True, execute_plugins=False)
    migrations.apply(fresh)
    watch_tables(fresh)
    sql = (
        "select m.type || ' ' || m.name, m.sql from sqlite_master m where m.sql is not null and m.name not like"
        " 'sqlite\\_%' escape '\\' and m.name not in (select name from pragma_table_list where type = 'shadow')"
    )
    found = dict(state.db.conn.execute(sql).fetchall())
    for name, expected in fresh.conn.execute(sql).fetchall():
        if name not in found:
            report.add(FILE, f"the {name} is missing from the schema")
        elif found[name] != expected and not name.startswith("table _"):
            report.add(FILE, f"the {name} is not as it was made")
    fresh.close()


def _check_rows(state: State, report: Report) -> None:
    """Check the checksum of every block of rows not written to since."""
    for _, what in changed_rows(state.db):
        report.add(FILE, what)
    (waiting,) = state.db.conn.execute("select count(*) from unsealed").fetchone()
    if waiting:
        report.notes.append(
            f"No checksum yet for {counted(waiting, 'block')} of rows changed since the last run; the next run adds it."
        )


def _check_contents(state: State, report: Report) -> None:
    """Check every revision's content against its digest."""
    for row in state.db.query("select * from revisions order by id"):
        report.count("revisions")
        name = f"revision {row['number']}"
        try:
            whole = content_digest(stored_content(row)) == row["digest"]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            report.add(FILE, f"{name} cannot be read: {error}", articles=(row["article"],))
            continue
        if not whole:
            report.add(FILE, f"the content of {name} differs from its digest", articles=(row["article"],))


_PRESENT = """
select a.id, r.id is null as lost, a.title is not r.title or a.lead is not r.lead or a.body is not r.body
    or a.markdown is not r.markdown or a.language is not r.language or a.published is not r.published as other,
    s.id is null as unsearched
from articles a left join revisions r on r.id = a.current_revision and r.article = a.id
    left join stems s on s.id = a.id
where lost or other or unsearched
"""
_LINKS = """
select a.id from articles a join revisions r on r.id = a.current_revision where
    (select json_group_array(name) from (select n.name from article_{table} l join {table} n on n.id = l.{column}
        where l.article = a.id order by l.position)) <>
    (select json_group_array({value}) from json_each(r.{table}))
"""


def _check_present(state: State, report: Report) -> None:
    """Check every article against its current revision."""
    for number, lost, other, unsearched in state.db.conn.execute(_PRESENT):
        what = (
            "the article has no revision"
            if lost
            else "the article differs from its current revision"
            if other
            else "the article is not in the search index"
        )
        if lost or other or unsearched:
            report.add(FILE, what, articles=(number,))
    for table, column, value in (
        ("categories", "category", "value"),
        ("tags", "tag", "value"),
        ("authors", "author", "value ->> 'name'"),
    ):
        for (number,) in state.db.conn.execute(_LINKS.format(table=table, column=column, value=value)):
            report.add(FILE, f"the article's {table} differ from those of its current revision", articles=(number,))


def _check_orphans(state: State, report: Report) -> None:
    sql = (
        "select r.article, r.number from revisions r where extractor <> '' and not exists"
        " (select 1 from revision_captures p where p.revision = r.id)"
    )
    for article, number in state.db.conn.execute(sql):
        report.add(FILE, f"revision {number} names no capture that it was made of", articles=(article,))


def _check_forgotten(state: State, report: Report) -> None:
    """Report what was taken down but is still there."""
    sql = (
        "select c.warc, c.offset, c.url from captures c join urls u on u.url = c.url where u.state = 'forgotten'"
        " union all select '', null, a.url from articles a join urls u on u.key = a.key where u.state = 'forgotten'"
    )
    for warc, offset, url in state.db.conn.execute(sql):
        report.add(f"warc/{warc}" if warc else FILE, f"{url} was taken down, yet it is here", offset=offset)


def _count_truncated(state: State, report: Report) -> None:
    """Note how many captures are incomplete, which is no problem of the archive."""
    (count,) = state.db.conn.execute("select count(*) from captures where truncated is not null").fetchone()
    if count:
        were = "was" if count == 1 else "were"
        report.notes.append(f"{counted(count, 'capture')} {were} recorded incompletely, with the reason in {_REASON}.")


_REASON = "captures.truncated (select time, url, truncated from captures where truncated is not null)"


def _check_search(state: State, report: Report) -> None:
    """Check the full-text indexes against their texts; only in a copy, because FTS5 needs write access."""
    if not state.copied:
        return
    for index in FULL_TEXT:
        try:
            state.db.conn.execute(f"insert into {index}({index}, rank) values ('integrity-check', 1)")  # noqa: S608
        except sqlite3.DatabaseError as error:
            report.add(FILE, f"the full-text index {index} differs from its texts: {error}")
        state.db.conn.rollback()
