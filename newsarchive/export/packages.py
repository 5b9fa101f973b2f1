"""A search result to take away: one file with the texts, how they were selected, when, and from which versions.

A package is a ZIP with the data in one of the formats, `versions.csv` (every article of the result with the version it
had, also those not drawn into a sample), `about.json`, `README.txt` and `SHA256SUMS`. WACZ is a ZIP of its own; there
the description is in `datapackage.json`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from newsarchive import __version__
from newsarchive.export.csvfile import write_csv
from newsarchive.export.files import ExportError
from newsarchive.export.jsonlines import write_jsonl
from newsarchive.export.markdown import markdown_files
from newsarchive.export.parquet import write_parquet
from newsarchive.export.records import Job, Progress, Withheld, snapshot
from newsarchive.export.samples import METHOD, draw_sample
from newsarchive.export.wacz import write_wacz
from newsarchive.search import Filters, Reading
from newsarchive.search.several import BY_ADDRESS
from newsarchive.text.counting import counted
from newsarchive.text.search_text import stems_version
from newsarchive.times import now

_WRITERS: dict[str, tuple[str, Callable[[Job, IO[bytes]], None]]] = {
    "csv": ("articles.csv", write_csv),
    "jsonl": ("articles.jsonl", write_jsonl),
    "parquet": ("articles.parquet", write_parquet),
}
PACKAGED = (*_WRITERS, "markdown", "wacz")
"""The formats that a package can have."""

_VERSIONS = """
select a.id, a.site, a.url, a.day, r.number as revision, r.digest
from json_each(?) k join articles a on a.id = k.value left join revisions r on r.id = a.current_revision order by k.key
"""
_README = """{title}

{articles}, taken from a newspaper archive on {made}.
Query: {query}
Filters: {filters}
{sample}
Cite as: {citation}

The result has the digest {digest}. It is the SHA-256 of the lines "URL, tab, content digest" of its articles, sorted by
site and URL as in versions.csv. The same digest means the same texts. To make the result again:

    {command}

about.json has all of this for programs; SHA256SUMS has the checksums of the files (sha256sum -c SHA256SUMS).
Texts and pictures belong to their newspapers and authors.
"""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to take away: the query with its filters, and the size and seed of a random sample (0: everything)."""

    format: str
    query: str = ""
    filters: Filters = field(default_factory=Filters)
    sample: int = 0
    seed: str = "1"

    def command(self) -> str:
        """Return the command that makes the package again."""
        options = [f"--{name} {shlex.quote(str(value))}" for name, value in sorted(self.filters.items())]
        if self.query:
            options.append(f"--query {shlex.quote(self.query)}")
        if self.sample:
            options.append(f"--sample {self.sample} --seed {shlex.quote(self.seed)}")
        name = "result.wacz" if self.format == "wacz" else "result.zip"
        return " ".join(["newsarchive export --package", f"--format {self.format}", *options, f"-o {name}"])


def write_package(
    reading: Reading,
    file: IO[bytes],
    request: Request,
    *,
    progress: Progress | None = None,
    withheld: Withheld | None = None,
) -> int:
    """Write a package and return its number of articles. Only `wacz` needs a seekable file.

    `withheld` tells which articles were hidden or taken down since the package was begun. Raises ExportError,
    FilterError.
    """
    if request.format not in PACKAGED:
        raise ExportError(f"Unknown format “{request.format}”; choose one of {', '.join(PACKAGED)}.")
    with snapshot(reading):
        frame = replace(Job.of(reading, request.query, request.filters, order=BY_ADDRESS), withheld=withheld)
        drawn = draw_sample(frame, request.sample, request.seed) if request.sample else frame
        about = _about(request, frame, drawn)
        job = replace(drawn, progress=progress)
        if request.format == "wacz":
            write_wacz(replace(job, about={"newsarchive": about}), file)
        else:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                _write_zip(archive, job, request, frame, about)
    return len(job.articles)


