"""Running tasks on shards: by this process, or on a cluster."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from newsarchive.collection.cluster import Cluster, Ended
from newsarchive.collection.errors import CollectionError, ShardBusy
from newsarchive.collection.shards import Collection
from newsarchive.collection.tasks import ShardTask, TaskResult, Work, run_task

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
    output: str = ""
    messages: tuple[str, ...] = ()
    """What the attempts before this one printed and said."""

    @property
    def key(self) -> str:
        """The same for the same work, and beginning with its kind, as Dask's dashboard shows it."""
        task = self.task
        told = "\0".join((self.address, task.key, *task.options, "", *task.command))
        digest = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return f"{task.command[0]}-{task.shard}-{digest}-{self.number}"


def run_tasks(
    collection: Collection,
    tasks: Sequence[ShardTask],
    *,
    cluster: Cluster | None = None,
    side_by_side: int = 1,
    work: Work | None = None,
) -> Iterator[TaskEnded]:
    """Do tasks on a cluster, else so many of them at the same time here; yield how each ended, when it did.

    A task that publishes what it has after the minutes that it may take is continued; one whose process dies is begun
    again, and given up after the fourth time. `work` is done here in place of the tasks' commands. Raises
    KeyboardInterrupt on Ctrl-C and SIGTERM, once the tasks under way have ended in order and all were yielded; a second
    signal ends the process.
    """
    attempts = [Attempt(address=collection.address, task=task) for task in tasks]
    with _interruptions() as stopped:
        if cluster is not None and work is None:
            ended = cluster.run(do_attempt, attempts, stopped=stopped, continued=_next_attempt)
        else:
            ended = _run_here(collection, attempts, stopped, side_by_side, work)
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


def _run_here(
    collection: Collection,
    attempts: Sequence[Attempt],
    stopped: threading.Event,
    side_by_side: int,
    work: Work | None,
) -> Iterator[TaskEnded]:
    def do(attempt: Attempt) -> TaskEnded:
        ended = _do_here(collection, attempt, stopped, work)
        while not stopped.is_set() and (further := _next_attempt(ended)) is not None:
            ended = _do_here(collection, further, stopped, work)
        return ended

    with ThreadPoolExecutor(max(1, side_by_side)) as pool:
        for future in as_completed([pool.submit(do, attempt) for attempt in attempts]):
            yield future.result()


def _do_here(collection: Collection, attempt: Attempt, stopped: threading.Event, work: Work | None) -> TaskEnded:
    if stopped.is_set():
        return Ended(attempt, stopped=True)
    try:
        return Ended(attempt, result=run_task(collection, attempt.task, work=work, is_stopped=stopped.is_set))
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
    messages = (*last.messages, *result.messages)
    return replace(last, number=last.number + 1, deaths=deaths, output=last.output + result.output, messages=messages)


def _final(ended: TaskEnded) -> TaskEnded:
    """Add what earlier attempts said, and why an unfinished task is not continued."""
    result = ended.result
    if result is None:
        return ended
    result.output = ended.task.output + result.output
    result.messages = [*ended.task.messages, *result.messages]
    if not result.unfinished:
        return ended
    if result.died and ended.task.deaths + 1 >= TRIES:
        why = f"its process was ended by {result.died}, {TRIES} times in {TRIES} tries; it is put aside"
        return replace(ended, failure=why)
    return replace(ended, stopped=True)


@contextmanager
def _interruptions() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C or SIGTERM into an event; the second one ends this process."""
    stopped = threading.Event()
    before: dict[int, Any] = {}

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stopped.set()

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
