"""Splitting an archive into the shards of a collection, and merging the shards of a collection into an archive."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from newsarchive.captures.records import Record
from newsarchive.collection.errors import CollectionError
from newsarchive.collection.rows import copy_rows, rows_left
from newsarchive.collection.shards import Collection
from newsarchive.collection.store import delete_tree
from newsarchive.collection.tasks import Held, ShardTask, TaskResult, run_task
from newsarchive.configuration import FILE, OWNER_ONLY
from newsarchive.database import lock_archive, open_archive, read_archive, write_page_checksums
from newsarchive.database.disk import sync_folder, write_whole
from newsarchive.images.files import ENDINGS
from newsarchive.sites import Site, profile_paths, site_of
from newsarchive.takedown import clean_up
from newsarchive.takedown.captures import read_record
from newsarchive.takedown.rewriting import rewrite

Progress = Callable[[str, int, int], None]


def split_archive(folder: Path, collection: Collection, *, progress: Progress) -> list[str]:
    """Make a shard of each newspaper of the archive in `folder`, which is not changed; return their names.

    A split that was interrupted is finished by the next: shards that are there stay as they are.
    """
    with lock_archive(folder, "collection split"):
        with closing(open_archive(folder)) as db:
            clean_up(db, folder)
            sites = _sites_of(db)
        profiles = profile_paths(folder / "sites")
        names = sorted({*sites, *profiles})
        if (folder / FILE).exists():
            collection.store.replace(FILE, (folder / FILE).read_bytes())
        for number, name in enumerate(names):
            progress("shards", number, len(names))
            if collection.shard(name).latest() is not None:
                continue

            def work(task: ShardTask, archive: Path, held: Held) -> TaskResult:
                _fill(archive, folder, task.shard, sites)
                held.lease.check()
                return TaskResult(shard=task.shard)

            run_task(collection, ShardTask(shard=name, command=("split",)), work=work)
    return names


def _sites_of(db: Database) -> dict[str, Site]:
    return {row["name"]: Site(name=row["name"], url=row["url"]) for row in db.query("select name, url from sites")}


def _fill(archive: Path, source: Path, name: str, sites: dict[str, Site]) -> None:
    """Fill an empty archive with what an archive has of one newspaper."""

    def owner(url: str) -> str:
        found = site_of(url, sites.values())
        return found.name if found else ""

    with _joined(archive, source) as db:
        copy_rows(db, site=name, site_of=owner)
        for warc in [row[0] for row in db.conn.execute("select distinct warc from captures")]:
            _take_warc(db, source, archive, warc)
        _take_images(db, source, archive)
    profile = source / "sites" / f"{name}.toml"
    if profile.exists():
        shutil.copyfile(profile, archive / "sites" / profile.name)


def _take_warc(db: Database, source: Path, archive: Path, warc: str) -> None:
    """Take over a WARC file; without the captures of other newspapers, and with whole payloads in place of repeats."""
    path = source / "warc" / warc
    if not path.exists():
        return
    target = archive / "warc" / warc
    here = {row[0] for row in db.conn.execute("select offset from captures where warc = ?", (warc,))}
    there = {row[0] for row in db.conn.execute("select offset from old.captures where warc = ?", (warc,))}
    promote = _repeats(db, source, warc)
    _link(path, target)
    if here == there and not promote:
        db.conn.execute("insert or ignore into warc_files select * from old.warc_files where name = ?", (warc,))
        return

    def drop(offset: int, record: Record) -> bool:
        return offset not in here and record.kind != "warcinfo"

    done = rewrite(target, drop=drop, promote=promote, known=here)
    target.unlink()
    for offset, place in done.places.items():
        db.conn.execute(
            "update captures set warc = ?, offset = ?, length = ? where warc = ? and offset = ?",
            (place.warc, place.offset, place.length, warc, offset),
        )
    if done.new is not None:
        _record(db, done.new, done.sha256)


_REPEATS = """
select o.warc as warc, o.offset as offset, r.warc as original, r.offset as at
from old.captures o join pick_captures p on p.old = o.id
join old.captures r on r.id <> o.id and r.sha256 = o.sha256 and ifnull(o.refers_to, r.id) = r.id
where o.warc = ? and r.id not in (select old from pick_captures) and (o.refers_to is not null or not exists (
    select 1 from old.captures x join pick_captures q on q.old = x.id where x.sha256 = o.sha256 and x.id <> o.id))
