"""CDXJ index of WARC files: one line per capture, sorted on disk, in independently readable gzip blocks."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from newsarchive.captures.records import Record
from newsarchive.export.files import Sink
from newsarchive.export.surt import surt
from newsarchive.text.compression import gzip_member

BLOCK = 1024
"""Lines per block, as in Webrecorder's tools."""
INDEXED = ("response", "revisit", "resource")


class Index:
    """Collects lines in any order, in a database file in the folder `scratch`."""

    def __init__(self, scratch: Path) -> None:
        self._lines = sqlite3.connect(scratch / "lines.db")
        self._lines.execute("pragma journal_mode = off")
        self._lines.execute("pragma synchronous = off")
        self._lines.execute("create table lines (line text primary key) without rowid")

    def add(self, record: Record, *, file: str, offset: int, length: int) -> None:
        """Index the record at `offset` of `file`; requests are not indexed."""
        if record.kind in INDEXED:
            line = index_line(record, file=file, offset=offset, length=length)
            self._lines.execute("insert or ignore into lines values (?)", (line,))

    def write(self, blocks: Sink, *, name: str) -> bytes:
        """Write the sorted lines as gzip blocks and return the table of their offsets.

        `name` is the name of the block file, as stored in the table.
        """
        table = [f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': name})}\n"]
        offset = 0
        for key, block in self._blocks():
            digest = f"sha256:{hashlib.sha256(block).hexdigest()}"
            table.append(f"{key} {json.dumps({'offset': offset, 'length': len(block), 'digest': digest})}\n")
            blocks.write(block)
            offset += len(block)
        return "".join(table).encode()

    def close(self) -> None:
        """Close the database file, which can then be deleted."""
        self._lines.close()

    def _blocks(self) -> Iterator[tuple[str, bytes]]:
        """Yield each block with the key and time of its first line."""
        lines = (line for (line,) in self._lines.execute("select line from lines order by line"))
        while part := list(islice(lines, BLOCK)):
            data = gzip_member("".join(f"{line}\n" for line in part).encode(), 9)
            yield part[0].partition(" {")[0], data


def index_line(record: Record, *, file: str, offset: int, length: int) -> str:
    """Return a record's line: key, time, and as JSON what a replay tool needs to find and serve it."""
    fields: dict[str, str] = {
        "url": record.url,
        "mime": _mime(record),
        "status": str(record.message.status) if record.is_http else "",
        "digest": record.fields.get("warc-payload-digest", ""),
        "length": str(length),
        "offset": str(offset),
        "filename": file,
    }
    time = re.sub(r"\D", "", record.fields.get("warc-date", ""))[:14]
    return f"{surt(record.url)} {time} {json.dumps({name: value for name, value in fields.items() if value})}"


def _mime(record: Record) -> str:
    if record.kind == "revisit":
        return "warc/revisit"
    kind = record.fields.get("content-type", "")
    if record.is_http:
        kind = record.message.fields().get("content-type", "")
    return re.split(r"[;\s]", kind.strip(), maxsplit=1)[0]
