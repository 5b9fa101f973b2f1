"""Which WARC files are to be written anew when captures go, and where the other captures stand then."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from newsarchive.database.removal import Place
from newsarchive.items import Page
from newsarchive.members import Damage, Record, RecordError, parse_record, read_member
from newsarchive.takedown.finding import KEPT, Progress, left_records
from newsarchive.takedown.rewriting import Rewritten, rewrite
from newsarchive.takedown.traces import Traces
from newsarchive.urls import url_key

Row = dict[str, Any]


@dataclass(kw_only=True)
class Removal:
    """Files written anew, and for each capture in them its new place; None where it goes."""

    files: list[Rewritten] = field(default_factory=list)
    moved: dict[int, Place | None] = field(default_factory=dict)


def plan_removal(
    db: Database,
    folder: Path,
    captures: Collection[int],
    *,
    keys: Collection[str] = (),
    traces: Traces | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Removal:
    """Write anew every WARC file that holds one of the captures; nothing else is changed yet.

    Records that no row knows go too where they are of the addresses `keys`, or hold the text. A revisit of what goes
    becomes a response of its own.
    """
    gone = _rows(db, captures)

    def belongs(record: Record) -> bool:
        return url_key(record.url) in keys or (traces is not None and traces.in_page(_page(record)))

    promote = _revisits(db, folder / "warc", gone)
    names = {row["warc"] for row in gone} | set(promote) | set(_left_files(db, folder / "warc", belongs))
    removal = Removal()
    for done, name in enumerate(sorted(names)):
        progress("WARC files", done, len(names))
        rows = {row["offset"]: row for row in db.query("select id, offset from captures where warc = ?", [name])}
        offsets = {row["offset"] for row in gone if row["warc"] == name}

        def drop(offset: int, record: Record, rows: dict[int, Row] = rows, offsets: set[int] = offsets) -> bool:
            if offset in rows:
                return offset in offsets
            return url_key(record.url) in keys or (record.kind in KEPT and belongs(record))

        path = folder / "warc" / name
        if not path.exists():
            removal.moved |= {rows[offset]["id"]: None for offset in offsets}
            continue
        rewritten = rewrite(path, drop=drop, promote=promote.get(name, {}))
        removal.files.append(rewritten)
        removal.moved |= {row["id"]: rewritten.places.get(offset) for offset, row in rows.items()}
    return removal


def _rows(db: Database, captures: Iterable[int]) -> list[Row]:
    sql = "select c.* from json_each(?) j join captures c on c.id = j.value order by c.warc, c.offset"
    return list(db.query(sql, [json.dumps(sorted(captures))]))


def _page(record: Record) -> Page:
    headers = {}
    for line in record.head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Page(url=record.url, body=record.payload, headers=headers)


def _revisits(db: Database, folder: Path, gone: list[Row]) -> dict[str, dict[int, bytes]]:
    """By file and offset the payloads of revisits that stay while what they repeat goes."""
    found: dict[str, dict[int, bytes]] = {}
    numbers = json.dumps([row["id"] for row in gone])
    for row in gone:
        others = db.query(
            "select warc, offset from captures where sha256 = ?1 and ifnull(refers_to, ?2) = ?2"
            " and id not in (select value from json_each(?3))",
            [row["sha256"], row["id"], numbers],
        )
        for other in others:
            revisit, original = _record(folder, other), _record(folder, row)
            if revisit is not None and revisit.kind == "revisit" and original and original.kind != "revisit":
                found.setdefault(other["warc"], {})[other["offset"]] = original.payload
    return found


def _record(folder: Path, row: Row) -> Record | None:
    try:
        member = read_member(folder / row["warc"], row["offset"])
        return None if isinstance(member, Damage) else parse_record(member.data)
    except (OSError, RecordError):
        return None


def _left_files(db: Database, folder: Path, belongs: Callable[[Record], bool]) -> Iterable[str]:
    """Files of runs that did not end well, with records behind their last row that belong to what goes."""
    rows = db.conn.execute(
        "select c.warc, max(c.offset + c.length) from captures c join runs r on r.id = c.run"
        " where r.finished is null or r.reason not in ('finished', 'interrupted') group by c.warc"
    ).fetchall()
    for name, end in rows:
        if (folder / name).exists() and left_records(folder / name, end, belongs):
            yield name
