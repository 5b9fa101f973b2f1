"""The captures of an export: the articles' pages and images. Every record is complete within the export."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from newsarchive.captures.records import Damage, Member, Record, RecordError, as_response, parse_record, read_members
from newsarchive.export.files import ExportError, refuse_archive_path
from newsarchive.export.records import Job
from newsarchive.export.records import Record as ArticleRecord
from newsarchive.search import Reading
from newsarchive.search.several import Archives, databases
from newsarchive.urls import as_requested

_OWN = """
with shown (url) as (select value from json_each(:shown)),
own (id) as (
    select p.capture from revision_captures p join revisions r on r.id = p.revision where r.article = :article
    union select c.id from urls u join captures c on c.url = u.url where u.article = :article
    union select c.id from shown s join captures c on c.url = s.url
    union select v.capture from shown s join images i on i.url = s.url join image_versions v on v.image = i.id)
select c.id, c.warc, c.offset, c.time, c.sha256, c.refers_to
from own join captures c on c.id = own.id order by c.time, c.id
"""
"""Captures of the article's pages at all its addresses, and of the images of all its revisions (URLs in `shown`)."""
_SHOWN = """
select json_extract(i.value, '$.url') from revisions r, json_each(r.images) i where r.article = ?1
union select json_extract(i.value, '$.shown') from revisions r, json_each(r.images) i where r.article = ?1
"""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A capture to write: its records with their bytes, the response first, then the request."""

    time: str
    sha256: str
    records: list[tuple[Record, bytes]]


class Captures:
    """The captures of a job's articles, each returned once."""

    def __init__(self, job: Job) -> None:
        self._parts = [
            _Captures(db, [a for a, of in zip(job.articles, job.parts, strict=True) if of == part])
            for part, db in enumerate(job.dbs)
        ]

    def of(self, record: ArticleRecord) -> Iterator[Copy]:
        """Yield the captures of an article not returned before, by time. Raises ExportError if one is unreadable."""
        return self._parts[record["part"]].of(record["id"])


class _Captures:
    """The captures of articles of one archive.

    Records are copied byte for byte, with one exception: a revisit of a capture outside the export becomes a full
    response, because the original record belongs to another article, which may be withheld.
    """

    def __init__(self, db: Database, articles: Iterable[int]) -> None:
        self._db = db
        self._folder = archive_folder(db) / "warc"
        (highest,) = db.conn.execute("select coalesce(max(id), 0) from captures").fetchone()
        self._state = bytearray(highest + 1)  # one byte per capture: 1 to be returned, 2 returned
        for article in articles:
            for row in self._rows(article):
                self._state[row[0]] = 1

    def of(self, article: int) -> Iterator[Copy]:
        """Yield the captures of an article not returned before, by time. Raises ExportError if one is unreadable."""
        for number, warc, offset, time, sha256, original in self._rows(article):
            if self._state[number] == 1:
                self._state[number] = 2
                records = list(_records(self._folder / warc, offset))
                if original is not None and not self._state[original]:
                    records[0] = self._as_response(records[0][0], original)
                yield Copy(time=time, sha256=sha256, records=records)

    def _rows(self, article: int) -> list[tuple[Any, ...]]:
        shown = [url for (url,) in self._db.conn.execute(_SHOWN, (article,)) if url]
        addresses = json.dumps([*shown, *map(as_requested, shown)])
        return self._db.conn.execute(_OWN, {"article": article, "shown": addresses}).fetchall()

    def _as_response(self, record: Record, original: int) -> tuple[Record, bytes]:
        place = "select warc, offset from captures where id = ?"
        warc, offset = self._db.conn.execute(place, (original,)).fetchone()
        (source, _), *_ = _records(self._folder / warc, offset)
        data = as_response(record, source.payload)
        return parse_record(gzip.decompress(data)), data


def archive_folder(db: Database) -> Path:
    """Return the folder of an open archive."""
    (name,) = db.conn.execute("select file from pragma_database_list where name = 'main'").fetchone()
    return Path(name).parent


def refuse_own_path(path: Path, reading: Reading) -> None:
    """Raise ExportError if `path` would overwrite a part of what is read: of an archive, or of a collection."""
    for db in databases(reading):
        refuse_archive_path(path, archive_folder(db))
    if isinstance(reading, Archives) and reading.root and Path(os.path.realpath(path)).is_relative_to(reading.root):
        raise ExportError(f"{path} belongs to the collection itself; choose another path.")


def _records(path: Path, offset: int) -> Iterator[tuple[Record, bytes]]:
    """Yield a capture's record, and the request that follows it, if any. Raises ExportError."""
    try:
        for number, member in enumerate(read_members(path, start=offset)):
            record = _record(member, path) if number == 0 else _request(member)
            if record is None or number > 1:
                break
            assert isinstance(member, Member)
            with open(path, "rb") as file:
                file.seek(member.offset)
                yield record, file.read(member.length)
    except OSError as error:
        raise ExportError(f"Cannot read {path}: {error.strerror}.") from error


def _record(member: Member | Damage, path: Path) -> Record:
    try:
        if isinstance(member, Damage):
            raise RecordError(member.reason)
        return parse_record(member.data)
    except RecordError as error:
        at = f"the capture at byte {member.offset} of {path}"
        raise ExportError(f"Cannot read {at}: {error}. Run “newsarchive check” to list all damage.") from error


def _request(member: Member | Damage) -> Record | None:
    try:
        record = parse_record(member.data) if isinstance(member, Member) else None
    except RecordError:
        return None
    return record if record is not None and record.kind == "request" else None
