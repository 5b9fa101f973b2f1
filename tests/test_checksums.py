"""Seals: what was written is known again, and one changed letter is found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import open_archive, save_site
from newsarchive.database.row_checksums import changed_rows, write_row_checksums
from newsarchive.sites import Site


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    save_site(archive, Site(name="a", url="https://a.kz/", title="Ауыл"))
    archive.conn.executemany("insert into tags (name) values (?)", [(f"тег {n}",) for n in range(100)])
    archive.conn.commit()
    write_row_checksums(archive)
    return archive


def quietly(db: Database, sql: str) -> None:
    """Change rows behind the back of the triggers, as a flipped bit does."""
    triggers = db.conn.execute("select name, sql from sqlite_master where name like '%_unseal_%'").fetchall()
    for name, _ in triggers:
        db.conn.execute(f'drop trigger "{name}"')
    db.conn.execute(sql)
    for _, trigger in triggers:
        db.conn.execute(trigger)
    db.conn.commit()


def test_what_was_written_is_whole(db: Database) -> None:
    assert list(changed_rows(db)) == []
    assert write_row_checksums(db) == 0


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "update tags set name = 'тeг 7' where name = 'тег 7'",
            ("tags", "rows 0 to 31 of tags (id) differ from what was written"),
        ),
        ("delete from tags where id between 32 and 63", ("tags", "rows 32 to 63 of tags (id) are missing")),
        (
            "insert into categories (name) values ('x')",
            ("categories", "rows 0 to 31 of categories (id) differ from what was written"),
        ),
        ("update sites set title = 'Ауыл!'", ("sites", "the table sites differs from what was written")),
    ],
)
def test_a_change_that_no_program_made_is_found(sql: str, found: tuple[str, str], db: Database) -> None:
    quietly(db, sql)
    assert list(changed_rows(db)) == [found]


def test_another_programs_own_writes_are_no_damage(db: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "archive.db")
    other.execute("update tags set name = 'су' where id = 40")
    other.execute("insert into tags (name) values ('жол') on conflict (name) do update set name = excluded.name")
    other.execute("delete from tags where id = 1")
    other.commit()
    assert list(changed_rows(db)) == []
    assert write_row_checksums(db) == 3
    assert list(changed_rows(db)) == []


def test_a_vacuum_breaks_no_seal(db: Database) -> None:
    db.conn.execute("delete from tags where id < 20")
    db.conn.commit()
    write_row_checksums(db)
    db.conn.execute("vacuum")
    assert list(changed_rows(db)) == []
