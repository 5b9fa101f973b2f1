"""Imports libraries without the optional modules that they load if these happen to be installed."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without_modules(*names: str) -> Iterator[None]:
    """Make the import of modules fail that are not loaded yet, as if they were not installed."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: importing it fails
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def import_sqlite_utils() -> None:
    """Import sqlite-utils without pandas and numpy, which it loads if installed: 70 MB that no command uses."""
    with without_modules("pandas", "numpy"):
        importlib.import_module("sqlite_utils")


def load_program(module: str) -> ModuleType:
    """Import the module of a command, and all that it needs, without looking for garbage: nothing loaded is any.

    That would take a tenth of the start, and is not done for these objects later either.
    """
    gc.disable()
    import_sqlite_utils()
    loaded = importlib.import_module(module)
    gc.freeze()
    gc.enable()
    return loaded
