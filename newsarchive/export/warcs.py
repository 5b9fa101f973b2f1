"""Self-contained WARC files of the articles' captures, with a maximum size per file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from warcio.warcwriter import WARCWriter

from newsarchive import __version__
from newsarchive.export.captures import Captures, Copy
from newsarchive.export.files import Sink
from newsarchive.export.records import Job

LARGEST = 1 << 30
"""Default maximum size of a file in bytes, as is common among crawlers and libraries."""


def write_warcs(job: Job, path: Path) -> None:
    """Write all captures of the articles' pages and images to files ``001.warc.gz``, ... in the folder `path`.

    Records are copied byte for byte, each response with its request. Raises ExportError if a capture cannot be read.
    """
    captures = Captures(job)
    with closing(WarcFiles(lambda name: open(path / name, "xb"), job.largest or LARGEST)) as files:
        for record in job.records():
            for copy in captures.of(record):
                files.write(copy)


class WarcFiles:
    """A series of WARC files, opened with `open_file`; a new one starts when the current one would be too large."""

    def __init__(self, open_file: Callable[[str], Sink], largest: int) -> None:
        self._open_file, self._largest = open_file, largest
        self._file: Sink | None = None
        self._number = self._size = 0

    def write(self, copy: Copy) -> tuple[str, int]:
        """Append a capture's records, kept in one file; return the file's name and the offset of the first record."""
        size = sum(len(data) for _, data in copy.records)
        if self._file is None or self._size + size > self._largest:
            self._next(copy)
        assert self._file is not None
        offset = self._size
        for _, data in copy.records:
            self._file.write(data)
        self._size += size
        return self._name, offset

    @property
    def _name(self) -> str:
        return f"{self._number:03}.warc.gz"

    def _next(self, first: Copy) -> None:
        self.close()
        self._number += 1
        self._file = self._open_file(self._name)
        info = _warcinfo(self._name, first)
        self._file.write(info)
        self._size = len(info)

    def close(self) -> None:
        """Close the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _warcinfo(name: str, first: Copy) -> bytes:
    """Return a file's warcinfo record, dated by its first capture so that the same captures give the same bytes."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    info: dict[str, Any] = {"software": f"newsarchive/{__version__}", "format": "WARC File Format 1.1"}
    record = writer.create_warcinfo_record(name, info)
    record.rec_headers.replace_header("WARC-Date", first.time)
    record.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{uuid5(NAMESPACE_OID, name + first.sha256)}>")
    writer.write_record(record)
    return out.getvalue()
