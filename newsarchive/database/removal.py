"""Removing rows: an article with all that belongs to it, captures, and names no longer used."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database.row_checksums import write_row_checksums
from newsarchive.database.warcfiles import is_being_written
from newsarchive.times import now

PATIENCE = 10.0
"""Seconds to wait for readers before clearing the log is put off to the next call."""
FULL_TEXT = ("articles_fts", "stems_fts", "reprint_sketches_fts", "edit_texts_fts")
"""The full-text indexes."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The position of a capture after its file was rewritten."""

    warc: str
    offset: int
    length: int


def remove_article(db: Database, article: int) -> None:
    """Delete an article, its revisions, links, search text and embargoes, and names that no other article uses."""
    db.conn.execute("update urls set article = null where article = ?", (article,))
    db.conn.execute(
        "delete from stems where id = ?", (article,)
    )  # its trigger removes it from the index and from search_order
    db.conn.execute("delete from search_order where article = ?", (article,))
    db.conn.execute("update articles set current_revision = null where id = ?", (article,))
    for table in ("revision_captures", "reextractions"):
        db.conn.execute(
            f"delete from {table} where revision in (select id from revisions where article = ?)",  # noqa: S608
            (article,),
        )
    for table in ("uncompared", "unread_edits"):
        db.conn.execute(f"delete from {table} where article = ?", (article,))  # noqa: S608
    tables = ("revisions", "article_authors", "article_images", "article_categories", "article_tags", "embargoes")
    for table in tables:
        db.conn.execute(f"delete from {table} where article = ?", (article,))  # noqa: S608
    db.conn.execute("delete from articles where id = ?", (article,))
    for table, column in (("authors", "author"), ("categories", "category"), ("tags", "tag")):
        db.conn.execute(f"delete from {table} where id not in (select {column} from article_{table})")  # noqa: S608


def remove_images(db: Database, images: Iterable[int]) -> None:
    """Delete images that no article shows any more."""
    for image in images:
        db.conn.execute("delete from image_versions where image = ?", (image,))
        db.conn.execute("delete from images where id = ?", (image,))


def clear_images(db: Database, images: Iterable[int]) -> None:
    """Clear the files of images that were taken down; articles keep their URLs, but none is downloaded again."""
    for image in images:
        db.conn.execute("delete from image_versions where image = ?", (image,))
        db.conn.execute(
            "update images set sha256 = null, bytes = null, width = null, height = null, type = null, phash = null,"
            " capture = null, state = 'refused', reason = 'taken down' where id = ?",
            (image,),
        )


def move_captures(db: Database, moved: Mapping[int, Place | None]) -> None:
    """Update the positions of captures; delete those without a new one."""
    for number, place in moved.items():
        if place is None:
            for table in ("images", "image_versions"):
                db.conn.execute(f"update {table} set capture = null where capture = ?", (number,))  # noqa: S608
            db.conn.execute(
                "update captures set refers_to = null where refers_to = ?", (number,)
            )  # now whole themselves
            db.conn.execute("delete from revision_captures where capture = ?", (number,))
            db.conn.execute("delete from captures where id = ?", (number,))
        else:
            db.conn.execute(
                "update captures set warc = ?, offset = ?, length = ? where id = ?",
                (place.warc, place.offset, place.length, number),
            )


def replace_warc(db: Database, old: str, new: Path | None, *, sha256: str = "") -> None:
    """Record that a WARC file was rewritten, or that nothing was left of it; the old file is to be deleted."""
    db.conn.execute("delete from warc_files where name = ?", (old,))
    mark_outdated(db, [f"warc/{old}"])
    if new is not None:
        db.conn.execute(
            "insert into warc_files (name, bytes, sha256, closed) values (?, ?, ?, ?)",
            (new.name, new.stat().st_size, sha256, now()),
        )


def mark_outdated(db: Database, names: Iterable[str]) -> None:
    """Record files of the archive's folder to be deleted, so that a crash leaves none of them."""
    db.conn.executemany("insert or ignore into outdated_files (name) values (?)", [(name,) for name in names])


@dataclass(frozen=True, kw_only=True)
class Remains:
    """What remains of an article that was taken down: a row of `forgotten`."""

    article: int | None
    site: str
    url: str
    key: str
    published: str | None
    first_seen: str | None
    last_seen: str | None
    digest: str
    revisions: int
    captures: list[dict[str, object]]
    reason: str
    time: str
    run: int


def write_forgotten(db: Database, remains: Remains) -> None:
    """Record what remains of an article that was taken down; a second takedown of the same URL adds its captures."""
    row = vars(remains)
    columns = ", ".join(row)
    db.conn.execute(
        f"insert into forgotten ({columns}) values ({', '.join('?' * len(row))}) on conflict (key) do update set"  # noqa: S608
        " captures = (select json_group_array(json(value)) from (select value from json_each(forgotten.captures)"
        " union all select value from json_each(excluded.captures)))",
        tuple(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in row.values()),
    )


def delete_outdated(db: Database, folder: Path) -> bool:
    """Delete the files recorded for deletion and clear the database's free space; return True if all was done.

    If a reader holds an old state of the database for longer than `PATIENCE`, that state stays in the log until the
    next call. A file that a run still writes to also waits for the next call.
    """
    names = [name for (name,) in db.conn.execute("select name from outdated_files").fetchall()]
    done = [name for name in names if name != "archive.db" and not is_being_written(folder / name)]
    for name in done:
        (folder / name).unlink(missing_ok=True)
    if "archive.db" in names and clear_free_space(db):
        done.append("archive.db")
    if done:
        with db.atomic():
            db.conn.executemany("delete from outdated_files where name = ?", [(name,) for name in done])
        write_row_checksums(db)
    return len(done) == len(names)


def clear_free_space(db: Database) -> bool:
    """Rewrite the database, its full-text indexes and its log without deleted content; return False if readers wait.

    Full-text indexes keep words of deleted texts until their segments are merged.
    """
    db.conn.commit()
    for index in FULL_TEXT:
        with db.atomic():
            db.conn.execute(f"insert into {index}({index}) values ('optimize')")  # noqa: S608
    db.conn.commit()
    db.conn.execute("vacuum")
    patience = time.monotonic() + PATIENCE
    while db.conn.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
        if time.monotonic() > patience:
            return False
        time.sleep(0.2)
    return True
