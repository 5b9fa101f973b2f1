"""Planning the removal of captures: the WARC files to rewrite, and the new positions of the other captures."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from newsarchive.captures.records import Damage, Member, Record, RecordError, parse_record, read_member, read_members
from newsarchive.database.removal import Place, move_captures, replace_warc
from newsarchive.database.warcfiles import is_being_written
from newsarchive.takedown.finding import Progress
from newsarchive.takedown.rewriting import Rewritten, rewrite

Row = dict[str, Any]


@dataclass(kw_only=True)
class Removal:
    """Rewritten files, and the new place of each capture in them; None if it is removed."""

    files: list[Rewritten] = field(default_factory=list)
    moved: dict[int, Place | None] = field(default_factory=dict)

    def apply(self, db: Database) -> None:
        """Record the removal in the database."""
        for done in self.files:
            replace_warc(db, done.old.name, done.new, sha256=done.sha256)
        move_captures(db, self.moved)

    def discard(self) -> None:
        """Delete the new files."""
        for done in self.files:
            done.discard()


Belongs = Callable[[Record], bool]
"""Returns True if a record without a row in `captures` belongs to what is taken down."""


def plan_removal(
    db: Database,
    folder: Path,
    captures: Collection[int],
    *,
    belongs: Belongs,
    files: Collection[Path] | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Removal:
    """Rewrite every WARC file with one of the captures, or with a record of theirs; nothing else is changed yet.

    Records without a row are removed if `belongs` returns True; they are looked for in `files`, by default in all. A
    revisit of a removed capture becomes a response of its own. A file that a run still writes to is left to that run,
    and so is a capture that a record in such a file repeats.
    """
    warcs = folder / "warc"
    growing = {path.name for path in warcs.glob("*.warc.gz") if is_being_written(path)}
    gone = [row for row in _rows(db, captures) if row["warc"] not in growing]
    promote, needed = _revisits(db, warcs, gone, growing)
    gone = [row for row in gone if row["id"] not in needed]
    searched = sorted(warcs.glob("*.warc.gz") if files is None else files)
    left = {path.name for path in searched if path.name not in growing and _has_left(db, path, belongs)}
    names = {row["warc"] for row in gone} | set(promote) | left
    removal = Removal()
    try:
        for done, name in enumerate(sorted(names)):
            progress("WARC files", done, len(names))
            offsets = {row["offset"] for row in gone if row["warc"] == name}
            _rewrite(db, warcs / name, removal, offsets, belongs, promote.get(name, {}))
    except BaseException:
        removal.discard()
        raise
    return removal


def _rewrite(
    db: Database,
    path: Path,
    removal: Removal,
    offsets: set[int],
    belongs: Belongs,
    promote: dict[int, bytes],
) -> None:
    """Rewrite one file without the captures at `offsets`."""
    rows = {row["offset"]: row["id"] for row in db.query("select id, offset from captures where warc = ?", [path.name])}

    def drop(offset: int, record: Record) -> bool:
        return offset in offsets if offset in rows else belongs(record)

    if not path.exists():
        removal.moved |= {rows[offset]: None for offset in offsets}
        return
    rewritten = rewrite(path, drop=drop, promote=promote, known=rows.keys() - offsets)
    removal.files.append(rewritten)
    removal.moved |= {number: rewritten.places.get(offset) for offset, number in rows.items()}


def _has_left(db: Database, path: Path, belongs: Belongs) -> bool:
    """Return True if a file has anything without a row that is to be removed: a record, or part of one."""
    for member in _unknown(db, path):
        if isinstance(member, Damage):
            return True
        try:
            record = parse_record(member.data)
        except RecordError:
            continue
        if belongs(record):
            return True
    return False


def _unknown(db: Database, path: Path) -> Iterator[Member | Damage]:
    """Yield what has no row in `captures`: requests, and records that a killed run did not use."""
    rows = db.conn.execute("select offset, length from captures where warc = ? order by offset", (path.name,))
    at = 0
    for offset, length in rows.fetchall():
        if offset > at:
            yield from read_members(path, start=at, end=offset)
        at = max(at, offset + length)
    yield from read_members(path, start=at)


def _rows(db: Database, captures: Iterable[int]) -> list[Row]:
    sql = "select c.* from json_each(?) j join captures c on c.id = j.value order by c.warc, c.offset"
    return list(db.query(sql, [json.dumps(sorted(captures))]))


def _revisits(
    db: Database, folder: Path, gone: list[Row], growing: Collection[str]
) -> tuple[dict[str, dict[int, bytes]], set[int]]:
    """Return the payloads, by file and offset, of revisits that stay while their originals are removed.

    Also returns the captures repeated by revisits in files still being written, which cannot be removed yet.
    """
    found: dict[str, dict[int, bytes]] = {}
    needed: set[int] = set()
    numbers = json.dumps([row["id"] for row in gone])
    for row in gone:
        others = db.query(
            "select warc, offset from captures where sha256 = ?1 and ifnull(refers_to, ?2) = ?2"
            " and id not in (select value from json_each(?3))",
            [row["sha256"], row["id"], numbers],
        )
        for other in others:
            revisit, original = read_record(folder, other), read_record(folder, row)
            if revisit is None or revisit.kind != "revisit" or not original or original.kind == "revisit":
                continue
            if other["warc"] in growing:
                needed.add(row["id"])
            else:
                found.setdefault(other["warc"], {})[other["offset"]] = original.payload
    return found, needed


def read_record(folder: Path, row: Mapping[str, Any]) -> Record | None:
    """Return the record of a row of `captures` with `warc` and `offset`; None if it cannot be read."""
    try:
        member = read_member(folder / row["warc"], row["offset"])
        return None if isinstance(member, Damage) else parse_record(member.data)
    except (OSError, RecordError):
        return None
