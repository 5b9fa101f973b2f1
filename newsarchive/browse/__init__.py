"""The reading room: a read-only Datasette over the archive, with pages of its own for readers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from newsarchive.errors import NewsArchiveError


class RoomError(NewsArchiveError):
    """The reading room cannot be opened; the message is written for the user."""


def make_app(archive: Path | str, *, notes: bool = True) -> Any:
    """Return the reading room of an archive's folder or a collection as an ASGI application.

    With `notes`, the room of an archive has a notebook.

    Raises ArchiveError if there is no archive, and RoomError if the extra `browse` is not installed.
    """
    return _app().make_app(archive, notes=notes)


def serve(
    archive: Path | str, *, port: int, host: str, ready: Callable[[str], None] | None = None, notes: bool = True
) -> None:
    """Serve the reading room until interrupted. Port 0 stands for any free port.

    With `notes`, a reader at this computer has a notebook. `ready` is called with the address once the server listens.
    Raises ArchiveError if there is no archive, and RoomError if the extra `browse` is not installed or the port is in
    use.
    """
    _app().serve(archive, port=port, host=host, ready=ready, notes=notes)


def _app() -> Any:
    # Imported late: the extra may be missing, and loading it takes most of a second.
    try:
        return import_module("newsarchive.browse.app")
    except ModuleNotFoundError as error:
        raise RoomError(f"The reading room needs “{error.name}”; install newsarchive[browse].") from error
