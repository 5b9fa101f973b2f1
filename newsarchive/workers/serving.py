"""A worker's side: it receives calls, makes them within limits of time, and never outlives its program."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import select
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, TypeVar

from newsarchive.errors import NewsArchiveError

SOFT_SECONDS = 5
HARD_SECONDS = 10
"""Of processor time, however busy the machine is."""

T = TypeVar("T")


class TooSlow(NewsArchiveError):
    """A page took longer than the limit."""


def load_and_serve(others: Connection, pipe: Connection, preload: tuple[str, ...]) -> None:
    """Run a worker in a fork that begins with what its program had loaded then.

    `others` is the program's end of the pipe; while this process has it open too, it would not notice that the program
    died. The program forks with Ctrl-C blocked, so that it cannot interrupt the first lines here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    others.close()
    gc.disable()  # nothing that is loaded is garbage: looking for some takes a tenth of the time
    for name in preload:
        importlib.import_module(name)
    gc.enable()
    serve(pipe)


def serve(pipe: Connection) -> None:
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
