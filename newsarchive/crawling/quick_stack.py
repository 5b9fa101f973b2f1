"""A quick `inspect.stack` and `inspect.getmodule`, for imports of modules that ask only who imports them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any


@contextmanager
def stack_without_sources() -> Iterator[None]:
    """Make `inspect.stack` return frames without lines of source, and `inspect.getmodule` trust a frame's globals.

    Scrapy asks for the whole stack where it defines a deprecated class, three times in its TLS modules, to learn the
    name of one module. To find the source of every frame takes .1 s there, and .6 s below many other imports.
    """
    before = inspect.stack, inspect.getmodule
    inspect.stack, inspect.getmodule = _stack, _module
    try:
        yield
    finally:
        inspect.stack, inspect.getmodule = before


def _module(object: Any, _filename: str | None = None) -> ModuleType | None:  # noqa: A002  as in inspect
    name = object.f_globals["__name__"] if isinstance(object, FrameType) else getattr(object, "__module__", "")
    return sys.modules.get(name)


def _stack(context: int = 1) -> list[inspect.FrameInfo]:
    frame, frames = sys._getframe(1), []
    while frame is not None:
        code = frame.f_code
        frames.append(inspect.FrameInfo(frame, code.co_filename, frame.f_lineno, code.co_name, None, None))
        frame = frame.f_back  # type: ignore[assignment]
    return frames
