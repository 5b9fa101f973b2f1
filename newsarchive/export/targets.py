"""Targets of single-file exports: a file on disk, standard output, a pipe or a device."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import IO

from newsarchive.export.files import atomic_write, writing

STDOUT = "-"
_LINKS = 40  # the maximum number of links that Linux follows


@contextmanager
def target_file(path: Path, *, seeks: bool = False) -> Iterator[IO[bytes]]:
    """Yield a file for the contents of `path`.

    A file on disk appears at `path` when it is complete. Standard output (`-`), a pipe or a device is written to
    directly, or at the end if the format `seeks` in its file. Raises ExportError, and BrokenPipeError if the reader
    closed the pipe.
    """
    with writing(path):
        stream = open_stream(path)
    if stream is None:
        with atomic_write(path) as draft, open(draft, "xb") as file:
            yield file
    elif not seeks:
        with writing(path), stream:
            yield stream
    else:
        with writing(path), stream, tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            copyfileobj(file, stream)


def open_stream(path: Path) -> IO[bytes] | None:
    """Open standard output, a pipe or a device for writing; return None if `path` is a file or folder on disk."""
    number = 1 if str(path) == STDOUT else _own_descriptor(path)
    if number is not None:
        return _open_own(number)
    if is_on_disk(path):
        return None
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_NOCTTY), "wb")


def is_on_disk(path: Path) -> bool:
    """Return True if `path` names a file or folder, existing or new; False for a pipe, a device or ``-``."""
    if str(path) == STDOUT or _own_descriptor(path) is not None:
        return False
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _own_descriptor(path: Path) -> int | None:
    """Return the number of this process's file descriptor for a path such as ``/dev/stdout``, else None.

    Opening it by name would write a redirected file from its start, and following the link would replace that file.
    """
    for _ in range(_LINKS):
        place = Path(os.path.realpath(path.parent)) / path.name
        if found := re.fullmatch(rf"/proc/{os.getpid()}/(?:task/\d+/)?fd/(\d+)", str(place)):
            return int(found[1])
        if not place.is_symlink():
            return None
        path = place.parent / os.readlink(place)
    return None


def _open_own(number: int) -> IO[bytes]:
    ours = {1: sys.__stdout__, 2: sys.__stderr__}
    if number in ours and ours[number] is None:  # closed at startup: by now the number may belong to another file
        raise OSError(errno.EBADF, "it is closed")
    for text in ours.values():
        if text is not None:
            text.flush()
    return os.fdopen(os.dup(number), "wb")
