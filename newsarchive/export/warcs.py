"""WARC files of the captures that articles were read from: self-contained, of at most a chosen size each."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from uuid import NAMESPACE_OID, uuid5

from sqlite_utils import Database
from warcio.warcwriter import WARCWriter

from newsarchive import __version__
from newsarchive.export.files import ExportError
from newsarchive.export.records import Job
from newsarchive.members import Member, RecordError, parse_record, read_members

LARGEST = 1 << 30
"""Bytes of a file, where nobody chose: what crawlers and libraries commonly make."""

_CAPTURES = """
with own (id) as (
    select p.capture from revision_captures p join revisions r on r.id = p.revision where r.article = :article
    union select c.id from urls u join captures c on c.url = u.url where u.article = :article)
select c.warc, c.offset, c.time, c.sha256 from captures c
where c.id in (select id from own union select c.refers_to from own join captures c on c.id = own.id)
order by c.time, c.id
"""
"""Its captures, and those that hold the payloads which some of them repeat."""


def write_warcs(job: Job, path: Path) -> None:
    """Write all captures of the articles' pages into files ``001.warc.gz``, ... in the folder `path`.

    Records are copied byte for byte, each response with the request that brought it. Raises ExportError where a
    capture cannot be read.
    """
    source = archive_folder(job.db) / "warc"
    writer = _Writer(path, job.largest or LARGEST)
    written: set[tuple[str, int]] = set()
    for record in job.records():
        for warc, offset, time, digest in job.db.conn.execute(_CAPTURES, {"article": record["id"]}).fetchall():
            if (warc, offset) not in written:
                written.add((warc, offset))
                writer.write(list(_members(source / warc, offset)), time=time, digest=digest)
    writer.close()


def archive_folder(db: Database) -> Path:
    """The folder of an open archive."""
    (name,) = db.conn.execute("select file from pragma_database_list where name = 'main'").fetchone()
    return Path(name).parent


def _members(path: Path, offset: int) -> Iterator[bytes]:
    """The bytes of a capture's record, and of the request record that follows it."""
    try:
        for number, member in enumerate(read_members(path, start=offset)):
            if not isinstance(member, Member) or number > 1 or (number and not _is_request(member)):
                break
            with open(path, "rb") as file:
                file.seek(member.offset)
                yield file.read(member.length)
    except OSError as error:
        raise ExportError(f"Cannot read {path}: {error.strerror}.") from error


def _is_request(member: Member) -> bool:
    try:
        return parse_record(member.data).kind == "request"
    except RecordError:
        return False


class _Writer:
    """Files in a folder, a new one where the next records would make the last one too large."""

    def __init__(self, folder: Path, largest: int) -> None:
        self._folder, self._largest = folder, largest
        self._file: BinaryIO | None = None
        self._number = 0

    def write(self, members: list[bytes], *, time: str, digest: str) -> None:
        """Append a record with its request; they stay together. `time` and `digest` are of its capture."""
        size = sum(map(len, members))
        if self._file is None or (self._file.tell() + size > self._largest and self._number):
            self._open(time, digest)
        assert self._file is not None
        for member in members:
            self._file.write(member)

    def _open(self, time: str, digest: str) -> None:
        self.close()
        self._number += 1
        name = f"{self._number:03}.warc.gz"
        self._file = open(self._folder / name, "xb")  # noqa: SIM115
        self._file.write(_warcinfo(name, time, digest))

    def close(self) -> None:
        """Close the last file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _warcinfo(name: str, time: str, digest: str) -> bytes:
    """The first record of a file, with the time of its first capture: the same captures give the same bytes."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    info: dict[str, Any] = {"software": f"newsarchive/{__version__}", "format": "WARC File Format 1.1"}
    record = writer.create_warcinfo_record(name, info)
    record.rec_headers.replace_header("WARC-Date", time)
    record.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{uuid5(NAMESPACE_OID, name + digest)}>")
    writer.write_record(record)
    return out.getvalue()