def _write_zip(archive: ZipFile, job: Job, request: Request, frame: Job, about: dict[str, Any]) -> None:
    sums: dict[str, str] = {}
    if request.format == "markdown":
        for path, text in markdown_files(job):
            with _Entry(archive, f"articles/{path}", sums) as entry:
                entry.write(text.encode())
    else:
        name, write = _WRITERS[request.format]
        # Parquet is compressed already.
        with _Entry(archive, name, sums, stored=request.format == "parquet") as entry:
            write(job, cast("IO[bytes]", entry))
    with _Entry(archive, "versions.csv", sums) as entry:
        for line in _version_lines(frame, job):
            entry.write(line)
    with _Entry(archive, "about.json", sums) as entry:
        entry.write(json.dumps(about, ensure_ascii=False, indent=2).encode() + b"\n")
    with _Entry(archive, "README.txt", sums) as entry:
        entry.write(_readme(about).encode())
    archive.writestr(_info("SHA256SUMS"), "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items()))


def _about(request: Request, frame: Job, drawn: Job) -> dict[str, Any]:
    states = [db.conn.execute(_STATE).fetchone() for db in frame.dbs]
    made, digest = now(), _digest(drawn)
    about: dict[str, Any] = {
        "title": f"Newspaper articles: {request.query or 'all'}",
        "made": made,
        "query": request.query,
        "filters": dict(sorted(request.filters.items())),
        "format": request.format,
        "articles": len(drawn.articles),
        "digest": digest,
        "archive": {
            "articles": sum(total for total, _ in states),
            "latest_revision": max((latest for _, latest in states if latest), default=None),
        },
        "software": {"newsarchive": __version__, "search_stems": stems_version()},
        "command": request.command(),
    }
    if request.sample:
        frame_of = {"articles": len(frame.articles), "digest": _digest(frame)}
        about["sample"] = {"size": request.sample, "seed": request.seed, "method": METHOD, "frame": frame_of}
    about["citation"] = (
        f"Newspaper archive (newsarchive {__version__}), query “{request.query}”,"
        f" {counted(len(drawn.articles), 'article', commas=True)}, {made[:10]}, {digest}."
    )
    return about


_STATE = """
select (select count(*) from search_order where article not in (select article from hidden)),
    (select max(time) from revisions)
"""


def _readme(about: Mapping[str, Any]) -> str:
    sample = about.get("sample")
    drawn = (
        f"Sample: {about['articles']:,} of {sample['frame']['articles']:,},"
        f" seed {sample['seed']}: {sample['method']}.\n"
        if sample
        else ""
    )
    filters = ", ".join(f"{name} = {value}" for name, value in about["filters"].items())
    values = {**about, "articles": counted(about["articles"], "article", commas=True), "sample": drawn}
    return _README.format(**{**values, "query": about["query"] or "none", "filters": filters or "none"})


def _version_lines(frame: Job, drawn: Job) -> Iterator[bytes]:
    taken = set(zip(drawn.parts, drawn.articles, strict=True))
    yield b"site,url,day,revision,digest,taken\r\n"
    for part, row in frame.rows(_VERSIONS):
        number, *cells = row.values()
        line = io.StringIO()
        csv.writer(line).writerow([*cells, int((part, number) in taken)])
        yield line.getvalue().encode()


def _digest(job: Job) -> str:
    sha256 = hashlib.sha256()
    for _, row in job.rows(_VERSIONS):
        sha256.update(f"{row['url']}\t{row['digest']}\n".encode())
    return f"sha256:{sha256.hexdigest()}"


def _info(path: str, *, stored: bool = False) -> ZipInfo:
    info = ZipInfo(path)  # dated 1980: about.json has the time
    info.compress_type = ZIP_STORED if stored else ZIP_DEFLATED
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


class _Entry:
    """A file being written to a ZIP; at the end its checksum is added to `sums`."""

    def __init__(self, archive: ZipFile, path: str, sums: dict[str, str], *, stored: bool = False) -> None:
        self._file = archive.open(_info(path, stored=stored), "w", force_zip64=True)
        self._path, self._sums = path, sums
        self._sha256, self._bytes = hashlib.sha256(), 0
        self.closed = False

    def write(self, data: Any, /) -> int:
        self._sha256.update(data)
        size = memoryview(data).nbytes
        self._bytes += size
        self._file.write(data)
        return size

    def tell(self) -> int:
        return self._bytes

    def flush(self) -> None:
        """Do nothing: the ZIP is flushed at its end."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> _Entry:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._sums[self._path] = self._sha256.hexdigest()
