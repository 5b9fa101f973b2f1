"""Checks of WARC files: each file against its digest, each record against its digests and its row."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from newsarchive.captures.records import (
    Damage,
    Member,
    Record,
    RecordError,
    check_digest,
    parse_record,
    read_member,
    read_members,
)
from newsarchive.captures.revisits import record_fields
from newsarchive.database.warcfiles import file_sha256, is_being_written, is_rewritten, original_name
from newsarchive.fixity.report import Progress, Report
from newsarchive.fixity.state import State
from newsarchive.text.numbers import whole_number

KEPT = ("response", "resource", "revisit")
"""Types of records that have a row in `captures`."""

_ONE_OFF = re.compile(r"(?:fetch|file)-\d{14,20}(?:-\d+)?[.-]")
OWN_HEAD = b"\0\0\0\0\0\x03"
"""Flags, time and system in the gzip headers of our own files."""

Row = dict[str, Any]


def check_warcs(state: State, report: Report, *, progress: Progress, sample: int | None = None) -> None:
    """Check all WARC files byte by byte, or `sample` captures chosen at random."""
    if sample is not None:
        _check_sample(state, report, sample, progress)
        return
    names = _names(state)
    sizes = {name: (state.folder / "warc" / name).stat().st_size for name in names if _exists(state, name)}
    done, total = 0, sum(sizes.values())
    for name in names:
        progress("WARC files", done, total)
        _FileCheck(state, report, name).run(partial(_advance, progress, done, total))
        done += sizes.get(name, 0)
    progress("WARC files", total, total)


def _advance(progress: Progress, base: int, total: int, at: int) -> None:
    progress("WARC files", base + at, total)


def _exists(state: State, name: str) -> bool:
    return (state.folder / "warc" / name).is_file()


def _names(state: State) -> list[str]:
    known = state.db.conn.execute("select distinct warc from captures union select name from warc_files").fetchall()
    outdated = {name.removeprefix("warc/") for (name,) in state.db.conn.execute("select name from outdated_files")}
    found = {
        path.name for path in (state.folder / "warc").glob("*") if path.is_file() and not path.name.startswith(".")
    }
    return sorted({name for (name,) in known} | (found - outdated))


class _FileCheck:
    """The check of one file."""

    def __init__(self, state: State, report: Report, name: str) -> None:
        self._state, self._report, self._name = state, report, name
        self._path = state.folder / "warc" / name
        self._file = f"warc/{name}"
        self._head = b""
        self._numbers: set[str] = set()
        self._broken = False
        """Part of the file is unreadable, so not all record ids are known."""
        self._rows = {row["offset"]: row for row in state.db.query("select * from captures where warc = ?", [name])}
        self._committed = max((row["offset"] + row["length"] for row in self._rows.values()), default=0)
        self._finished = next(iter(state.db.query("select * from warc_files where name = ?", [name])), None)

    def run(self, progress: Callable[[int], None]) -> None:
        """Check the file."""
        if not self._path.is_file():
            self._missing()
            return
        self._report.count("WARC files")
        size = self._path.stat().st_size
        growing = self._finished is None and (is_being_written(self._path) or self._state.is_new(self._path))
        end = self._committed if growing else size
        left = not growing and (self._finished is None or self._was_killed())
        if not growing and not self._rows:
            self._unknown()
            return
        problems = len(self._report.problems)
        for found in read_members(self._path, end=end):
            self._take(found, left=left)
            progress(found.offset)
        for row in self._rows.values():
            self._add(f"there is no record for the capture of {row['url']}", row["offset"], row)
        self._whole_file(size, problems)

    def _missing(self) -> None:
        if not self._state.live(
            "select 1 from captures where warc = ? union select 1 from warc_files where name = ?1", self._name
        ):
            return  # rewritten meanwhile
        articles = {a for row in self._rows.values() for a in self._state.articles_of(row["id"])}
        self._report.add(self._file, "the file is missing", articles=tuple(sorted(articles)))

    def _was_killed(self) -> bool:
        """Return True if the run in the file's name did not finish; a one-off fetch has no run until it does."""
        if _ONE_OFF.match(self._name):
            return not self._rows
        run = original_name(self._name).removesuffix(".warc.gz").rpartition("-")[2]
        row = self._state.db.conn.execute(
            "select 1 from runs where id = ? and command in ('crawl', 'images', 'import')"
            " and (finished is null or reason <> 'finished')",
            (whole_number(run),),
        ).fetchone()
        return row is not None

    def _unknown(self) -> None:
        """Report a file without rows: left by a killed run or takedown if its name says so, else a problem."""
        if is_rewritten(self._name) and self._finished is None:
            self._report.notes.append(f"{self._file}: left by a takedown that was killed; the next run deletes it")
        elif self._was_killed():
            self._report.notes.append(f"{self._file}: left by a run that was killed; no article was made of it")
        else:
            self._report.add(self._file, "no row of captures knows this file")
        for member in read_members(self._path):
            if isinstance(member, Member):
                with suppress(RecordError):
                    record = parse_record(member.data)
                    self._tell_taken_down(member, record)
                    self._numbers.add(record.fields.get("warc-record-id", ""))

    def _take(self, found: Member | Damage, *, left: bool) -> None:
        row = self._rows.pop(found.offset, None)
        if isinstance(found, Damage):
            self._broken = True
            inside = [self._rows.pop(o) for o in list(self._rows) if found.offset < o < found.offset + found.length]
            if left and found.ends and row is None and not inside:
                self._report.notes.append(
                    f"{self._file} at {found.offset}: a run was killed while it wrote this record"
                )
                return
            self._add(found.reason, found.offset, *filter(None, [row, *inside]))
            return
        self._report.count("records")
        try:
            record = parse_record(found.data)
            self._compare(found, record, row, left=left)
        except RecordError as error:
            self._broken = True
            self._add(str(error), found.offset, row)
            return
        self._numbers.add(record.fields.get("warc-record-id", ""))
        self._head = self._head or found.head[3:8] + found.head[9:10]
        if self._finished is None and self._head == OWN_HEAD != found.head[3:8] + found.head[9:10]:
            self._add("its gzip header is not as it was written", found.offset, row)

    def _compare(self, member: Member, record: Record, row: Row | None, *, left: bool) -> None:
        if row is None:
            self._tell_taken_down(member, record)
        if row is not None:
            self._report.count("captures")
            for what in differences(self._state, member, record, row):
                self._add(what, member.offset, row)
        elif record.kind in KEPT:
            if left and member.offset >= self._committed:
                self._report.notes.append(
                    f"{self._file} at {member.offset}: a killed run did not come to use this record"
                )
            else:
                self._add(f"no row of captures knows the record of {record.url}", member.offset)

    def _tell_taken_down(self, member: Member, record: Record) -> None:
        """Report a record without a row that remains of a takedown, or whose capture is missing."""
        about = record.fields.get("warc-concurrent-to", "")
        if record.kind not in KEPT and about and about not in self._numbers and not self._broken:
            self._add(f"the capture that this {record.kind} of {record.url} belongs to is not there", member.offset)
        elif self._state.is_forgotten(record.url) and about not in self._numbers:
            self._add(f"{record.url} was taken down, yet its {record.kind} is here", member.offset)

    def _whole_file(self, size: int, problems: int) -> None:
        """Check the file against its digest, which covers what no record does, such as bits of a gzip header."""
        if self._finished is None:
            return
        if size != self._finished["bytes"]:
            self._add(f"the file has {size} bytes where it had {self._finished['bytes']} when it was finished")
        elif file_sha256(self._path) != self._finished["sha256"] and len(self._report.problems) == problems:
            self._add("its bytes differ from those that were written, though every record can be read")

    def _add(self, what: str, offset: int | None = None, *rows: Row | None) -> None:
        articles = {a for row in rows if row for a in self._state.articles_of(row["id"])}
        self._report.add(self._file, what, offset=offset, articles=tuple(sorted(articles)))


