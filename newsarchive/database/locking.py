"""The archive's lock: held by one run at a time, and briefly by whoever creates, migrates or repairs the archive.

A run that finds the archive held by a crawl may ask that crawl, in a file, to crawl sites in its place.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from newsarchive.database.disk import delete_drafts
from newsarchive.database.errors import ArchiveError, ArchiveLocked
from newsarchive.database.page_checksums import write_page_checksums
from newsarchive.database.replacing import settle_replacing
from newsarchive.times import now

PATIENCE = 60.0
"""Seconds to wait for another process that creates, migrates or repairs the archive."""
POLL = 0.02
_BRIEFLY = "preparing the archive"
_TAKES_REQUESTS = "takes requests"
_REQUESTS = "crawl-requests"
_held: set[Path] = set()
"""The folders locked by this process."""


@contextmanager
def lock_archive(folder: Path, what: str = "", *, takes_requests: bool = False) -> Iterator[None]:
    """Hold the archive for one run, and write the checksums of the database's pages at its end.

    `what` tells others what holds it, `takes_requests` that it calls `take_requests` until it ends. The system releases
    the lock of a killed run. An interrupted restore is finished or undone first. Raises ArchiveLocked at once if
    another run holds the archive; waits for a process that only prepares it.
    """
    held = f", {what or 'running'} since {now()}" + f"\n{_TAKES_REQUESTS}" * takes_requests
    with _locked(folder, held, until=lambda: False, patient=False):
        take_requests(folder)  # what others asked of a run that has ended
        settle_replacing(folder)
        delete_drafts(folder / "archive.db-sums")
        yield
        write_page_checksums(folder)


@contextmanager
def brief_lock(folder: Path, *, until: Callable[[], bool]) -> Iterator[bool]:
    """Hold the archive briefly. Yields False, without the lock, once another process has done the work.

    `until` returns True when that is so. Inside `lock_archive` of the same process nothing more is locked. Raises
    ArchiveLocked if another run holds the archive for longer than `PATIENCE`.
    """
    if folder.resolve() in _held:
        yield True
        return
    with _locked(folder, f", {_BRIEFLY}", until=until, patient=True) as held:
        yield held


def require_lock(folder: Path) -> None:
    """Raise ArchiveError if this process does not hold the archive."""
    if folder.resolve() not in _held:
        raise ArchiveError(f"The WARC files in {folder} may be rewritten only by a run that holds the archive.")


def request_sites(folder: Path, names: Iterable[str]) -> None:
    """Ask the run that holds the archive to crawl sites; it may end without having seen it."""
    with open(folder / _REQUESTS, "ab", buffering=0) as file:
        file.write("".join(f"{name}\n" for name in names).encode())


def take_requests(folder: Path) -> list[str]:
    """Return the names of the sites that others asked for since the last call, each once."""
    taken = folder / f"{_REQUESTS}.taken"
    try:
        os.replace(folder / _REQUESTS, taken)
        names = taken.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        names = []
    with suppress(FileNotFoundError):
        taken.unlink()
    return [*dict.fromkeys(names)]


@contextmanager
def _locked(folder: Path, what: str, *, until: Callable[[], bool], patient: bool) -> Iterator[bool]:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder.resolve()
    with open(folder / "archive.lock", "a+") as file:
        if not _acquire(file, folder, until=until, patient=patient):
            yield False
            return
        file.truncate(0)
        file.write(f"process {os.getpid()}{what}")
        file.flush()
        _held.add(place)
        try:
            yield True
        finally:
            _held.discard(place)


def _acquire(file: TextIO, folder: Path, *, until: Callable[[], bool], patient: bool) -> bool:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if until():
                return False
            file.seek(0)
            holder, _, more = file.read().strip().partition("\n")
            if time.monotonic() > deadline or not (patient or holder.endswith(_BRIEFLY) or not holder):
                raise ArchiveLocked(
                    f"Another run holds the archive in {folder}{f' ({holder})' if holder else ''}; nothing was done."
                    " Try again when it has ended.",
                    takes_requests=more == _TAKES_REQUESTS,
                ) from error
            time.sleep(POLL)
        else:
            return True
