"""Datasette with our plugin over one archive, as an application and as a server."""

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
from datasette import handle_exception as datasettes_own  # type: ignore[import-untyped]
from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.database import Database  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]

from newsarchive.browse import RoomError, plugin
from newsarchive.browse.languages import load_texts
from newsarchive.browse.metadata import DESCRIPTIONS, datasette_metadata
from newsarchive.browse.plots import Point, draw_lines
from newsarchive.browse.rules import TELLS, tells_of_hidden
from newsarchive.browse.web import HERE, Room, is_local_name, only_here
from newsarchive.database import connect_reading, read_archive

SETTINGS = {
    "allow_download": False,  # a copy of the file without its log, while a crawl writes, would be a broken one
    "default_page_size": 50,
    "facet_time_limit_ms": 1000,
    "truncate_cells_html": 300,  # a whole body in a cell makes a page of fifty rows unreadable
    "sql_time_limit_ms": 10_000,
    "num_sql_threads": 3,
}


class ArchiveDatabase(Database):  # type: ignore[misc]
    """The archive's file, opened for reading whatever characters its path has; a crawl may write to it meanwhile."""

    def __init__(self, room: Datasette, path: str) -> None:
        super().__init__(room, path)
        self._opened = threading.local()
        """The connection of each thread that runs queries, and the state of the file that it was opened for."""

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: FBT001, FBT002 - Datasette's signature
        if write:
            raise sqlite3.OperationalError("The archive is open for reading only.")
        connection = connect_reading(Path(self.path), any_thread=True)
        connection.create_function(TELLS, 1, self._tells_of_hidden, deterministic=True)
        self._all_file_connections.append(connection)
        return connection

    hidden_words = "[[], []]"
    """What hidden articles are known by: no parameter of a query, for those are shown."""

    def _tells_of_hidden(self, text: object) -> bool:
        return tells_of_hidden(text, self.hidden_words)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run `fn` with a connection of the thread's own to the file that is in place now."""

        def in_thread() -> Any:
            opened, state = self._opened, self._state()
            if getattr(opened, "state", None) != state:
                if hasattr(opened, "connection"):
                    opened.connection.close()
                    self._all_file_connections.remove(opened.connection)
                opened.connection, opened.state = self.connect(), state
                self.ds._prepare_connection(opened.connection, self.name)
            return fn(opened.connection)

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)

    def _state(self) -> tuple[object, ...]:
        """What tells that another connection is needed: a restore puts another file in the place of the database.

        Where the folder is read-only the database may be open as one that nobody changes, and another user changes it.
        """
        path = Path(self.path)
        found = path.stat()
        if os.access(path.parent, os.W_OK):
            return self.path, found.st_dev, found.st_ino
        log = path.with_name(f"{path.name}-wal").exists()
        return self.path, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, log

    async def table_counts(self, limit: int = 10) -> dict[str, int | None]:
        """Rows of each table; None for those of the search, whose counting reads gigabytes in one step."""
        names = await self.table_names()
        counted = [name for name in names if name in DESCRIPTIONS and name != "stems"]
        sql = " union all ".join(f"select '{name}', count(*) from [{name}]" for name in counted)  # noqa: S608
        found = dict(tuple(row) for row in await self.execute(sql)) if counted else {}
        return {name: found.get(name) for name in names}


class Archived(Datasette):  # type: ignore[misc]
    """Datasette over one archive, and the room that draws our pages for it."""

    def __init__(self, folder: Path) -> None:
        self.room = Room(folder)  # first, for Datasette asks for our routes while it is made
        super().__init__(
            metadata=datasette_metadata(),
            settings=SETTINGS,
            template_dir=str(HERE / "templates" / "datasette"),
            static_mounts=[("-/room", str(HERE / "static"))],
        )
        # Datasette opens a database in memory where it is given no file.
        self.remove_database("_memory")
        self.add_database(ArchiveDatabase(self, str(_database(folder))), name="archive")


def _database(folder: Path) -> Path:
    """The archive's file. Raises ArchiveError where there is none or it cannot be read."""
    read_archive(folder).close()
    return folder / "archive.db"


def make_datasette(archive: Path) -> Archived:
    """Datasette over the archive in a folder. Raises ArchiveError."""
    if not pm.is_registered(plugin):
        pm.register(plugin)
        pm.unregister(datasettes_own)
    return Archived(archive)


def make_app(archive: Path) -> Any:
    """The reading room over the archive in a folder, as an ASGI application. Raises ArchiveError."""
    return make_datasette(archive).app()


def serve(archive: Path, *, port: int, host: str, ready: Callable[[str], None] | None = None) -> None:
    """Serve the reading room until interrupted; `ready` is told its address once it listens (port 0: any free one).

    Raises ArchiveError where there is no archive, RoomError where the address cannot be had.
    """
    app = make_app(archive)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise RoomError(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from error
    name = f"[{host}]" if ":" in host else host
    if is_local_name(name):
        app = only_here(app)
    load_texts()
    draw_lines([Point(period="2025", series="", value=1)])  # the first plot takes half a second
    with listener:
        if ready:
            ready(f"http://{name}:{listener.getsockname()[1]}/")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", server_header=False))
        server.run(sockets=[listener])
