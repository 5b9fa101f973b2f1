"""CDX and CDXJ files beside recordings, by which the records of one site are read alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from newsarchive.importing.cdx import read_index
from newsarchive.importing.formats import HEAD, Format, compressed_in, records_in
from newsarchive.importing.recording_files import RecordingFile
from newsarchive.importing.unpacking import RecordingError
from newsarchive.text.compression import GZIP_DEFLATE

INDEXES = (".cdx", ".cdxj")


def indexed_in(path: Path, wants: Callable[[str], bool], broken: list[str]) -> Iterator[RecordingFile]:
    """Yield the recordings that an index names, with the offsets of the records whose URLs are wanted.

    A recording is looked up by its path from the index on, else by its name beside it; one that is missing is named in
    `broken`. Raises RecordingError if the index cannot be read or lists no records.
    """
    try:
        listed, _ = read_index(path.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}") from error
    if not any(one.file for one in listed):
        raise RecordingError(f"{path} is no index of recordings")
    offsets: dict[str, set[int]] = {}
    for one in listed:
        if one.file and wants(one.url):
            offsets.setdefault(one.file, set()).add(one.offset)
    for name, found in sorted(offsets.items()):
        file = next((f for f in (path.parent / name, path.parent / Path(name).name) if f.is_file()), None)
        if file is None:
            broken.append(f"{path} names {name[:200]}, which is not there; skipped")
        else:
            yield RecordingFile(file, str(file), is_arc=_is_arc(file, min(found)), offsets=tuple(sorted(found)))


def _is_arc(file: Path, offset: int) -> bool:
    """Whether the records of a file are those of ARC, by one of them."""
    with open(file, "rb") as opened:
        opened.seek(offset)
        start = opened.read(HEAD)
    if start.startswith(GZIP_DEFLATE):
        return next((kind is Format.ARC for _, kind in compressed_in(start)), False)
    return records_in(start) is Format.ARC
