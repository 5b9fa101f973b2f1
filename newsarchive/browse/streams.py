"""Answers written by a thread while they are sent: any size takes little memory, and a slow reader slows the writer."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from io import RawIOBase
from typing import IO, Any, cast

from datasette.utils.asgi import Request, Response  # type: ignore[import-untyped]

from newsarchive.browse.visits import Stream
from newsarchive.errors import NewsArchiveError

log = logging.getLogger(__name__)

BLOCK, BLOCKS = 1 << 16, 8
"""Size of the blocks that are sent, and how many may wait."""
MOST_AT_ONCE = 4
"""Number of streams at a time; each has a thread and reads the archive."""


class _Abandoned(NewsArchiveError):
    """The reader is gone."""


class _Pipe(RawIOBase):
    """The file that the thread writes to; a full queue makes it wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.blocks: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(BLOCKS)
        self.abandoned = threading.Event()
        self._pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._pending += data
        while len(self._pending) >= BLOCK:
            self.put(bytes(self._pending[:BLOCK]))
            del self._pending[:BLOCK]
        return len(data)

    def finish(self, error: BaseException | None) -> None:
        """Hand over the rest, then the end or the error."""
        if self._pending and error is None:
            self.put(bytes(self._pending))
        self.put(error)

    def put(self, block: bytes | BaseException | None) -> None:
        if self.abandoned.is_set():
            raise _Abandoned
        try:
            asyncio.run_coroutine_threadsafe(self.blocks.put(block), self._loop).result()
        except (RuntimeError, CancelledError) as error:  # the server has stopped
            raise _Abandoned from error


class StreamedResponse(Response):  # type: ignore[misc]
    """A response whose body is written while it is sent.

    If the writer fails before its first block, `failed` gives the answer. A later failure breaks the connection off, so
    that nobody takes a part for the whole.
    """

    def __init__(
        self,
        stream: Stream,
        request: Request,
        *,
        headers: dict[str, str],
        failed: Callable[[NewsArchiveError | None], Response],
    ) -> None:
        super().__init__("", content_type=stream.type, headers=headers)
        self._stream, self._request, self._failed = stream, request, failed

    async def asgi_send(self, send: Callable[[Any], Any]) -> None:
        if not _places.acquire(blocking=False):
            await self._failed(None).asgi_send(send)
            return
        pipe = _Pipe(asyncio.get_running_loop())
        threading.Thread(target=_write, args=(self._stream, pipe), daemon=True).start()
        gone = asyncio.ensure_future(self._wait_for_disconnect())
        try:
            await self._send_blocks(pipe, gone, send)
        finally:
            gone.cancel()
            pipe.abandoned.set()
            while not pipe.blocks.empty():  # lets a waiting writer go on, and end
                pipe.blocks.get_nowait()

    async def _send_blocks(self, pipe: _Pipe, gone: asyncio.Future[None], send: Callable[[Any], Any]) -> None:
        started = False
        while (block := await _next(pipe, gone)) is not None or not started:
            if isinstance(block, BaseException):
                if started or not isinstance(block, NewsArchiveError):
                    raise block
                await self._failed(block).asgi_send(send)
                return
            if not started:
                headers = {**self.headers, "content-type": self.content_type}
                raw = [(name.encode(), value.encode()) for name, value in headers.items()]
                await send({"type": "http.response.start", "status": 200, "headers": raw})
                started = True
            if block is None:
                break
            if block:
                await send({"type": "http.response.body", "body": block, "more_body": True})
            if gone.done():
                return
        await send({"type": "http.response.body", "body": b""})

    async def _wait_for_disconnect(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


_places = threading.Semaphore(MOST_AT_ONCE)


async def _next(pipe: _Pipe, gone: asyncio.Future[None]) -> bytes | BaseException | None:
    """Return the next block, the writer's error or None at the end; an empty block if the reader is gone."""
    block = asyncio.ensure_future(pipe.blocks.get())
    await asyncio.wait((block, gone), return_when=asyncio.FIRST_COMPLETED)
    if block.done():
        return block.result()
    block.cancel()
    return b""


def _write(stream: Stream, pipe: _Pipe) -> None:
    """Write the body in a thread of its own, whatever comes of it."""
    try:
        error: BaseException | None = None
        try:
            stream.write(cast("IO[bytes]", pipe))
        except _Abandoned:
            return
        except NewsArchiveError as failure:
            error = failure
        except Exception as failure:
            log.error("%s failed", stream.filename, exc_info=failure)
            error = failure
        pipe.finish(error)
    except _Abandoned:
        pass
    finally:
        _places.release()
