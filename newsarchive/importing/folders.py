"""What a folder holds: recordings, saved pages, and files that are neither."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newsarchive.importing.collections import Collection
from newsarchive.importing.formats import has_recordings, is_named_recording
from newsarchive.importing.saved_pages import html_files, is_image_of_mirror, is_page_file
from newsarchive.importing.walking import entries_below

_NAMED = 5
"""How many files that are no recordings are named."""


def recordings_in(path: Path) -> tuple[list[Path], list[Path]]:
    """Return what to read of a path, and which files of a folder are neither recordings nor saved pages.

    For a folder, its recordings and, if it has HTML files, the folder itself.
    """
    if not path.is_dir():
        return [path], []
    pages, collection = html_files(path), Collection(path)
    found, others = [], []
    for file in entries_below(path):
        if file.is_dir():  # it cannot be read, which is named when that is tried
            found.append(file)
        elif not file.is_file():
            others.append(file)
        elif is_named_recording(file) or _is_recording(file):
            found.append(file)
        elif not (is_page_file(file) or is_image_of_mirror(file, path) or collection.knows(file)):
            others.append(file)
    return [*found, *([path] if pages else [])], others


def _is_recording(file: Path) -> bool:
    try:
        return has_recordings(file)
    except OSError:
        return False


def name_others(others: Sequence[Path]) -> str:
    """Return a sentence that names files which are no recordings.

    >>> name_others([Path("a/notes.txt")]), name_others([Path(f"{n}.css") for n in range(12)])
    ('1 file was no recording: notes.txt', '12 files were no recordings: 0.css, 1.css, 2.css, 3.css, 4.css and 7 more')
    """
    names = ", ".join(file.name for file in others[:_NAMED])
    more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
    if len(others) == 1:
        return f"1 file was no recording: {names}"
    return f"{len(others):,} files were no recordings: {names}{more}"
