"""Web recordings by others: the pages and images in WARC and ARC files, indexed first and read one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from newsarchive.importing.index import Found, RecordIndex
from newsarchive.importing.originals import KeptOriginals, NothingKept, Revisits
from newsarchive.importing.recording_files import RecordingFile


def find_recordings(
    files: Iterator[RecordingFile],
    broken: list[str],
    *,
    kept: KeptOriginals = NothingKept(),
    notes: list[str] | None = None,
) -> Found:
    """Find the pages and images of files. Damage is named in `broken`, what a person should know in `notes`.

    Revisits are resolved, in any order of the files, by the ID of their original, by its URL and time, or by the digest
    of its payload, among all the files and then in what is `kept`.
    """
    index = RecordIndex(broken)
    for file in files:
        index.add_file(file)
    index.join_segments()
    Revisits(index, broken, notes if notes is not None else [], kept).resolve()
    for places in (index.found.pages, index.found.images):
        places.sort(key=lambda place: (place.time, place.url))
    return index.found
