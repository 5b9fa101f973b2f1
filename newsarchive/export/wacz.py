"""WACZ files (Web Archive Collection Zipped, 1.1.1): WARC files, an index, a page list and digests in one ZIP."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from io import RawIOBase
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import IO, Any
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlite_utils import Database

from newsarchive import __version__
from newsarchive.export.captures import Captures
from newsarchive.export.cdxj import Index
from newsarchive.export.files import ExportError
from newsarchive.export.records import Job
from newsarchive.export.warcs import LARGEST, WarcFiles
from newsarchive.text.counting import counted

VERSION = "1.1.1"
_ZIP64 = (1 << 31) - (1 << 28)
"""Size from which files get ZIP64 fields."""

_PAGES = """
select c.url, c.time, t.title, t.lead, t.body, t.language
from revisions r
join revision_captures p on p.revision = r.id and p.position = (
    select min(position) from revision_captures where revision = r.id)
join captures c on c.id = p.capture
join revisions t on t.id = coalesce((select max(x.id) from revisions x where x.reextracts = r.id), r.id)
where r.article = ? and r.kind <> 'reextracted' order by r.number
"""
"""The first page of each of the newspaper's revisions, with the most recently extracted text."""


def write_wacz(job: Job, target: IO[bytes]) -> None:
    """Write the captures of the articles' pages and images as one file. Raises ExportError.

    Each of the newspaper's revisions is an entry of the page list. WARC records go straight into the ZIP; the page
    list and the index are first written next to it on disk. The file does not state when it was made; its time is that
    of its newest capture. The package `wacz` is not used, because it holds all pages in memory, needs a second copy of
    the WARC files on disk, and stamps every file with the current time.
    """
    folder = Path(target.name).parent if isinstance(target.name, str) else None
    with tempfile.TemporaryDirectory(dir=folder) as scratch, ZipFile(target, "w") as file:
        package = _Package(file, large=(job.largest or LARGEST) >= _ZIP64)
        index, pages = Index(Path(scratch)), Path(scratch) / "pages.jsonl"
        try:
            about = _write_archive(job, package, index, pages)
            with package.open("indexes/index.cdx.gz") as blocks:
                table = index.write(blocks, name="index.cdx.gz")
        finally:
            index.close()
        package.add("indexes/index.idx", table)
        with package.open("pages/pages.jsonl", deflated=True) as entry, open(pages, "rb") as lines:
            copyfileobj(lines, entry)
        package.describe({**about, **(job.about or {})})


def _write_archive(job: Job, package: _Package, index: Index, pages: Path) -> dict[str, str]:
    """Write the WARC files, the index and the page list; return the title, description and time of the archive."""
    captures = Captures(job)
    newspapers: dict[str, None] = {}
    articles, newest = 0, ""
    archive = closing(WarcFiles(lambda name: package.open(f"archive/{name}"), job.largest or LARGEST))
    with open(pages, "wb") as lines, archive as files:
        lines.write(_line({"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True}))
        for article in job.records():
            articles += 1
            newspapers[article["newspaper"]] = None
            for copy in captures.of(article):
                name, offset = files.write(copy)
                record, data = copy.records[0]
                index.add(record, file=name, offset=offset, length=len(data))
                newest = max(newest, copy.time)
            lines.writelines(map(_line, _pages(job.dbs[article["part"]], article["id"])))
    if not newest:
        raise ExportError("No capture of these articles is kept, and a WACZ file must hold one.")
    return {
        "title": f"Newspaper articles: {', '.join(newspapers)}",
        "description": f"{counted(articles, 'article')} as they were received up to {newest}."
        " Texts and pictures belong to their newspapers and authors.",
        "created": newest,
    }


def _pages(db: Database, article: int) -> Iterator[dict[str, str]]:
    """Yield the entries of an article in the page list: one per revision, at the time of its capture."""
    for url, time, title, lead, body, language in db.conn.execute(_PAGES, (article,)).fetchall():
        page = {"id": str(uuid5(NAMESPACE_URL, f"{time}/{url}")), "url": url, "ts": time, "title": title}
        text = "\n\n".join(part for part in (lead, body) if part)
        yield page | {name: value for name, value in (("text", text), ("language", language)) if value}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


class _Package:
    """The ZIP file and the entries of its files in datapackage.json."""

    def __init__(self, file: ZipFile, *, large: bool) -> None:
        self._file, self._large = file, large
        self._resources: list[dict[str, Any]] = []

    def open(self, path: str, *, deflated: bool = False) -> _Entry:
        """Open a file in the ZIP for writing; only one may be open at a time. Compressed only if `deflated`."""
        info = ZipInfo(path)  # dated 1980, the earliest ZIP time, so that the same archive gives the same bytes
        info.compress_type = ZIP_DEFLATED if deflated else ZIP_STORED
        info.create_system, info.external_attr = 3, 0o644 << 16
        return _Entry(self._file.open(info, "w", force_zip64=self._large), path, self._resources)

    def add(self, path: str, data: bytes) -> str:
        """Write a small file and return its digest."""
        with self.open(path, deflated=True) as entry:
            entry.write(data)
        return str(self._resources[-1]["hash"])

    def describe(self, about: Mapping[str, Any]) -> None:
        """Write datapackage.json (Frictionless) and its digest."""
        package = {
            "profile": "data-package",
            **about,
            "software": f"newsarchive/{__version__}",
            "wacz_version": VERSION,
            "resources": list(self._resources),
        }
        digest = self.add("datapackage.json", json.dumps(package, ensure_ascii=False, indent=2).encode())
        self.add("datapackage-digest.json", json.dumps({"path": "datapackage.json", "hash": digest}).encode())


class _Entry(RawIOBase):
    """A file being written to the ZIP; computes its digest."""

    def __init__(self, stream: IO[bytes], path: str, resources: list[dict[str, Any]]) -> None:
        self._stream, self._path, self._resources = stream, path, resources
        self._sha256, self._bytes = hashlib.sha256(), 0

    def write(self, data: Any, /) -> int:
        """Append bytes."""
        self._sha256.update(data)
        self._bytes += len(data)
        return self._stream.write(data)

    def close(self) -> None:
        """Close the file and add it to the list of resources."""
        if not self.closed:
            self._stream.close()
            resource = {"name": PurePosixPath(self._path).name, "path": self._path}
            self._resources.append({**resource, "hash": f"sha256:{self._sha256.hexdigest()}", "bytes": self._bytes})
        super().close()
