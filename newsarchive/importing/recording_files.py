"""Files of records, and the records in them by their offset."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from newsarchive.captures.records import Damage, Member, Record, RecordError, member_in, next_member, read_member
from newsarchive.importing.arc import read_arc_at
from newsarchive.importing.framing import Framed, ReadAt, read_records, read_warc_at, skip_padding
from newsarchive.text.compression import GZIP_DEFLATE


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A file of records: plain, in gzip members that each hold whole records, or some so and some so."""

    path: Path
    """The file to read: the one that was given, or what was unpacked of it."""
    name: str
    """What messages call it: the file that was given."""
    is_arc: bool = False
    offsets: tuple[int, ...] = ()
    """Of the records to read, where an index says which; empty for all."""

    @property
    def _read_at(self) -> ReadAt:
        return read_arc_at if self.is_arc else read_warc_at

    def records(self) -> Iterator[tuple[Where, Record | Damage]]:
        """Yield every record of the file that is to be read, and what is damaged."""
        if self.offsets:
            for offset in self.offsets:
                try:
                    yield Where(self, offset), self.read(offset, 0)
                except RecordError as error:
                    yield Where(self, offset), Damage(offset=offset, length=0, reason=str(error))
            return
        with open(self.path, "rb") as file:
            at = skip_padding(file, len(BOM_UTF8) if file.read(3) == BOM_UTF8 else 0)
            while at is not None:
                if _is_gzip(file, at):
                    length = yield from self._member_at(file, at)
                else:
                    found = _up_to_a_member(file, self._read_at(file, at))
                    yield from _located(Where(self, at), found)
                    length = found.length
                at = skip_padding(file, at + length)

    def _member_at(self, file: BinaryIO, at: int) -> Generator[tuple[Where, Record | Damage], None, int]:
        """Yield the records of the gzip member at an offset. Returns its length."""
        member = member_in(file, at, os.fstat(file.fileno()).st_size)
        if isinstance(member, Member):
            yield from self._in_member(member)
        elif member.data and (cut := self._cut_in(member)):
            yield from _located(Where(self, at), cut)
        else:
            yield Where(self, at), member
        return member.length

    def _cut_in(self, damage: Damage) -> Framed | None:
        """Return the record in which the last member ends, if what there is of it is of use."""
        found = self._read_at(BytesIO(damage.data), 0)
        return found if isinstance(found, Framed) and found.is_cut else None

    def _in_member(self, member: Member) -> Iterator[tuple[Where, Record | Damage]]:
        for found in read_records(BytesIO(member.data), self._read_at):
            where = Where(self, member.offset, found.offset)
            if isinstance(found, Framed):
                yield from _located(where, found)
            else:
                yield where, Damage(offset=member.offset, length=member.length, reason=found.reason)

    def read(self, offset: int, inner: int) -> Record:
        """Read one record. Raises RecordError."""
        with open(self.path, "rb") as file:
            if not _is_gzip(file, offset):
                found = self._read_at(file, offset)
            else:
                member = read_member(self.path, offset)
                if isinstance(member, Damage) and not member.data:
                    raise RecordError(member.reason)
                found = self._read_at(BytesIO(member.data), inner)
        if isinstance(found, Damage):
            raise RecordError(found.reason)
        return found.record


def _up_to_a_member(file: BinaryIO, found: Framed | Damage) -> Framed | Damage:
    """Return what was found, damage only as far as to the next gzip member."""
    if isinstance(found, Framed) or found.whole:
        return found
    end = next_member(file, found.offset, found.offset + found.length)
    is_last = end == found.offset + found.length
    return found if is_last else replace(found, length=end - found.offset, ends=False)


def _is_gzip(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    return file.read(len(GZIP_DEFLATE)) == GZIP_DEFLATE


def _located(where: Where, found: Framed | Damage) -> Iterator[tuple[Where, Record | Damage]]:
    """Yield a record or damage; of a record in which the data ends both."""
    if isinstance(found, Framed):
        yield where, found.record
        if found.is_cut:
            yield where, Damage(offset=found.offset, length=0, reason=CUT, ends=True)
    else:
        yield where, found


CUT = "the record is not whole; what there is of it is kept as incomplete"


@dataclass(frozen=True, slots=True)
class Where:
    """The location of a record: its file, the offset there, and the offset in the gzip member that begins there."""

    file: RecordingFile
    offset: int
    inner: int = 0

    def read(self) -> Record:
        """Read the record. Raises RecordError."""
        try:
            return self.file.read(self.offset, self.inner)
        except OSError as error:
            raise RecordError(f"it cannot be read: {error.strerror}") from error

    def __str__(self) -> str:
        return f"{self.file.name}, byte {self.offset}"
