"""WARC files without some of their records: written anew beside the old ones, which stay until the database agrees."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive.database.removal import Place
from newsarchive.members import Member, Record, RecordError, as_response, parse_record, read_members


@dataclass(kw_only=True)
class Rewritten:
    """What became of a file: its new self (None: nothing was left), and the new place of each record by the old one."""

    old: Path
    new: Path | None = None
    sha256: str = ""
    places: dict[int, Place] = field(default_factory=dict)


def rewrite(
    path: Path,
    *,
    drop: Callable[[int, Record], bool],
    promote: Mapping[int, bytes],
) -> Rewritten:
    """Write a WARC file anew without the records for which `drop` (offset, record) says so, and their requests.

    `promote` gives by offset the payloads of revisits that are to become responses, for what they repeat is dropped.
    Bytes that are no whole record, such as the end that a killed run left, are not taken over.
    """
    gone = _ids(path, drop)
    new = _next_name(path)
    result = Rewritten(old=path)
    digest = hashlib.sha256()
    kept = 0
    with open(new, "wb") as file:
        for member, record in _records(path):
            if drop(member.offset, record) or record.fields.get("warc-concurrent-to") in gone:
                continue
            data = _bytes(path, member)
            if member.offset in promote:
                data = as_response(record, promote[member.offset])
            result.places[member.offset] = Place(warc=new.name, offset=file.tell(), length=len(data))
            file.write(data)
            digest.update(data)
            kept += record.kind != "warcinfo"
        file.flush()
        os.fsync(file.fileno())
    if kept:
        result.new, result.sha256 = new, digest.hexdigest()
    else:
        new.unlink()
        result.places.clear()
    return result


def _ids(path: Path, drop: Callable[[int, Record], bool]) -> set[str]:
    return {
        record.fields.get("warc-record-id", "-") for member, record in _records(path) if drop(member.offset, record)
    }


def _records(path: Path) -> Iterator[tuple[Member, Record]]:
    for member in read_members(path):
        if isinstance(member, Member):
            try:
                record = parse_record(member.data)
            except RecordError:  # broken, but not ours to throw away
                record = Record(block=b"")
            yield member, record


def _bytes(path: Path, member: Member) -> bytes:
    with open(path, "rb") as file:
        file.seek(member.offset)
        return file.read(member.length)


def _next_name(path: Path) -> Path:
    """The name of the next writing of a file: a.warc.gz, a-r2.warc.gz, a-r3.warc.gz."""
    base = path.name.removesuffix(".warc.gz")
    found = re.fullmatch(r"(.+)-r(\d+)", base)
    stem, number = (found[1], int(found[2])) if found else (base, 1)
    return path.with_name(f"{stem}-r{number + 1}.warc.gz")
