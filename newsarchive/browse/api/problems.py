"""Errors of the JSON interface as problem details (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from newsarchive.browse.visits import Download
from newsarchive.errors import NewsArchiveError

MEDIA_TYPE = "application/problem+json"
KINDS = {
    400: "urn:newsarchive:problem:invalid-request",
    404: "urn:newsarchive:problem:not-found",
    405: "urn:newsarchive:problem:method-not-allowed",
    500: "urn:newsarchive:problem:internal-error",
    503: "urn:newsarchive:problem:unavailable",
}
"""The problem's `type` for each status."""


class ParameterError(NewsArchiveError):
    """A query parameter is unknown or has an invalid value; the message is written for the user."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(detail)
        self.parameter = parameter


def problem(status: int, detail: str, *, instance: str = "", parameter: str = "") -> Download:
    """Return an error as problem details; `parameter` is the query parameter that caused it."""
    body: dict[str, Any] = {
        "type": KINDS.get(status, "about:blank"),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    body |= {name: value for name, value in (("instance", instance), ("parameter", parameter)) if value}
    headers = {"cache-control": "no-store"}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "GET, HEAD"
    text = json.dumps(body, ensure_ascii=False) + "\n"
    return Download(body=text.encode(), type=MEDIA_TYPE, status=status, headers=headers)
