"""Articles under an embargo in Datasette's own pages: their rows are left out, and what cannot be cut is closed.

Datasette reads tables as they are. While an embargo is in force, table pages leave out the rows of the articles that
are hidden; own SQL, prepared queries, single rows and the tables of the search index, which no condition can be put on,
are closed. Without an embargo nothing is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from datasette.filters import FilterArguments  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]
from datasette.utils.asgi import Response  # type: ignore[import-untyped]

from newsarchive.browse.metadata import DESCRIPTIONS

DATABASE = "archive"
CLOSED = ("stems_in_order",)
_HIDDEN = "(select article from hidden)"
_HIDDEN_IMAGES = (
    f"(select image from article_images where article in {_HIDDEN} union select i.id from revisions r"  # noqa: S608
    f" join json_each(r.images) e join images i on i.url = e.value ->> 'url' where r.article in {_HIDDEN})"
)
"""Pictures that a hidden article shows or once showed."""
_OWN = {
    "articles": f"id not in {_HIDDEN}",
    "archive": f"id not in {_HIDDEN}",
    "stems": f"id not in {_HIDDEN}",
    "images": f"id not in {_HIDDEN_IMAGES}",
    "image_versions": f"image not in {_HIDDEN_IMAGES}",
    "revision_captures": f"revision not in (select id from revisions where article in {_HIDDEN})",  # noqa: S608
}


async def is_in_force(datasette: Any) -> bool:
    """Whether an article is hidden now."""
    found = await datasette.get_database(DATABASE).execute("select 1 from hidden limit 1")
    return bool(found.rows)


async def permit(datasette: Any, action: str, resource: Any) -> bool | None:
    """False for what would show a hidden article whatever is asked; None where it is not for us to say."""
    if action in ("execute-sql", "view-query"):
        return False if await is_in_force(datasette) else None
    if action == "view-table" and resource[0] == DATABASE and not _can_be_cut(resource[1]):
        return False if await is_in_force(datasette) else None
    return None


def _can_be_cut(table: str) -> bool:
    return table in DESCRIPTIONS and table not in CLOSED


async def leave_out(datasette: Any, table: str) -> Any:
    """The condition that leaves hidden articles out of the page of a table; None where none is needed."""
    name = table.casefold()
    condition = _OWN.get(name)
    if condition is None and "article" in DESCRIPTIONS.get(name, {}).get("columns", {}):
        condition = f"(article is null or article not in {_HIDDEN})"
    if condition is None or not await is_in_force(datasette):
        return None
    return FilterArguments(where_clauses=[condition], params={}, human_descriptions=[])


def close_rows(datasette: Any, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Answer 403 to the pages of single rows while an embargo is in force."""

    async def closed(scope: Any, receive: Any, send: Any) -> None:
        row = scope["type"] == "http" and _is_row(scope.get("raw_path") or scope["path"].encode())
        if row and await is_in_force(datasette):
            await Response.text("Closed while an embargo is in force.", status=403).asgi_send(send)
            return
        await app(scope, receive, send)

    return closed


def _is_row(path: bytes) -> bool:
    """Whether a path names a single row.

    >>> _is_row(b"/archive/articles/1"), _is_row(b"/%61rchive/articles/1"), _is_row(b"/archive/articles.json")
    (True, True, False)
    """
    parts = path.partition(b"?")[0].decode("latin-1").strip("/").split("/")
    return len(parts) > 2 and DATABASE in (tilde_decode(parts[0]), tilde_decode(unquote(parts[0])))
