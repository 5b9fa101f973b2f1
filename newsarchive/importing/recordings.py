"""Web recordings by others: the pages and images in WARC and ARC files, indexed first and read one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from newsarchive.importing.index import Found, RecordIndex
from newsarchive.importing.originals import KeptOriginals, NothingKept, Revisits
from newsarchive.importing.recording_files import RecordingFile
from newsarchive.text.counting import counted


def find_recordings(
    files: Iterator[RecordingFile],
    broken: list[str],
    *,
    kept: KeptOriginals = NothingKept(),
    notes: list[str] | None = None,
    text_only: bool = False,
) -> Found:
    """Find the pages and images of files. Damage is named in `broken`, what a person should know in `notes`.

    Revisits are resolved, in any order of the files, by the ID of their original, by its URL and time, or by the digest
    of its payload, among all the files and then in what is `kept`. Extracts of text are pages only if `text_only`.
    """
    notes = notes if notes is not None else []
    index = RecordIndex(broken, text_only=text_only)
    for file in files:
        index.add_file(file)
    index.join_segments()
    if index.texts:
        were = "was" if index.texts == 1 else "were"
        notes.append(
            f"{counted(index.texts, 'page')} {were} there only as text, and passed over (--text-only imports such)"
        )
    if index.conversions:
        were = "was" if index.conversions == 1 else "were"
        notes.append(f"{counted(index.conversions, 'page')} {were} there only as conversions, and passed over")
    Revisits(index, broken, notes, kept).resolve()
    if answers := index.leave_out_answers():
        were = "was" if answers == 1 else "were"
        notes.append(f"{counted(answers, 'page')} {were} the answer to a form or the like (not GET), and passed over")
    for places in (index.found.pages, index.found.images):
        places.sort(key=lambda place: (place.time, place.url))
    return index.found
