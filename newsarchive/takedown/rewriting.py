"""Rewriting WARC files without some of their records; the old files stay until the database lists the new ones."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from newsarchive.captures.records import Damage, Member, Record, RecordError, as_response, parse_record, read_members
from newsarchive.database.removal import Place

CAPTURES = ("response", "resource", "revisit")
"""Types of records that are captures; others describe a capture or the file."""


@dataclass(kw_only=True)
class Rewritten:
    """A rewritten file (`new` is None if nothing was left), and the new place of each record by its old offset."""

    old: Path
    new: Path | None = None
    sha256: str = ""
    places: dict[int, Place] = field(default_factory=dict)

    def discard(self) -> None:
        """Delete the new file."""
        if self.new is not None:
            self.new.unlink(missing_ok=True)
            self.new = None


def rewrite(
    path: Path,
    *,
    drop: Callable[[int, Record], bool],
    promote: Mapping[int, bytes],
    known: Collection[int] = (),
) -> Rewritten:
    """Rewrite a WARC file without the captures for which `drop` (offset, record) returns True.

    Records about them (requests, metadata) are removed too; `drop` decides on such a record only if its capture is not
    in the file. `promote` maps offsets to the payloads of revisits that become responses because their originals are
    dropped. Bytes that are not a complete record, such as the end left by a killed run, are not copied, unless they
    start at one of the `known` offsets: a broken capture stays, to be reported.
    """
    dropped = _dropped(path, drop)
    new = _next_name(path)
    result = Rewritten(old=path, new=new)
    digest = hashlib.sha256()
    kept = 0
    with open(new, "xb") as file:
        for member, record in _records(path):
            if member.offset in dropped or (isinstance(member, Damage) and member.offset not in known):
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
    result.sha256 = digest.hexdigest()
    if not kept:
        result.discard()
        result.places.clear()
    return result


def _dropped(path: Path, drop: Callable[[int, Record], bool]) -> set[int]:
    """The offsets of the records that go."""
    found: set[int] = set()
    goes: dict[str, bool] = {}
    for member, record in _records(path):
        if isinstance(member, Damage):
            continue
        about = [record.fields.get(name, "") for name in ("warc-concurrent-to", "warc-refers-to")]
        known = [] if record.kind in CAPTURES else [goes[number] for number in about if number and number in goes]
        gone = any(known) if known else drop(member.offset, record)
        goes[record.fields.get("warc-record-id", "")] = gone
        if gone:
            found.add(member.offset)
    return found


def _records(path: Path) -> Iterator[tuple[Member | Damage, Record]]:
    for member in read_members(path):
        try:
            record = parse_record(member.data) if isinstance(member, Member) else Record(block=b"")
        except RecordError:  # broken, but not ours to throw away
            record = Record(block=b"")
        yield member, record


def _bytes(path: Path, member: Member | Damage) -> bytes:
    with open(path, "rb") as file:
        file.seek(member.offset)
        return file.read(member.length)


def _next_name(path: Path) -> Path:
    """The name of the next writing of a file: a.warc.gz, a-r2.warc.gz, a-r3.warc.gz."""
    base = path.name.removesuffix(".warc.gz")
    found = re.fullmatch(r"(.+)-r(\d+)", base)
    stem, number = (found[1], int(found[2])) if found else (base, 1)
    names = (path.with_name(f"{stem}-r{further}.warc.gz") for further in count(number + 1))
    return next(name for name in names if not name.exists())
