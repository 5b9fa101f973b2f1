"""Cursors: where a page begins, as an opaque text that stays valid while the archive grows."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from newsarchive.browse.api.problems import ParameterError

Place = tuple[Any, ...]
"""The sort key of the last item of a page: integers and strings."""


def write_cursor(order: str, place: Sequence[int | str]) -> str:
    """Return the cursor after an item. `order` names the list and its order, so that no other list takes it.

    >>> read_cursor(write_cursor("deletions", ["2025-03-05T00:00:00Z", 7]), "deletions", (str, int))
    ('2025-03-05T00:00:00Z', 7)
    """
    text = json.dumps([order, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, order: str, types: tuple[type, ...]) -> Place | None:
    """Return the sort key in a cursor; None without a cursor. Raises ParameterError."""
    if cursor is None:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if not isinstance(found, list) or [type(part) for part in found] != [str, *types]:
        raise ParameterError("cursor", "Invalid cursor; take it from “next” of the page before.")
    if found[0] != order or any(isinstance(part, int) and abs(part) >= 1 << 63 for part in found):
        raise ParameterError("cursor", "The cursor belongs to another list or order; take it from “next”.")
    return tuple(found[1:])
