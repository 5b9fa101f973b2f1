"""Articles under an embargo in Datasette's own pages: their rows are left out, and what cannot be cut is closed.

Datasette reads tables as they are. While an embargo is in force, the page of a table shows the rows that its rule (see
`rules`) lets through, and is closed where there is none; own SQL, prepared queries and single rows, which no condition
can be put on, are closed. Without an embargo nothing is.
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
    """Whether an article is hidden now."""
    found = await datasette.get_database(DATABASE).execute("select 1 from hidden limit 1")
    return bool(found.rows)


async def permit(datasette: Any, action: str, resource: Any) -> bool | None:
    """False for what would show a hidden article whatever is asked; None where it is not for us to say."""
    if action in ("execute-sql", "view-query"):
        return False if await is_in_force(datasette) else None
    if action == "view-table" and resource[0] == DATABASE and await is_in_force(datasette):
        return None if await _rule(datasette, resource[1]) is not None else False
    return None


async def _rule(datasette: Any, table: str) -> str | None:
    rule: str | None = await datasette.get_database(DATABASE).execute_fn(partial(rule_of, table=table))
    return rule


async def leave_out(datasette: Any, table: str) -> Any:
    """The condition that leaves hidden articles out of the page of a table; None where none is needed."""
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
