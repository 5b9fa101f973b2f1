"""SQL of one's own, for reading: SQLite over an archive, DuckDB over the Parquet files of a collection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils import Database

from newsarchive.errors import NewsArchiveError
from newsarchive.export.files import ExportError
from newsarchive.export.partitioned import Partitions
from newsarchive.export.records import FIELDS
from newsarchive.search.functions import add_functions

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_LISTS = ("authors", "categories", "tags", "images")
_VIEW = (
    "id, site, url, title, lead, body, authors, categories, tags, language, published, modified, day, first_seen,"
    " last_seen, gone, revisions, words, lead_image, images"
)
"""The columns of the view `archive` of an archive."""
_TYPES = {"string": "varchar", "integer": "bigint", "array": "varchar[]"}
BATCH = 1000


class SqlError(NewsArchiveError, ValueError):
    """The statement cannot be run; the message is written for the user."""


class Result(NamedTuple):
    """The answer to a query: the names of its columns, and its rows."""

    columns: list[str]
    rows: Iterator[Sequence[Any]]


def query_archive(db: Database, statement: str) -> Result:
    """Run a SELECT on the database of an archive, which nothing can change, with the functions of `search.functions`.

    Raises SqlError, also while an embargo is in force: a table could show what it hides.
    """
    (until,) = db.conn.execute(
        "select max(until) from embargoes where lifted is null and article in (select article from hidden)"
    ).fetchone()
    if until:
        raise SqlError(
            f"An embargo is in force until {until}, and SQL could show what it hides. Use search or export instead."
        )
    db.conn.set_authorizer(None)
    _load_indexes(db)
    add_functions(db.conn)
    db.conn.set_authorizer(_authorize)
    try:
        cursor = db.conn.execute(statement)
    except (sqlite3.Warning, sqlite3.ProgrammingError) as error:  # more than one statement
        raise SqlError("Nothing can be changed here: write one SELECT.") from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_AUTH:
            raise SqlError("Nothing can be changed here: write one SELECT.") from error
        raise SqlError(f"The statement cannot be run: {error}.") from error
    if cursor.description is None:
        raise SqlError("Nothing was asked: write one SELECT.")
    return Result([column[0] for column in cursor.description], _sqlite_rows(cursor))


def _load_indexes(db: Database) -> None:
    """Load the full-text indexes, which later would count as a change."""
    indexes = "select name from sqlite_master where type = 'table' and sql like 'create virtual table%'"
    for (name,) in db.conn.execute(indexes).fetchall():
        db.conn.execute(f'select 1 from "{name}" limit 0')  # noqa: S608


def _sqlite_rows(cursor: sqlite3.Cursor) -> Iterator[Sequence[Any]]:
    try:
        yield from cursor
    except sqlite3.Error as error:
        raise SqlError(f"The statement cannot be run: {error}.") from error


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _source: str | None) -> int:
    if action in _ALLOWED and (action != sqlite3.SQLITE_FUNCTION or second != "load_extension"):
        return sqlite3.SQLITE_OK
    # The full-text index asks for this itself.
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def require_duckdb() -> None:
    """Raise ExportError if DuckDB is missing."""
    try:
        import duckdb  # noqa: F401
    except ModuleNotFoundError as error:
        raise ExportError("SQL over a collection needs DuckDB; install newsarchive[sql].") from error


def query_partitions(partitions: Partitions, folder: Path, statement: str) -> Result:
    """Run a SELECT by DuckDB on Parquet files in a folder, with the views `archive` and `articles`.

    `archive` has the columns of the view of that name in an archive, `articles` all that is exported, with lists.
    Other files cannot be read or written. Raises SqlError, ExportError if DuckDB is missing.
    """
    require_duckdb()
    import duckdb

    db = duckdb.connect(config={"python_enable_replacements": False, "autoload_known_extensions": False})
    try:
        _create_views(db, partitions, folder)
        found = duckdb.extract_statements(statement)
        if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
            raise SqlError("Nothing can be changed here: write one SELECT.")
        cursor = db.execute(found[0])
    except duckdb.Error as error:
        raise SqlError(f"The statement cannot be run: {_first_line(error)}") from error
    return Result([column[0] for column in cursor.description or ()], _duckdb_rows(cursor))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _duckdb_rows(cursor: Any) -> Iterator[Sequence[Any]]:
    import duckdb

    try:
        while rows := cursor.fetchmany(BATCH):
            yield from rows
    except duckdb.Error as error:
        raise SqlError(f"The statement cannot be run: {_first_line(error)}") from error


def _create_views(db: Any, partitions: Partitions, folder: Path) -> None:
    lists = ", ".join(f"cast(to_json({name}) as varchar) as {name}" for name in _LISTS)
    names = ", ".join(f"cast({f.name} as {_TYPES[f.kind]}) as {f.name}" for f in FIELDS)
    if partitions.files:
        files = ", ".join(_literal(str(file)) for file in partitions.files)
        source = f"from read_parquet([{files}], hive_partitioning = true, hive_types_autocast = false)"
    else:
        source = "from (select " + ", ".join(f"null as {f.name}" for f in FIELDS) + ", null as year) where false"
    db.execute(f"set allowed_directories = [{_literal(str(folder.absolute()))}]")
    db.execute(f"create view articles as select {names}, cast(year as integer) as year {source}")
    db.execute(f"create view archive as select {_VIEW} from (select * replace ({lists}) from articles)")  # noqa: S608
    db.execute("set enable_external_access = false")
    db.execute("set lock_configuration = true")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
