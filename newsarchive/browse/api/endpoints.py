"""An address of the JSON interface: what it takes, and what its pages are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsarchive.browse.api.cursors import write_cursor
from newsarchive.browse.api.parameters import Parameter
from newsarchive.browse.archives import Row
from newsarchive.browse.visits import Visit


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of a list: its items, where the next one begins (empty on the last), and what else is told of the list."""

    items: Sequence[Row]
    cursor: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


Answer = Listing | Mapping[str, Any]
Values = Mapping[str, Any]
"""The values of the query parameters by name."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An address with its view; `item` names the schema of the answer, or of the items if the answer is a list."""

    path: str
    name: str
    summary: str
    view: Callable[[Visit, Values], Answer]
    item: str
    parameters: Sequence[Parameter] = ()
    listed: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)
    """Schemas of what a list tells apart from its items."""
    required: Sequence[str] = ()
    """Names of those of `more` that are in every answer."""


def cut(
    found: Sequence[Row], limit: int, order: str, place: Callable[[Row], Sequence[int | str]], **more: object
) -> Listing:
    """Return a page of `limit` items from rows of which one more was read, if there are more."""
    items = found[:limit]
    cursor = write_cursor(order, place(items[-1])) if len(found) > limit else ""
    return Listing(items=items, cursor=cursor, more=more)
