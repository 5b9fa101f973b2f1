"""The list of migrations, to which each module of them adds its own, and how their SQL is run."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

migrations = Migrations("newsarchive")


def run_script(db: Database, script: str) -> None:
    """Run statements one by one: `executescript` would commit the migration's own transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""
