"""Our hooks into Datasette; they leave a Datasette that has no room of ours alone."""

from __future__ import annotations

from typing import Any

from datasette import handle_exception as datasettes_own  # type: ignore[import-untyped]
from jinja2 import Environment
from pluggy import HookimplMarker

from newsarchive.browse.labels import LabellingLoader
from newsarchive.browse.web import Room, guard
from newsarchive.browse.withheld import DATABASE, close_rows, leave_out, permit

hookimpl = HookimplMarker("datasette")


def _room(datasette: Any) -> Room | None:
    return getattr(datasette, "room", None)


@hookimpl
def register_routes(datasette: Any) -> list[Any]:
    """Our pages come before Datasette's own."""
    room = _room(datasette)
    return room.routes() if room else []


@hookimpl
def asgi_wrapper(datasette: Any) -> Any:
    """Headers that keep pages from doing anything but being read; rows that an embargo closes."""
    return (lambda app: guard(close_rows(datasette, app))) if _room(datasette) else lambda app: app


@hookimpl
def permission_allowed(datasette: Any, action: str, resource: Any) -> Any:
    """Close what would show an article under an embargo."""
    return permit(datasette, action, resource) if _room(datasette) else None


@hookimpl
def filters_from_request(datasette: Any, database: str, table: str) -> Any:
    """Leave articles under an embargo out of the pages of tables."""
    return leave_out(datasette, table) if _room(datasette) and database == DATABASE else None


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """Our header, for Datasette's own pages."""
    room = _room(datasette)
    return {"room_header": room.header(request)} if room else {}


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Any) -> None:
    """Labels for the fields of Datasette's own pages."""
    if _room(datasette) and env.loader:
        env.loader = LabellingLoader(env.loader)


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Error pages in our style. Datasette's own hook, whose place this takes, would print a screen for each mistake."""
    room = _room(datasette)
    if room is None:
        return datasettes_own.handle_exception(datasette, request, exception)
    return _explain(datasette, room, request, exception)


async def _explain(datasette: Any, room: Room, request: Any, exception: Exception) -> Any:
    """What a page cannot answer is the reader's mistake where it can be answered without the query."""
    if request.query_string and room.failed(exception):
        path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.path
        plain = await datasette.client.get(path)
        if plain.status_code < 500:
            return room.failure(request, 400, "error_bad")
    return room.explain(request, exception)
