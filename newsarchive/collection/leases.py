"""Leases: which worker may work on a shard, publish it, and ask its site.

`leases/000007.json` is a lease; its number is the fencing number. A new one is created exclusively once the highest is
free: released, run out, or of a process of this machine that is dead. Who takes a lease that was not released first
creates the next generation's record, with the present content: so whatever its former holder still does, the number
that it would publish under is taken.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from newsarchive.collection.errors import LeaseLost, ShardBusy
from newsarchive.collection.generations import numbers
from newsarchive.collection.store import Store
from newsarchive.times import stamp

FOLDER = "leases"
SKEW = 0.1
"""Part of a lease's length by which the clocks of workers may differ."""
DELAY = 1.0
"""Seconds between two requests where a worker was killed before it knew what the site wants."""


@dataclass(frozen=True, kw_only=True)
class LeaseRecord:
    """A lease as it is stored."""

    number: int
    machine: str
    process: int
    started: str
    """When the process was started, as the system counts it: numbers of processes are given again."""
    token: str
    until: float
    """Seconds since 1970; renewed while the worker lives."""
    delay: float = 0.0
    """The seconds that the site wants between two requests, as far as is known."""
    site_free: float = 0.0
    """When the site may be asked again; its holder waits until then."""
    released: bool = False

    @property
    def holder(self) -> str:
        """The worker, for people."""
        return f"process {self.process} on {self.machine.partition('/')[0]}"

    def free_from(self, now: float, seconds: float) -> float:
        """Return the time from which another worker may take it."""
        if self.released:
            return now
        if self.machine == _machine() and not _is_alive(self.process, self.started):
            return min(now, self.until)
        return self.until + seconds * SKEW


class Lease:
    """A lease that this process holds, renewed in a thread until it is released or lost."""

    def __init__(self, store: Store, place: str, record: LeaseRecord, seconds: float) -> None:
        self._store, self._place, self._seconds = store, place, seconds
        self._record = record
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._lock = threading.Lock()
        self.delay_of: Callable[[], float] = lambda: 0.0
        """Returns the seconds that the site wants between two requests, as far as is known by now."""
        self.renewed: Callable[[float], None] = lambda _until: None
        """Called with the new end of the lease after each renewal."""
        self.lost: Callable[[], None] = lambda: None
        """Called once when the lease is found lost."""
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    @property
    def fence(self) -> int:
        """Its fencing number."""
        return self._record.number

    @property
    def until(self) -> float:
        """Until when it holds without another renewal (seconds since 1970)."""
        return self._record.until

    def check(self) -> None:
        """Raise LeaseLost if the lease ran out or passed to another worker."""
        if self._lost.is_set() or time.time() >= self._record.until or self._is_superseded():
            self._lose()
            raise LeaseLost(
                f"The lease on {self._place.partition('/')[2].partition('/')[0]} ran out while this worker was"
                " stopped or could not renew it; what it did since is not published, and it asks the site nothing more."
            )

    @property
    def site_free(self) -> float:
        """When the site may be asked (seconds since 1970): its delay after the last request of the former holder."""
        return self._record.site_free

    def release(self, *, asked: bool = False) -> None:
        """Let others have the shard; if the site was asked, they wait for its delay. Nothing if the lease is lost."""
        self._ended.set()
        self._thread.join()
        with self._lock:
            if self._lost.is_set() or self._is_superseded():
                return
            record = replace(self._record, released=True)
            if asked:
                delay = self.delay_of() or record.delay
                record = replace(record, delay=delay, site_free=time.time() + delay)
            self._write(record)

    def _keep(self) -> None:
        while not self._ended.wait(self._seconds / 4):
            try:
                with self._lock:
                    self._renew()
            except LeaseLost:
                self._lose()
                return
            except Exception:  # noqa: BLE001  the store may be out of reach: the lease holds until its end
                if time.time() >= self._record.until:
                    self._lose()
                    return

    def _renew(self) -> None:
        now = time.time()
        if now >= self._record.until or self._is_superseded():
            raise LeaseLost
        delay = max(self._record.delay, self.delay_of())
        self._write(replace(self._record, until=now + self._seconds, delay=delay))
        self.renewed(self._record.until)

    def _write(self, record: LeaseRecord) -> None:
        self._store.replace(_name(self._place, record.number), json.dumps(asdict(record)).encode())
        self._record = record

    def _is_superseded(self) -> bool:
        return bool(max(numbers(self._store.names(self._place)), default=0) != self._record.number)

    def _lose(self) -> None:
        if not self._lost.is_set():
            self._lost.set()
            self.lost()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A lease that was taken; `unreleased` if its former holder died or lost it, and so may still be at work."""

    lease: Lease
    unreleased: bool


def take_lease(store: Store, place: str, seconds: float, *, name: str) -> Taken:
    """Take the lease of a shard for this process. Raises ShardBusy if another worker holds it.

    `place` is the folder of the shard's leases, `name` that of the shard, for people.
    """
    while True:
        number = max(numbers(store.names(place)), default=0)
        before = _read(store, place, number) if number else None
        now = time.time()
        if before is not None and (free := before.free_from(now, seconds)) > now:
            raise ShardBusy(
                f"{name}: another worker ({before.holder}) holds it, at least until"
                f" {stamp(datetime.fromtimestamp(free, UTC))}; nothing was done. Try again when it has ended."
            )
        record = _record_after(before, number + 1, now, seconds)
        if not store.create(_name(place, record.number), json.dumps(asdict(record)).encode()):
            continue
        if max(numbers(store.names(place))) != record.number:
            continue  # created on a disk without links, and taken for one of a killed process while it was empty
        _delete_older(store, place, record.number)
        store.delete_drafts(place, seconds=seconds)  # younger ones may be of workers who want the lease now
        lease = Lease(store, place, record, seconds)
        return Taken(lease=lease, unreleased=before is not None and not before.released)


def _record_after(before: LeaseRecord | None, number: int, now: float, seconds: float) -> LeaseRecord:
    delay = max(before.delay, DELAY) if before else 0.0
    free = before.site_free if before else 0.0
    if before is not None and not before.released:
        free = max(free, now + delay)  # it may have asked the site until now
    return LeaseRecord(
        number=number,
        machine=_machine(),
        process=os.getpid(),
        started=_started(os.getpid()),
        token=secrets.token_hex(8),
        until=now + seconds,
        delay=before.delay if before else 0.0,
        site_free=free,
    )


def _read(store: Store, place: str, number: int) -> LeaseRecord | None:
    """Return a lease; None if it is not readable: one that was created by a process killed in between."""
    try:
        return LeaseRecord(**json.loads(store.read(_name(place, number))))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _delete_older(store: Store, place: str, number: int) -> None:
    for old in numbers(store.names(place)):
        if old < number:
            store.delete(_name(place, old))


def _name(place: str, number: int) -> str:
    return f"{place}/{number:06d}.json"


def _machine() -> str:
    """Return a name of this machine since it was started, and of the space of process numbers on it."""
    parts = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            parts.append(os.readlink(path) if "/ns/" in path else Path(path).read_text().strip())
        except OSError:
            continue
    return "/".join(parts)


def _started(process: int) -> str:
    """Return when a process was started, in the system's own count; empty if it is not running or not known."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _is_alive(process: int, started: str) -> bool:
    if started:
        return _started(process) == started
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
