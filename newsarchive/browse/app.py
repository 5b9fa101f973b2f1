"""Datasette with our plugin over one archive: the application and the server."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from datasette import handle_exception as datasette_errors  # type: ignore[import-untyped]
from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.database import Database  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]

from newsarchive.browse import RoomError, plugin
from newsarchive.browse.collected import CollectionRoom, by_newspaper
from newsarchive.browse.guarding import is_local_name, local_only
from newsarchive.browse.languages import load_texts
from newsarchive.browse.metadata import DESCRIPTIONS, datasette_metadata
from newsarchive.browse.plots import Point, draw_lines
from newsarchive.browse.rules import NAMES_HIDDEN, names_hidden
from newsarchive.browse.web import HERE, Room
from newsarchive.collection import Collection, is_collection
from newsarchive.collection.reading import readers_of
from newsarchive.database import connect_reading, read_archive
from newsarchive.search.functions import add_functions

SETTINGS = {
    "allow_download": False,  # during a crawl, a copy of the file without its write-ahead log is corrupt
    "default_page_size": 50,
    "facet_time_limit_ms": 1000,
    "truncate_cells_html": 120,  # whole bodies in cells make a page of fifty rows unreadable
    "sql_time_limit_ms": 10_000,
    "num_sql_threads": 3,
}


class ArchiveDatabase(Database):  # type: ignore[misc]
    """The archive's file, opened read-only whatever characters its path has; a crawl may write to it meanwhile."""

    def __init__(self, room: Datasette, path: str) -> None:
        super().__init__(room, path)
        self._opened = threading.local()
        """Per thread: its connection, and the state of the file for which it was opened."""
        self._connections: set[sqlite3.Connection] = set()

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: FBT001, FBT002 - Datasette's signature
        """Open the file, prepared as Datasette prepares its own connections (which only its private methods do)."""
        if write:
            raise sqlite3.OperationalError("The archive is read-only.")
        connection = connect_reading(Path(self.path), any_thread=True)
        connection.create_function(NAMES_HIDDEN, 1, self._names_hidden, deterministic=True)
        add_functions(connection)
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda text: str(text, "utf-8", "replace")
        pm.hook.prepare_connection(conn=connection, database=self.name, datasette=self.ds)
        self._connections.add(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._connections:
            self._connections.pop().close()

    hidden_words = "[[], []]"
    """Addresses and titles of hidden articles as JSON. Not a query parameter, because Datasette shows those."""

    def _names_hidden(self, text: object) -> bool:
        return names_hidden(text, self.hidden_words)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run `fn` with a connection of the current thread to the file that is in place now, and return its result."""

        def in_thread() -> Any:
            opened, state = self._opened, self._state()
            if getattr(opened, "state", None) != state:
                if hasattr(opened, "connection"):
                    self._connections.discard(opened.connection)
                    opened.connection.close()
                opened.connection, opened.state = self.connect(), state
            return fn(opened.connection)

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)

    def _state(self) -> tuple[object, ...]:
        """Return a state of the file; when it changes, a new connection is needed, as after a restore.

        In a read-only folder the database may be open as immutable while another user changes it, so its time and size
        count too.
        """
        path = Path(self.path)
        found = path.stat()
        if os.access(path.parent, os.W_OK):
            return self.path, found.st_dev, found.st_ino
        log = path.with_name(f"{path.name}-wal").exists()
        return self.path, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, log

    async def table_counts(self, limit: int = 10) -> dict[str, int | None]:
        """Return the number of rows of each table; None for search tables, where counting would read gigabytes."""
        names = await self.table_names()
        counted = [name for name in names if name in DESCRIPTIONS and name != "stems"]
        sql = " union all ".join(f"select '{name}', count(*) from [{name}]" for name in counted)  # noqa: S608
        found = dict(tuple(row) for row in await self.execute(sql)) if counted else {}
        return {name: found.get(name) for name in names}


class Archived(Datasette):  # type: ignore[misc]
    """Datasette over one archive, with the room that renders our pages."""

    def __init__(self, folder: Path, *, prefix: str = "", **of_room: Any) -> None:
        # first, because Datasette's constructor asks for our routes
        self.room = Room(folder, prefix=prefix, **of_room)
        super().__init__(
            metadata=datasette_metadata(prefix),
            settings={**SETTINGS, "base_url": f"{prefix}/"},
            template_dir=str(HERE / "templates" / "datasette"),
            static_mounts=[("-/room", str(HERE / "static"))],
        )
        # Datasette opens an in-memory database when it is given no file.
        self.remove_database("_memory")
        self.add_database(ArchiveDatabase(self, str(_database(folder))), name="archive")


def _database(folder: Path) -> Path:
    """Return the path of the archive's file. Raises ArchiveError if it does not exist or cannot be read."""
    read_archive(folder).close()
    return folder / "archive.db"


class Gathered(Datasette):  # type: ignore[misc]
    """Datasette without a database, with the pages of a whole collection."""

    def __init__(self, room: CollectionRoom) -> None:
        self.room = room
        super().__init__(
            metadata={"title": "newsarchive"}, settings=SETTINGS, static_mounts=[("-/room", str(HERE / "static"))]
        )
        self.remove_database("_memory")


def make_datasette(archive: Path, *, notes: bool = True) -> Archived:
    """Return Datasette over the archive in a folder, with a notebook for its reader. Raises ArchiveError."""
    _register()
    return Archived(archive, notes=notes)


def _register() -> None:
    if not pm.is_registered(plugin):
        pm.register(plugin)
        pm.unregister(datasette_errors)


def make_app(archive: Path | str, *, notes: bool = True) -> Any:
    """Return the reading room of an archive's folder or a collection as an ASGI application. Raises ArchiveError.

    The rooms of a collection have no notebook, since their folders are not to be written to.
    """
    if not is_collection(archive):
        return make_datasette(Path(archive), notes=notes).app()
    _register()
    collection = Collection.open(archive)
    room = CollectionRoom(readers_of(str(archive)))

    def room_of(folder: Path, prefix: str) -> Any:
        return Archived(folder, prefix=prefix, notes=False, collection=room.opened).app()

    return by_newspaper(Gathered(room).app(), collection, room_of)


def serve(
    archive: Path | str, *, port: int, host: str, ready: Callable[[str], None] | None = None, notes: bool = True
) -> None:
    """Serve the reading room until interrupted. Port 0 stands for any free port.

    `ready` is called with the address once the server listens. Raises ArchiveError if there is no archive, and
    RoomError if the server cannot listen on the address.
    """
    app = make_app(archive, notes=notes)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise RoomError(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from error
    name = f"[{host}]" if ":" in host else host
    if is_local_name(name):
        app = local_only(app)
    load_texts()
    draw_lines([Point(period="2025", series="", value=1)])  # warm up: the first plot takes half a second
    with listener:
        if ready:
            ready(f"http://{name}:{listener.getsockname()[1]}/")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", server_header=False))
        server.run(sockets=[listener])
