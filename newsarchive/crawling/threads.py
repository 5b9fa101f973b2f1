"""Calls in threads that neither the end of a run nor that of the process waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function in a thread of its own; returns what it returns, raises what it raises.

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
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, failure)

    Thread(target=work, name=f"newsarchive {function.__name__}", daemon=True).start()
    return await result
