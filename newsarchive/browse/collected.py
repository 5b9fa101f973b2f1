"""The reading room over a collection: pages about all newspapers, and below `/site/NAME` the room of each."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, unquote

from datasette.utils.asgi import Response  # type: ignore[import-untyped]

from newsarchive.browse import quotations, reprints
from newsarchive.browse.archives import Row, list_sites
from newsarchive.browse.names import FILTER
from newsarchive.browse.visits import Page, View, Visit, address
from newsarchive.browse.web import Room, limit_time
from newsarchive.collection import Collection, CollectionError
from newsarchive.collection.reading import Readers
from newsarchive.search import Reading
from newsarchive.search.several import databases

App = Callable[..., Awaitable[None]]
MOST_ROOMS = 32
"""Number of newspapers whose rooms stay open."""
_OF_SITE = re.compile(r"/site/(?P<site>[^/]+)(?P<path>/.*|$)")
_OF_ARTICLES: dict[str, View] = {
    r"/reprints/(?P<id>\d+)(?:\.(?P<form>csv|json))?": reprints.reprints_of_page,
    r"/article/(?P<id>\d+)/quotations(?:\.(?P<form>json))?": quotations.quotation_page,
}
"""Pages of an article that compare it with those of all newspapers."""


class CollectionRoom(Room):
    """The pages about all newspapers of a collection; articles and tables are in the rooms of their newspapers."""

    gathers = True

    def __init__(self, readers: Readers) -> None:
        super().__init__(Path(), notes=False)
        self._readers = readers

    @contextmanager
    def opened(self) -> Iterator[Reading]:
        """Open the newest generations of all shards."""
        with self._readers.lend() as archives:
            for db in databases(archives):
                limit_time(db)
            yield archives

    def article_path(self, site: str, number: int) -> str:
        """Return the path of an article's page in the room of its newspaper."""
        return f"{path_of(site)}/article/{number}"

    def reprints_path(self, site: str, number: int) -> str:
        """Return the path of the page of an article's reprints in all newspapers."""
        return f"{path_of(site)}/reprints/{number}"

    def data_path(self, site: str) -> str:
        """Return the path of a newspaper's tables."""
        return f"{path_of(site)}/archive"

    def home_path(self, site: str) -> str:
        """Return the path of the front page of a newspaper's room."""
        return f"{path_of(site)}/"

    def name_path(self, table: str, row: Row) -> str:
        """Return the path of a search for the articles of an author, category or tag."""
        return address("/search", **{FILTER[table]: row["name"]})

    def routes(self) -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
        """Return the pages of a collection as Datasette routes."""
        own = {"/archive": data_page, **{f"/site/(?P<site>[^/]+){path}": view for path, view in _OF_ARTICLES.items()}}
        return [*((f"^{pattern}$", self._route(view)) for pattern, view in own.items()), *super().routes()]


def data_page(visit: Visit) -> Page:
    """Return the list of newspapers, each with a link to its tables."""
    return Page(template="data.html", title=visit.speech.text("data"), values={"sites": list_sites(visit.reading)})


def path_of(site: str) -> str:
    """Return the path of a newspaper's room."""
    return f"/site/{quote(site, safe='')}"


def by_newspaper(room: App, collection: Collection, make: Callable[[Path, str], App]) -> App:
    """Answer requests below `/site/NAME` by the room of that newspaper, all others by `room`.

    `make` returns the room of an archive's folder with a path before all its own. A room is replaced when its shard
    has a newer generation, so that every request reads the newest.
    """
    open_rooms: OrderedDict[str, tuple[Path, App]] = OrderedDict()

    lock = Lock()

    def room_of(name: str) -> App | None:
        folder = _folder_of(collection, name)
        if folder is None:
            return None
        with lock:
            known = open_rooms.pop(name, None)
            if known is None or known[0] != folder:
                known = (folder, make(folder, path_of(name)))
            open_rooms[name] = known
            while len(open_rooms) > MOST_ROOMS:
                open_rooms.popitem(last=False)
            return known[1]

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        path = (scope.get("raw_path") or scope.get("path", "").encode()).partition(b"?")[0].decode("latin-1")
        found = _OF_SITE.fullmatch(path) if scope["type"] == "http" else None
        if found and any(re.fullmatch(pattern, found["path"]) for pattern in _OF_ARTICLES):
            found = None
        app = await asyncio.to_thread(room_of, unquote(found["site"])) if found else None
        if found is None or app is None:
            await room(scope, receive, send)
            return
        inner = found["path"] or "/"
        await app({**scope, "path": unquote(inner), "raw_path": inner.encode("latin-1")}, receive, send)

    return answer


def _folder_of(collection: Collection, name: str) -> Path | None:
    """Return the folder of a newspaper's newest generation; None if there is none."""
    try:
        return collection.shard(name).open_latest()
    except CollectionError:
        return None
