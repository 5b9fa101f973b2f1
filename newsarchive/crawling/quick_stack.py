"""A quick `inspect.stack`, for imports of modules that ask only who imports them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stack_without_sources() -> Iterator[None]:
    """Make `inspect.stack` return frames without lines of source.

    Scrapy asks for the whole stack where it defines a deprecated class, three times in its TLS modules, to learn the
    name of one module. Finding the source of every frame takes .1 s there, and .6 s below many other imports.
    """
    before = inspect.stack
    inspect.stack = _stack
    try:
        yield
    finally:
        inspect.stack = before


def _stack(context: int = 1) -> list[inspect.FrameInfo]:
    frame, frames = sys._getframe(1), []
    while frame is not None:
        code = frame.f_code
        frames.append(inspect.FrameInfo(frame, code.co_filename, frame.f_lineno, code.co_name, None, None))
        frame = frame.f_back  # type: ignore[assignment]
    return frames
