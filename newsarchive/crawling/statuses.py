"""HTTP statuses: what they say of a page, and in words."""

from __future__ import annotations

from http import HTTPStatus

GONE = (404, 410)
KEPT_OUT = (401, 403)


def status_line(status: int) -> str:
    """A status as people know it.

    >>> status_line(404)
    '404 Not Found'
    """
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
