"""Calls in threads that neither the end of a run nor that of the process waits for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

_Calls = SimpleQueue[Callable[[], None]]
_idle: list[_Calls] = []
"""The queues of threads that have nothing to do; each is used again, because whoever starts one waits until it runs."""

os.register_at_fork(after_in_child=_idle.clear)  # no fork has the threads


async def in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function in a thread that does nothing else meanwhile; returns what it returns, raises what it raises.

    Where the caller is cancelled, the thread is left to itself. Those of `asyncio.to_thread` and of Twisted are waited
    for when the process ends, so that a name look-up that hangs would hold it up.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if result.done():  # it was cancelled
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]

    def work() -> None:
        value, failure = None, None
        try:
            value = function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  it goes to the caller
            failure = error
        _idle.append(calls)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, failure)

    calls = _idle.pop() if _idle else _start()
    calls.put(work)
    return await result


def _start() -> _Calls:
    calls: _Calls = SimpleQueue()
    Thread(target=_serve, args=(calls,), name="newsarchive", daemon=True).start()
    return calls


def _serve(calls: _Calls) -> None:
    while True:
        calls.get()()
