"""Recordings read by warcio and by us: what warcio reads of a file, we read.

    python -m tests.warcio_beside FOLDER

reads every file in a folder with both and prints, for each, the records of warcio that we do not have.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from newsarchive.captures.http_messages import read_message
from newsarchive.captures.records import Damage, Record
from newsarchive.importing.payloads import is_message
from newsarchive.importing.unpacking import RecordingError, Unpacker

PADDING = b"\r\n \0"
_HEADS = ("warcinfo", "arc_header")


@dataclass(frozen=True, kw_only=True)
class Read:
    """A record as one of the two reads it."""

    kind: str
    url: str
    fields: dict[str, str]
    block: bytes
    headers: tuple[tuple[str, str], ...]
    payload: bytes


def by_warcio(path: Path) -> Iterator[Read]:
    """Yield the records of a file up to the first at which warcio gives up."""
    with open(path, "rb") as whole, open(path, "rb") as parsed:
        try:
            for record, again in zip(
                ArchiveIterator(whole, no_record_parse=True), ArchiveIterator(parsed), strict=False
            ):
                fields = {name.lower(): value for name, value in record.rec_headers.headers}
                http = again.http_headers.headers if again.http_headers else []
                yield Read(
                    kind=record.rec_type,
                    url=fields.get("warc-target-uri", fields.get("uri", "")).strip("<>"),
                    fields=fields,
                    block=record.raw_stream.read(),
                    headers=tuple((name, " ".join(value.split())) for name, value in http if name.strip()),
                    payload=again.raw_stream.read(),
                )
        except (ArchiveLoadFailed, EOFError, UnicodeError, ValueError):
            return


def by_us(path: Path, folder: Path) -> Iterator[Read]:
    """Yield the records of a file as an import reads them."""
    try:
        for file in Unpacker(folder, []).files_in(path):
            for _, record in file.records():
                if not isinstance(record, Damage):
                    yield _read(record)
    except RecordingError:
        return


def _read(record: Record) -> Read:
    message = record.message if is_message(record) or record.kind == "request" else None
    headers = message.headers if message else ()
    return Read(
        kind=record.kind,
        url=record.url,
        fields=record.fields,
        block=record.block,
        headers=tuple((_utf8(name), " ".join(_utf8(value).split())) for name, value in headers),
        payload=message.body if message else record.block,
    )


def _utf8(text: str) -> str:
    """Read header bytes as warcio does: UTF-8, else Latin-1."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def lost(path: Path, folder: Path) -> list[str]:
    """Return what warcio reads of a file and we do not, or otherwise; `folder` takes what must be unpacked."""
    ours = list(by_us(path, folder))
    missing = []
    for file in _opened(path, folder):
        for theirs in by_warcio(file):
            if theirs.kind in _HEADS or not theirs.block.strip(PADDING):
                continue
            same = next((one for one in ours if _is_same(theirs, one)), None)
            if same is None:
                missing.append(f"{theirs.kind} of {theirs.url}, {len(theirs.block):,} bytes")
            else:
                ours.remove(same)
    return missing


def _is_same(theirs: Read, ours: Read) -> bool:
    kinds = {theirs.kind, ours.kind}
    if len(kinds) > 1 and kinds != {"response", "resource"}:  # of an ARC file, where both are guesses
        return False
    names = theirs.fields.keys() & ours.fields.keys() - {"content-type", "warc-truncated", "warc-target-uri"}
    fields_same = all(" ".join(theirs.fields[name].split()) == ours.fields[name] for name in names)
    urls_same = ours.url.replace(" ", "%20") == theirs.url.replace(" ", "%20")
    if not (urls_same and fields_same and _same_bytes(theirs.block, ours.block, ours)):
        return False
    return (
        not theirs.headers
        or not ours.headers
        or (theirs.headers == ours.headers and _same_bytes(theirs.payload, ours.payload, ours))
    )


def _same_bytes(theirs: bytes, ours: bytes, record: Read) -> bool:
    """Whether bytes are the same, apart from where a wrong Content-Length has one of them end."""
    if theirs.strip(PADDING) == ours.strip(PADDING):
        return True
    if record.fields.get("content-length") == str(len(record.block)) and ours.startswith(theirs):
        return True
    stated = read_message(record.block).content_length
    short, long = sorted((theirs, ours), key=len)
    return stated == len(record.payload) and len(long) - len(short) <= 16 and long.startswith(short)


def _opened(path: Path, folder: Path) -> Iterator[Path]:
    """Yield a file, or the recordings in a ZIP file."""
    if not zipfile.is_zipfile(path):
        yield path
        return
    with zipfile.ZipFile(path) as file:
        for number, name in enumerate(file.namelist()):
            if name.endswith((".warc", ".warc.gz")):
                inner = folder / f"inside-{number}{Path(name).suffix}"
                inner.write_bytes(file.read(name))
                yield inner


def main() -> int:
    """Compare every file of a folder."""
    root, wrong = Path(sys.argv[1]), 0
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for path in files:
        with tempfile.TemporaryDirectory() as folder:
            missing = lost(path, Path(folder))
        wrong += bool(missing)
        print("lost " if missing else "same ", path.relative_to(root), *(f"\n      {what}" for what in missing))
    print(f"{len(files) - wrong} of {len(files)} files: what warcio reads, we read")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
