"""Worker processes, each on a pipe of its own: preloaded, watched, and replaced when one dies.

Unlike concurrent.futures it has no threads that take the processor from the reactor, imports what the workers need only
once, and knows which call killed a process: the first of those that the process was given.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import pickle
import select
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from types import FrameType
from typing import Any, TypeVar

from newsarchive.errors import NewsArchiveError

SOFT_SECONDS = 5
HARD_SECONDS = 10
"""Of processor time, however busy the machine is."""
AHEAD = 64 * 1024
"""Bytes of a call that may lie in a pipe while its worker is busy: what every system's pipe buffer takes at once."""
TRIES = 2

EXTRACTING = ("newsarchive.workers.preloaded",)
"""What workers that extract need loaded."""

T = TypeVar("T")


class TooSlow(NewsArchiveError):
    """A page took longer than the limit."""


class WorkerDied(NewsArchiveError):
    """The process that worked on a page crashed."""


class PoolClosed(NewsArchiveError):
    """A call was not finished when its pool was closed."""


def start_early(preload: tuple[str, ...]) -> None:
    """Start the process that workers are forked from; it loads its modules while this one loads its own."""
    _forking(preload)
    forkserver.ensure_running()


def _forking(preload: tuple[str, ...]) -> ForkServerContext:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else numpy, which trafilatura loads, starts a thread per core
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*preload])
    return context


@dataclass(eq=False)
class _Call:
    lane: str
    data: bytes
    result: asyncio.Future[Any]
    tries: int = 0


@dataclass(eq=False)
class _Worker:
    process: Any
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
        self._context = _forking(preload)
        self._waiting: dict[str, deque[_Call]] = {}
        """The calls of each lane that has any; the lane that was served last comes last."""
        self._closed = False
        self._workers = [self._new() for _ in range(workers)]
        self._watched: set[int] = set()

    def _new(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

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


def _serve(pipe: Connection) -> None:
    """Run a worker: receive calls and send results until the other end is closed or its process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    signal.signal(signal.SIGVTALRM, _raise_time_up)
    signal.signal(signal.SIGALRM, _Watch(pipe))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, whatever it does
    gc.freeze()  # what it was forked with is never looked through for garbage: a thirtieth of its time
    with suppress(EOFError, OSError):
        while True:
            function, args = pickle.loads(pipe.recv_bytes())  # noqa: S301  from the process that made this one
            try:
                result = (True, _guarded(function, args))
            except Exception as error:  # noqa: BLE001  it goes to the caller
                result = (False, error)
            pipe.send_bytes(_pickled(result))


def _guarded(function: Callable[..., T], args: tuple[Any, ...]) -> T:
    """Call a function with a soft limit (TooSlow) and a hard one (the process ends) of processor time.

    A limit of the clock's time would make what comes of a page depend on what else the machine does.
    """
    signal.setitimer(signal.ITIMER_PROF, HARD_SECONDS)
    signal.setitimer(signal.ITIMER_VIRTUAL, SOFT_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    try:
        return function(*args)
    except _TimeUp as error:
        raise TooSlow(f"extraction took longer than {SOFT_SECONDS} s") from error
    finally:
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)


def guarded_here(function: Callable[..., T], *args: Any) -> T:
    """Call a function in this process with the soft limit alone, if this is the main thread, which gets signals."""
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    before = signal.signal(signal.SIGVTALRM, _raise_time_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, SOFT_SECONDS)
    try:
        return function(*args)
    except _TimeUp as error:
        raise TooSlow(f"extraction took longer than {SOFT_SECONDS} s") from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class _TimeUp(BaseException):
    """The time of a call is up. Not an Exception: a library that catches those would continue with half of its work."""


def _pickled(result: tuple[bool, Any]) -> bytes:
    try:
        return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001  an exception may hold anything, a lock or a parser's tree
        return pickle.dumps((False, RuntimeError(f"{type(result[1]).__name__}: {result[1]} ({error})")))


class _Watch:
    """Checks once a second that the program at the other end is alive: a worker never outlives it."""

    def __init__(self, pipe: Connection) -> None:
        self._poll = select.poll()
        self._poll.register(pipe.fileno(), 0)  # that it was hung up is always told

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        if self._poll.poll(0):
            os._exit(1)


def _raise_time_up(_signal: int, _frame: FrameType | None) -> None:
    raise _TimeUp
