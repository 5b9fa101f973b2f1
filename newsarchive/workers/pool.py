"""Worker processes, each on a pipe of its own: preloaded, watched, and replaced when one dies.

Unlike concurrent.futures it has no threads that take the processor from the reactor, imports what the workers need only
once, and knows which call killed a process: the first of those that the process was given.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from newsarchive.errors import NewsArchiveError
from newsarchive.workers.serving import guarded_here
from newsarchive.workers.starting import start_worker

AHEAD = 64 * 1024
"""Bytes of a call that may lie in a pipe while its worker is busy: what every system's pipe buffer takes at once."""
TRIES = 2

T = TypeVar("T")


class WorkerDied(NewsArchiveError):
    """The process that worked on a page crashed."""


class PoolClosed(NewsArchiveError):
    """A call was not finished when its pool was closed."""


@dataclass(eq=False)
class _Call:
    lane: str
    data: bytes
    result: asyncio.Future[Any]
    tries: int = 0


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    calls: deque[_Call] = field(default_factory=deque)
    """The calls it was given and has not answered: the one it works on, then perhaps one waiting in its pipe."""


class WorkerPool:
    """Calls functions in processes. With no workers, in this process, where what hangs in C code is never ended.

    `preload` names the modules that the functions need: they are imported once, in the process that the workers are
    forked from. Those who share a pool name their lanes: a free worker takes the next call of the lane that has fewest
    in work, so that one with slow calls delays no other for longer than one of them.
    """

    def __init__(self, workers: int, *, preload: tuple[str, ...] = ()) -> None:
        self._preload = preload
        self._waiting: dict[str, deque[_Call]] = {}
        """The calls of each lane that has any; the lane that was served last comes last."""
        self._closed = False
        self._workers = [self._new() for _ in range(workers)]
        self._watched: set[int] = set()

    def _new(self) -> _Worker:
        return _Worker(*start_worker(self._preload))

    async def run(self, function: Callable[..., T], *args: Any, lane: str = "") -> T:
        """Call the function in a worker, in turn with the calls of other lanes.

        Raises what it raises; TooSlow after five seconds of processor time; WorkerDied where two processes died of
        it; PoolClosed where the pool is closed first.
        """
        if self._closed:
            raise PoolClosed("the run ends")
        if not self._workers:
            return guarded_here(function, *args)
        call = _Call(
            lane, pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL), asyncio.get_running_loop().create_future()
        )
        self._waiting.setdefault(lane, deque()).append(call)
        self._hand_out()
        result: T = await call.result
        return result

    def close(self) -> None:
        """End the workers; what they are still doing is dropped: their callers get PoolClosed."""
        self._closed = True
        dropped = self._calls()
        for worker in self._workers:
            self._forget(worker)
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
        self._workers = []
        self._waiting.clear()
        _drop(dropped)

    def drop(self, lane: str | None = None) -> None:
        """End the calls of one lane, or of all: their callers get PoolClosed."""
        _drop([call for call in self._calls() if lane in (None, call.lane)])

    def _calls(self) -> list[_Call]:
        """Return the calls that are not answered."""
        waiting = [call for calls in self._waiting.values() for call in calls]
        return [*waiting, *(call for worker in self._workers for call in worker.calls)]

    def _hand_out(self) -> None:
        """Give waiting calls to the workers; one may wait in each pipe, so that its worker never waits for us."""
        while self._waiting and self._workers:
            lane = self._next_lane()
            calls = self._waiting[lane]
            worker = min(self._workers, key=lambda worker: len(worker.calls))
            if len(worker.calls) > 1 or (worker.calls and len(calls[0].data) > AHEAD):
                return
            call = calls.popleft()
            del self._waiting[lane]
            if calls:
                self._waiting[lane] = calls
            if not call.result.done():
                self._send(worker, call)

    def _next_lane(self) -> str:
        """Return the lane to serve: of those with fewest calls in work the one that was served longest ago."""
        in_work = Counter(call.lane for worker in self._workers for call in worker.calls)
        return min(self._waiting, key=lambda lane: in_work[lane])

    def _send(self, worker: _Worker, call: _Call) -> None:
        descriptor = worker.pipe.fileno()
        if descriptor not in self._watched:
            self._watched.add(descriptor)
            asyncio.get_running_loop().add_reader(descriptor, self._receive, worker)
        worker.calls.append(call)
        with suppress(OSError):  # it is dead: reading says so at once
            worker.pipe.send_bytes(call.data)

    def _receive(self, worker: _Worker) -> None:
        try:
            data = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._replace(worker)
        else:
            fine, value = pickle.loads(data)  # noqa: S301  from a process of ours
            call = worker.calls.popleft()
            if not call.result.done():
                call.result.set_result(value) if fine else call.result.set_exception(value)
        self._hand_out()

    def _replace(self, worker: _Worker) -> None:
        """Replace a dead worker; its calls wait again, the one that it worked on for one more try."""
        self._forget(worker)
        worker.process.join()
        self._workers[self._workers.index(worker)] = self._new()
        if worker.calls:
            worker.calls[0].tries += 1
            if worker.calls[0].tries == TRIES:
                call = worker.calls.popleft()
                if not call.result.done():
                    call.result.set_exception(WorkerDied("extraction crashed or hung on this page"))
        for call in reversed(worker.calls):
            self._waiting.setdefault(call.lane, deque()).appendleft(call)

    def _forget(self, worker: _Worker) -> None:
        descriptor = worker.pipe.fileno()
        if descriptor in self._watched:
            self._watched.discard(descriptor)
            with suppress(RuntimeError):  # the loop is gone already
                asyncio.get_running_loop().remove_reader(descriptor)
        worker.pipe.close()


def _drop(calls: Iterable[_Call]) -> None:
    for call in calls:
        if not call.result.done():
            call.result.set_exception(PoolClosed("the run ends"))
