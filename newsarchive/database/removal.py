"""Taking rows out: an article with all that hangs on it, captures, and what nothing else uses any more."""

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
"""Seconds to wait for readers before the log of the database is given up on."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a capture stands after its file was rewritten."""

    warc: str
    offset: int
    length: int


def remove_article(db: Database, article: int) -> None:
    """Delete an article, its revisions, links, search text and embargoes, and names that nothing else uses."""
    db.conn.execute("update urls set article = null where article = ?", (article,))
    db.conn.execute("delete from stems where id = ?", (article,))  # its trigger takes it out of the index and the order
    db.conn.execute("delete from search_order where article = ?", (article,))
    db.conn.execute("update articles set current_revision = null where id = ?", (article,))
    for table in ("revision_captures", "reextractions"):
        db.conn.execute(
            f"delete from {table} where revision in (select id from revisions where article = ?)",  # noqa: S608
            (article,),
        )
    tables = ("revisions", "article_authors", "article_images", "article_categories", "article_tags", "embargoes")
    for table in tables:
        db.conn.execute(f"delete from {table} where article = ?", (article,))  # noqa: S608
    db.conn.execute("delete from articles where id = ?", (article,))
    for table, column in (("authors", "author"), ("categories", "category"), ("tags", "tag")):
        db.conn.execute(f"delete from {table} where id not in (select {column} from article_{table})")  # noqa: S608


def remove_images(db: Database, images: Iterable[int]) -> None:
    """Delete pictures that no article shows any more."""
    for image in images:
        db.conn.execute("delete from image_versions where image = ?", (image,))
        db.conn.execute("delete from images where id = ?", (image,))


def clear_images(db: Database, images: Iterable[int]) -> None:
    """Forget the files of pictures that were taken down themselves, for articles still name them; none is had again."""
    for image in images:
        db.conn.execute("delete from image_versions where image = ?", (image,))
        db.conn.execute(
            "update images set sha256 = null, bytes = null, width = null, height = null, type = null, phash = null,"
            " capture = null, state = 'refused', reason = 'taken down' where id = ?",
            (image,),
        )


def move_captures(db: Database, moved: Mapping[int, Place | None]) -> None:
    """Give captures their new places; those that have none any more are deleted."""
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
    """Write down that a WARC file was rewritten, or left empty; the old one is to be deleted."""
    db.conn.execute("delete from warc_files where name = ?", (old,))
    mark_outdated(db, [f"warc/{old}"])
    if new is not None:
        db.conn.execute(
            "insert into warc_files (name, bytes, sha256, closed) values (?, ?, ?, ?)",
            (new.name, new.stat().st_size, sha256, now()),
        )


def mark_outdated(db: Database, names: Iterable[str]) -> None:
    """Write down files of the archive's folder that are to be deleted, so that a crash leaves none of them."""
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
    """Delete the files that are to be deleted and clear the database's free space; gives whether all could be done.

    Where a reader holds an old state of the database for longer than `PATIENCE`, that state stays in its log until
    the next call; so does a file that some run still writes.
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
    """Write the database anew without what was deleted, its full-text indexes and its log too.

    Full-text indexes keep words of deleted texts until their parts are merged.
    """
    db.conn.commit()
    for index in ("articles_fts", "stems_fts"):
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
