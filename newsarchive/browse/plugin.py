"""Our hooks into Datasette; they leave a Datasette that has no room of ours alone."""

from __future__ import annotations

from typing import Any

from datasette import handle_exception as datasettes_own  # type: ignore[import-untyped]
from jinja2 import Environment
from pluggy import HookimplMarker

from newsarchive.browse.labels import LabellingLoader
from newsarchive.browse.web import Room, guard

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
    """Headers that keep pages from doing anything but being read."""
    return guard if _room(datasette) else lambda app: app


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
    return room.explain(request, exception)
