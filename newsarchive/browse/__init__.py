"""The reading room: Datasette over the archive, read-only, with pages made for reading."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from newsarchive.errors import NewsArchiveError


class RoomError(NewsArchiveError):
    """The reading room cannot be opened; the message is a sentence for the person at the terminal."""


def make_app(archive: Path) -> Any:
    """The reading room over the archive in a folder, as an ASGI application.

    Raises ArchiveError where there is no archive, RoomError where the extra `browse` is not installed.
    """
    return _app().make_app(archive)


def serve(archive: Path, *, port: int, host: str, ready: Callable[[str], None] | None = None) -> None:
    """Serve the reading room until interrupted; `ready` is told its address once it listens (port 0: any free one).

    Raises ArchiveError where there is no archive, RoomError where the extra `browse` is not installed or the port is
    taken.
    """
    _app().serve(archive, port=port, host=host, ready=ready)


def _app() -> Any:
    # Not imported at the top: the extra may be missing, and loading it takes most of a second.
    try:
        return import_module("newsarchive.browse.app")
    except ModuleNotFoundError as error:
        raise RoomError(f"Browsing needs “{error.name}”: install newsarchive[browse].") from error
