"""Embargoes in Datasette's own pages: rows of hidden articles are excluded; pages that cannot be filtered are closed.

Datasette reads tables as they are. During an embargo, a table page shows the rows that its rule allows (see `rules`),
or is closed if it has no rule. Custom SQL, prepared queries and single rows are closed, because no condition can be
added to them. Without an embargo nothing is closed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from datasette.filters import FilterArguments  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]
from datasette.utils.asgi import Response  # type: ignore[import-untyped]

from newsarchive.browse.rules import hidden_words, rule_of

DATABASE = "archive"


async def is_in_force(datasette: Any) -> bool:
    """Return True if any article is hidden now; the pages of a collection have no tables."""
    if DATABASE not in datasette.databases:
        return False
    found = await datasette.get_database(DATABASE).execute("select 1 from hidden limit 1")
    return bool(found.rows)


async def permit(datasette: Any, action: str, resource: Any) -> bool | None:
    """Return False if an action could show a hidden article, else None (no opinion)."""
    if action in ("execute-sql", "view-query"):
        return False if await is_in_force(datasette) else None
    if action == "view-table" and resource[0] == DATABASE and await is_in_force(datasette):
        return None if await _rule(datasette, resource[1]) is not None else False
    return None


async def _rule(datasette: Any, table: str) -> str | None:
    rule: str | None = await datasette.get_database(DATABASE).execute_fn(partial(rule_of, table=table))
    return rule


async def exclude_hidden(datasette: Any, table: str) -> Any:
    """Return the filter that excludes hidden articles from a table page; None if none is needed."""
    if not await is_in_force(datasette):
        return None
    rule = await _rule(datasette, table)
    if rule == "":
        return None
    condition = "false" if rule is None else rule
    database = datasette.get_database(DATABASE)
    database.hidden_words = await database.execute_fn(hidden_words)
    return FilterArguments(where_clauses=[condition], params={}, human_descriptions=[])


def close_rows(datasette: Any, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Answer requests for single rows with 403 during an embargo."""

    async def closed(scope: Any, receive: Any, send: Any) -> None:
        row = scope["type"] == "http" and _is_row(scope.get("raw_path") or scope["path"].encode())
        if row and await is_in_force(datasette):
            await Response.text("This page is closed during an embargo.", status=403).asgi_send(send)
            return
        await app(scope, receive, send)

    return closed


def _is_row(path: bytes) -> bool:
    """Return True if a path names a single row.

    >>> _is_row(b"/archive/articles/1"), _is_row(b"/%61rchive/articles/1"), _is_row(b"/archive/articles.json")
    (True, True, False)
    """
    parts = path.partition(b"?")[0].decode("latin-1").strip("/").split("/")
    return len(parts) > 2 and DATABASE in (tilde_decode(parts[0]), tilde_decode(unquote(parts[0])))
