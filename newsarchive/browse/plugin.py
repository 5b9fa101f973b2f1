"""Our Datasette hooks. They do nothing in a Datasette without a reading room."""

from __future__ import annotations

from typing import Any

from datasette import handle_exception as datasette_errors  # type: ignore[import-untyped]
from jinja2 import Environment
from pluggy import HookimplMarker

from newsarchive.browse.guarding import guard
from newsarchive.browse.labels import LabellingLoader
from newsarchive.browse.notebook import owns
from newsarchive.browse.web import Room, is_internal
from newsarchive.browse.withheld import DATABASE, close_rows, exclude_hidden, permit

hookimpl = HookimplMarker("datasette")


def _room(datasette: Any) -> Room | None:
    return getattr(datasette, "room", None)


@hookimpl
def register_routes(datasette: Any) -> list[Any]:
    """Return the routes of our pages; they take precedence over Datasette's own."""
    room = _room(datasette)
    return room.routes() if room else []


@hookimpl
def asgi_wrapper(datasette: Any) -> Any:
    """Add security headers to every response, and close the pages of single rows during an embargo."""
    return (lambda app: guard(close_rows(datasette, app))) if _room(datasette) else lambda app: app


@hookimpl
def skip_csrf(datasette: Any, scope: Any) -> bool:
    """Leave the forms of the notebook to its own checks, which also hold for requests without cookies."""
    return _room(datasette) is not None and owns(scope["path"])


@hookimpl
def permission_allowed(datasette: Any, action: str, resource: Any) -> Any:
    """Deny what would show an article under an embargo."""
    return permit(datasette, action, resource) if _room(datasette) else None


@hookimpl
def filters_from_request(datasette: Any, database: str, table: str) -> Any:
    """Exclude articles under an embargo from table pages."""
    return exclude_hidden(datasette, table) if _room(datasette) and database == DATABASE else None


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """Add our header to Datasette's own pages."""
    room = _room(datasette)
    return {"room_header": room.header(request)} if room else {}


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Any) -> None:
    """Label the form fields of Datasette's own pages."""
    if _room(datasette) and env.loader:
        env.loader = LabellingLoader(env.loader)


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Return error pages in our style. Replaces Datasette's own hook, which prints a traceback for every error."""
    room = _room(datasette)
    if room is None:
        return datasette_errors.handle_exception(datasette, request, exception)
    return _explain(datasette, room, request, exception)


async def _explain(datasette: Any, room: Room, request: Any, exception: Exception) -> Any:
    """Return the error page; an error that disappears without the query string is reported as an invalid request."""
    if request.query_string and is_internal(exception):
        path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.path
        plain = await datasette.client.get(path)
        if plain.status_code < 500:
            return room.failure(request, 400, "error_bad")
    return room.explain(request, exception)
