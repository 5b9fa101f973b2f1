"""Checksums of blocks of rows, which reveal even one changed letter in any table.

SQLite's own check covers pages and indexes, not the letters of a text. So triggers list each block of rows that any
program writes to; a run ends by writing the checksums of those blocks, and a check verifies all other blocks.
The tables are named `seals` (checksums) and `unsealed` (blocks written to since).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlite_utils import Database

BLOCK_BITS = 5
BATCH = 500
"""Number of checksums written in one transaction, if no other is open."""


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """How the rows of one table are sorted and divided into blocks."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    whole: bool
    """The table is one block, because its rows have no permanent number."""

    @property
    def rows(self) -> str:
        """SQL for block and content of every row; `quote` keeps NULL, numbers and text distinct."""
        block = "0" if self.whole else f'"{self.keys[0]}" >> {BLOCK_BITS}'
        content = " || ',' || ".join(f'quote("{column}")' for column in self.columns)
        return f'select {block}, cast({content} as blob) from "{self.name}"'  # noqa: S608

    @property
    def order(self) -> str:
        """SQL for the order of the rows in a block."""
        return " order by " + ", ".join(f'"{key}"' for key in self.keys)

    @property
    def part(self) -> str:
        """SQL for the condition that a row is in the block ?1."""
        key = f'"{self.keys[0]}"'
        return "?1 = 0" if self.whole else f"{key} between ?1 << {BLOCK_BITS} and ((?1 + 1) << {BLOCK_BITS}) - 1"

    def block(self, row: str) -> str:
        """Return SQL for the block of a trigger's row."""
        return "0" if self.whole else f'{row}."{self.keys[0]}" >> {BLOCK_BITS}'


def checked_tables(db: Database) -> list[CheckedTable]:
    """Return the tables with checksums: all except those of SQLite, of migrations and of the full-text indexes."""
    names = db.conn.execute(
        "select name from pragma_table_list where schema = 'main' and type = 'table'"
        " and name not like 'sqlite\\_%' escape '\\' and name not like '\\_%' escape '\\'"
        " and name not in ('seals', 'unsealed') order by name"
    ).fetchall()
    return [_checked_table(db, name) for (name,) in names]


def _checked_table(db: Database, name: str) -> CheckedTable:
    columns = db.conn.execute("select name, type, pk from pragma_table_info(?)", (name,)).fetchall()
    keys = sorted((pk, column, kind) for column, kind, pk in columns if pk)
    numbered = bool(keys) and keys[0][2].upper() == "INTEGER"
    if not numbered:  # rowids may change, so the whole table is one block
        keys = keys or [(0, column, kind) for column, kind, _ in columns]
    return CheckedTable(
        name=name, columns=tuple(c for c, _, _ in columns), keys=tuple(k for _, k, _ in keys), whole=not numbered
    )


_TRIGGERS = "select name from sqlite_master where type = 'trigger' and name like '%\\_unseal\\_%' escape '\\'"


def are_watched(db: Database) -> bool:
    """Return True if every table has triggers that list the blocks written to."""
    triggers = [name for (name,) in db.conn.execute(_TRIGGERS)]
    watched = {name.removesuffix("_unseal_insert") for name in triggers if name.endswith("_insert")}
    known = db.conn.execute("select exists (select 1 from seals) or exists (select 1 from unsealed)").fetchone()[0]
    return bool(known) and watched == {table.name for table in checked_tables(db)}


def watch_tables(db: Database) -> None:
    """Create the triggers that list the blocks written to, for every table; does nothing if they exist."""
    if are_watched(db):
        return
    with db.atomic():
        db.conn.execute("delete from seals")
        db.conn.execute("delete from unsealed")
        for table in checked_tables(db):
            _watch(db, table)


