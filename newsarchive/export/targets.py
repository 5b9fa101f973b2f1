"""Where one file of an export goes: to a name on the disk, standard output, a pipe or a device."""

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

from newsarchive.export.files import whole, writing

STDOUT = "-"
_LINKS = 40  # as many as Linux follows


@contextmanager
def target_file(path: Path, *, seeks: bool = False) -> Iterator[IO[bytes]]:
    """Give a file to write what `path` shall hold.

    On the disk it takes the name when it is whole. Standard output (`-`), a pipe or a device is written to as the
    bytes come; `seeks` says that the format goes back in its file, and then they come at the end. Raises ExportError,
    and BrokenPipeError where nobody reads any more.
    """
    with writing(path):
        stream = open_stream(path)
    if stream is None:
        with whole(path) as draft, open(draft, "xb") as file:
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
    """What `path` stands for, opened for writing, where that is not a file or folder on the disk; else None."""
    number = 1 if str(path) == STDOUT else _own_descriptor(path)
    if number is not None:
        return _open_own(number)
    if is_on_disk(path):
        return None
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_NOCTTY), "wb")


def is_on_disk(path: Path) -> bool:
    """True where `path` names a file or folder, there already or to be made; not a pipe, a device or ``-``."""
    if str(path) == STDOUT or _own_descriptor(path) is not None:
        return False
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _own_descriptor(path: Path) -> int | None:
    """The number of this process's open file that a path such as ``/dev/stdout`` leads to.

    To open it by name would begin a redirected file from its start, and to follow it would replace that file.
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
    if number in ours and ours[number] is None:  # closed at the start: by now the number may be another file's
        raise OSError(errno.EBADF, "it is closed")
    for text in ours.values():
        if text is not None:
            text.flush()
    return os.fdopen(os.dup(number), "wb")