def differences(state: State, member: Member, record: Record, row: Row) -> Iterator[str]:
    """Yield differences between a record and its row in `captures`. Raises RecordError if the payload is broken."""
    url = row["url"]
    if record.kind not in KEPT:
        yield f"the record is a {record.kind or 'nothing'}, not a capture of {url}"
        return
    said = {
        "url": (record.url, url),
        "time": (record.fields.get("warc-date", "")[:19] + "Z", row["time"]),
        "length": (member.length, row["length"]),
    }
    if record.kind == "revisit":
        original = state.db.conn.execute(
            "select warc, offset from captures where sha256 = ?1 and id <> ?2 and id = ifnull(?3, id) limit 1",
            (row["sha256"], row["id"], row["refers_to"]),
        ).fetchone()
        number = record.fields.get("warc-refers-to", "")
        at = record_fields(state.folder / "warc" / original[0], original[1]) if original else {}
        if original is None or (number and at.get("warc-record-id") != number):
            yield f"the capture of {url} repeats one that is not there"
    else:
        check_digest(record.fields.get("warc-payload-digest", ""), record.payload, "WARC-Payload-Digest")
        said["sha256"] = (hashlib.sha256(record.payload).hexdigest(), row["sha256"])
    if row["truncated"] and not record.fields.get("warc-truncated"):
        yield f"the record of {url} is complete, but not by its row of captures: {row['truncated']}"
    if record.is_http:
        message = record.message
        headers = message.fields()
        said["status"] = (str(message.status), str(row["status"]))
        for column, name in (("content_type", "content-type"), ("etag", "etag"), ("last_modified", "last-modified")):
            if row[column].isascii():  # records encode other letters differently
                said[column] = (headers.get(name, ""), row[column].strip())
    elif record.kind == "resource":
        said["content_type"] = (record.fields.get("content-type", ""), row["content_type"].strip())
    for column, (found, known) in said.items():
        if found != known:
            yield f"the record of {url} has another {column} than its row of captures: {found!s:.80}, not {known!s:.80}"


def _check_sample(state: State, report: Report, sample: int, progress: Progress) -> None:
    """Check the records of captures chosen at random."""
    numbers = [number for (number,) in state.db.conn.execute("select id from captures")]
    picked = sorted(random.sample(numbers, min(sample, len(numbers))))
    for done, number in enumerate(picked):
        progress("captures", done, len(picked))
        row = next(iter(state.db.query("select * from captures where id = ?", [number])))
        path: Path = state.folder / "warc" / row["warc"]
        articles = state.articles_of(number)
        if not path.is_file():
            if state.live("select 1 from captures where warc = ?", row["warc"]):
                report.add(f"warc/{row['warc']}", "the file is missing", offset=row["offset"], articles=articles)
            continue
        report.count("captures")
        found = read_member(path, row["offset"])
        try:
            wrong = (
                [found.reason]
                if isinstance(found, Damage)
                else list(differences(state, found, parse_record(found.data), row))
            )
        except RecordError as error:
            wrong = [str(error)]
        for what in wrong:
            report.add(f"warc/{row['warc']}", what, offset=row["offset"], articles=articles)