def drop_row_checksums(db: Database) -> None:
    """Drop all checksums and their triggers, before a migration changes rows or columns.

    Without its triggers `watch_tables` starts over, even if the migration was killed half-way.
    """
    if db["seals"].exists():
        with db.atomic():
            for (trigger,) in db.conn.execute(_TRIGGERS).fetchall():
                db.conn.execute(f'drop trigger "{trigger}"')
            db.conn.execute("delete from seals")
            db.conn.execute("delete from unsealed")


def _watch(db: Database, table: CheckedTable) -> None:
    # Not “insert or ignore”: an upsert outside a trigger would make its conflict an error.
    mark = (
        "insert into unsealed (name, block) select '{name}', {block}"
        " where not exists (select 1 from unsealed where name = '{name}' and block = {block});"
    )
    rows = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}
    for event, which in rows.items():
        marks = " ".join(mark.format(name=table.name, block=table.block(row)) for row in which)
        db.conn.execute(f'drop trigger if exists "{table.name}_unseal_{event}"')
        db.conn.execute(
            f'create trigger "{table.name}_unseal_{event}" after {event} on "{table.name}" begin {marks} end'
        )
    db.conn.execute(f"insert or ignore into unsealed select distinct '{table.name}', block from ({_blocks(table)})")  # noqa: S608


def _blocks(table: CheckedTable) -> str:
    return f'select {table.block(table.name)} as block from "{table.name}"'  # noqa: S608


def write_row_checksums(db: Database) -> int:
    """Write the checksum of every block written to; return their number. Opens transactions if none is open."""
    tables = {table.name: table for table in checked_tables(db)}
    written = 0
    while True:
        with db.atomic():
            blocks = db.conn.execute("select name, block from unsealed limit ?", (BATCH,)).fetchall()
            for name, block in blocks:
                _write_checksum(db, tables.get(name), name, block)
        written += len(blocks)
        if len(blocks) < BATCH:
            return written


def _write_checksum(db: Database, table: CheckedTable | None, name: str, block: int) -> None:
    found = (
        ""
        if table is None
        else _digest(r for _, r in db.conn.execute(f"{table.rows} where {table.part}{table.order}", (block,)))
    )
    if found:
        db.conn.execute(
            "insert into seals (name, block, digest) values (?, ?, ?)"
            " on conflict (name, block) do update set digest = excluded.digest",
            (name, block, found),
        )
    else:
        db.conn.execute("delete from seals where name = ? and block = ?", (name, block))
    db.conn.execute("delete from unsealed where name = ? and block = ?", (name, block))


def _digest(rows: Iterator[bytes]) -> str:
    """Return the digest of the rows of a block; empty without rows."""
    found = hashlib.sha256()
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        found.update(b"%d:" % len(row) + row)
    return found.hexdigest()[:32] if count else ""


def changed_rows(db: Database, *, progress: Callable[[str], None] = lambda _table: None) -> Iterator[tuple[str, str]]:
    """Yield table and message for each block that differs from its checksum; `progress` gets each table's name."""
    open_blocks = set(db.conn.execute("select name, block from unsealed").fetchall())
    for table in checked_tables(db):
        progress(table.name)
        checksums = dict(db.conn.execute("select block, digest from seals where name = ?", (table.name,)).fetchall())
        rows = db.conn.execute(table.rows + table.order)
        for block, group in groupby(rows, key=lambda row: row[0]):
            digest = _digest(row for _, row in group)
            checksum = checksums.pop(block, None)
            if digest != checksum and (table.name, block) not in open_blocks:
                yield table.name, f"{_where(table, block)} differ{'s' if table.whole else ''} from what was written"
        for block in checksums:
            if (table.name, block) not in open_blocks:
                yield table.name, f"{_where(table, block)} {'is' if table.whole else 'are'} missing"


def _where(table: CheckedTable, block: int) -> str:
    if table.whole:
        return f"the table {table.name}"
    return f"rows {block << BLOCK_BITS} to {((block + 1) << BLOCK_BITS) - 1} of {table.name} ({table.keys[0]})"