"""
"""The captures of a file that may repeat one which stays behind."""


def _repeats(db: Database, source: Path, warc: str) -> dict[int, bytes]:
    """Return the payloads, by offset, of the revisits in a file whose originals are another newspaper's."""
    found = {}
    for row in list(db.query(_REPEATS, [warc])):
        revisit = read_record(source / "warc", row)
        original = read_record(source / "warc", {"warc": row["original"], "offset": row["at"]})
        if revisit is not None and revisit.kind == "revisit" and original and original.kind != "revisit":
            found[row["offset"]] = original.payload
    return found


def _record(db: Database, path: Path, sha256: str) -> None:
    db.conn.execute(
        "insert into warc_files (name, bytes, sha256, closed) values (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
        (path.name, path.stat().st_size, sha256),
    )


def _take_images(db: Database, source: Path, archive: Path) -> None:
    there = {path.stem: path for path in (source / "images").rglob("[!.]*") if path.is_file()}
    sql = "select sha256, type from images where sha256 is not null union select sha256, type from image_versions"
    for sha256, kind in db.conn.execute(sql).fetchall():
        path = there.get(sha256, source / "images" / f"{sha256}.{ENDINGS.get(kind, '')}")
        target = archive / "images" / path.relative_to(source / "images")
        if path.exists() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(path, target)


def _link(source: Path, target: Path) -> None:
    """Give a file that never changes a second place."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def _joined(archive: Path, source: Path) -> Iterator[Database]:
    """Open an archive to copy rows into it from another, which is attached as `old`; commits at the end."""
    read_archive(source).close()  # migrates one of an older version, where it can be written to
    db = open_archive(archive)
    with closing(db):
        db.conn.execute("pragma foreign_keys = off")
        db.conn.execute("attach ? as old", (f"{(source / 'archive.db').absolute().as_uri()}?mode=ro",))
        with db.atomic():
            yield db
        if lost := rows_left(db):
            raise CollectionError(f"{lost} rows would refer to nothing in {archive}: check the archive in {source}.")
        db.conn.execute("detach old")
    write_page_checksums(archive)


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a merge made."""

    shards: int
    articles: int


def merge_collection(collection: Collection, folder: Path, *, progress: Progress) -> Merged:
    """Make an archive in `folder` of all shards. Raises CollectionError if the folder has anything in it.

    The folder appears when it is complete; what a killed merge left beside it is deleted by the next one.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CollectionError(f"{folder} is not empty: name a new folder for the archive.")
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    for left in folder.absolute().parent.glob(f".{folder.name}.merge-*"):
        delete_tree(left)
    draft = folder.absolute().with_name(f".{folder.name}.merge-{secrets.token_hex(4)}")
    shards = collection.shards()
    try:
        open_archive(draft).close()
        for number, shard in enumerate(shards):
            progress("shards", number, len(shards))
            if (source := shard.open_latest()) is not None:
                _add(draft, source, shard.name)
        _take_settings(collection, draft)
        with closing(read_archive(draft)) as db:
            articles = db["articles"].count
        write_page_checksums(draft)
        with suppress(FileNotFoundError):
            folder.rmdir()
        draft.rename(folder)
        sync_folder(folder.absolute().parent)
    except BaseException:
        delete_tree(draft)
        raise
    return Merged(shards=len(shards), articles=articles)


def _add(archive: Path, source: Path, shard: str) -> None:
    """Add a shard to an archive."""
    with _joined(archive, source) as db:
        names = {row[0] for row in db.conn.execute("select distinct warc from old.captures")}
        names |= {row[0] for row in db.conn.execute("select name from old.warc_files")}
        renamed = {name: _free_name(archive / "warc", name, shard) for name in sorted(names)}
        copy_rows(db, warcs={old: new for old, new in renamed.items() if old != new})
        for old, new in renamed.items():
            if (source / "warc" / old).exists():
                shutil.copyfile(source / "warc" / old, archive / "warc" / new)
            db.conn.execute(
                "insert into warc_files (name, bytes, sha256, closed) select ?, bytes, sha256, closed"
                " from old.warc_files where name = ?",
                (new, old),
            )
        for path in (source / "images").rglob("[!.]*"):
            target = archive / path.relative_to(source)
            if path.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    for path in profile_paths(source / "sites").values():
        shutil.copyfile(path, archive / "sites" / path.name)


def _free_name(folder: Path, name: str, shard: str) -> str:
    """Return a name for a WARC file that no other shard's file has."""
    return name if not (folder / name).exists() else f"{shard}-{name}"


def _take_settings(collection: Collection, archive: Path) -> None:
    for name in (FILE, *(f"sites/{name}" for name in collection.store.names("sites"))):
        with suppress(FileNotFoundError):
            write_whole(archive / name, collection.store.read(name))
            (archive / name).chmod(OWNER_ONLY)
