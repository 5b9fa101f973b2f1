"""Running tasks on shards: one after the other in this process, or side by side on a cluster."""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from newsarchive.collection.cluster import Cluster, Ended
from newsarchive.collection.errors import CollectionError, ShardBusy
from newsarchive.collection.shards import Collection
from newsarchive.collection.tasks import ShardTask, TaskResult, run_task

TRIES = 4
"""How often a task is begun whose process dies; so often Dask begins one whose workers die."""
WAIT = 1.0
"""Seconds between two looks at whether the lease of a worker that died ran out."""

TaskEnded = Ended["Attempt", TaskResult]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A task on a shard of the collection at an address; `number` counts how often it was begun or continued."""

    address: str
    task: ShardTask
    number: int = 1
    deaths: int = 0
    """How often its process died."""

    @property
    def key(self) -> str:
        """The same for the same work, and beginning with its kind, as Dask's dashboard shows it."""
        task = self.task
        told = "\0".join((self.address, task.key, *task.options, "", *task.command))
        digest = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return f"{task.command[0]}-{task.shard}-{digest}-{self.number}"


def run_tasks(
    collection: Collection, tasks: Sequence[ShardTask], *, cluster: Cluster | None = None
) -> Iterator[TaskEnded]:
    """Do tasks, and yield how each ended: on a cluster side by side, in the order in which they end.

    A task that publishes what it has after the minutes that it may take is continued; one whose process dies is begun
    again, and given up after the fourth time. Raises KeyboardInterrupt on Ctrl-C and SIGTERM, once the tasks under way
    have ended in order and all were yielded; on a second signal at once.
    """
    attempts = [Attempt(address=collection.address, task=task) for task in tasks]
    with _interruptions() as stopped:
        if cluster:
            ended = cluster.run(do_attempt, attempts, stopped=stopped, continued=_next_attempt)
        else:
            ended = _run_here(collection, attempts, stopped)
        yield from map(_final, ended)
        if stopped.is_set():
            raise KeyboardInterrupt


def do_attempt(attempt: Attempt, *, is_stopped: Callable[[], bool]) -> TaskResult:
    """Do a task in a worker of a cluster. Raises CollectionError.

    Where another worker holds the lease, it may be one that died: this waits until its lease would have run out.
    """
    collection = Collection.open(attempt.address)
    until = time.monotonic() + 1.5 * collection.configuration.lease_seconds
    while True:
        try:
            return run_task(collection, attempt.task, is_stopped=is_stopped)
        except ShardBusy:
            if time.monotonic() > until or is_stopped():
                raise
            time.sleep(WAIT)


def _run_here(collection: Collection, attempts: Sequence[Attempt], stopped: threading.Event) -> Iterator[TaskEnded]:
    waiting = deque(attempts)
    while waiting:
        attempt = waiting.popleft()
        ended = _do_here(collection, attempt, stopped)
        further = None if stopped.is_set() else _next_attempt(ended)
        if further is None:
            yield ended
        else:
            waiting.append(further)


def _do_here(collection: Collection, attempt: Attempt, stopped: threading.Event) -> TaskEnded:
    if stopped.is_set():
        return Ended(attempt, failure="it was not begun", stopped=True)
    try:
        return Ended(attempt, result=run_task(collection, attempt.task, is_stopped=stopped.is_set))
    except CollectionError as error:
        return Ended(attempt, failure=str(error), busy=isinstance(error, ShardBusy))


def _next_attempt(ended: TaskEnded) -> Attempt | None:
    """Return the attempt that continues an unfinished one; None if there is nothing to continue, or no sense in it."""
    last, result = ended.task, ended.result
    if result is None or not result.unfinished:
        return None
    deaths = last.deaths + bool(result.died)
    stuck = not result.died and result.generation is None
    if deaths >= TRIES or stuck:
        return None
    return Attempt(address=last.address, task=last.task, number=last.number + 1, deaths=deaths)


def _final(ended: TaskEnded) -> TaskEnded:
    """Say why an unfinished task is not continued, where that is not that it was stopped."""
    result = ended.result
    if result is None or not result.unfinished:
        return ended
    if result.died and ended.task.deaths + 1 >= TRIES:
        why = f"its process was ended by {result.died}, {TRIES} times in {TRIES} tries; it is put aside"
        return Ended(ended.task, result=result, failure=why)
    if result.died or result.generation is not None:
        return Ended(ended.task, result=result, failure="it was stopped; the next run goes on with it", stopped=True)
    return Ended(ended.task, result=result, failure="it was stopped before it had done anything", stopped=True)


@contextmanager
def _interruptions() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C or SIGTERM into an event; what a second one does is up to who handled it before."""
    stopped = threading.Event()
    before: dict[int, Any] = {}

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
