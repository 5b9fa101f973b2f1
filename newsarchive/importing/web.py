"""Requests to public web archives: one at a time, with pauses between them, and as late as the server asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from newsarchive.errors import NewsArchiveError
from newsarchive.times import retry_after, stamp

TIMEOUT = 90.0
MOST = 32 << 20
"""Bytes of an answer that are read; no page is larger."""
TRIES = 5
LONGEST_WAIT = 900.0
"""Seconds that a server may ask to wait; after a longer wait the command is to be run again."""
_BUSY = frozenset((408, 429, 500, 502, 503, 504))


class Unreachable(NewsArchiveError):
    """A server does not answer, or asks for a long wait; the message says which and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer to a request: its body as it came, and its headers in order."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_cut: bool

    def header(self, name: str) -> str:
        """Return the value of a header; empty if there is none."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Web:
    """Asks servers, at most once every `delay` seconds."""

    def __init__(self, *, user_agent: str, delay: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._user_agent, self._delay, self._sleep = user_agent, delay, sleep
        self._opener = build_opener(_NoRedirects)
        self._next = 0.0

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a request, a redirect as it is; try again where the server is busy. Raises Unreachable.

        Other failures, such as 404, are answers.
        """
        reason = ""
        for tried in range(TRIES):
            self._sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + self._delay
            try:
                answer = self._ask(Request(url, headers={"User-Agent": self._user_agent, **(headers or {})}))  # noqa: S310
            except (OSError, HTTPException) as error:
                reason = str(getattr(error, "reason", "") or error) or type(error).__name__
                self._wait(url, self._delay * 5 * 2**tried)
                continue
            if answer.status not in _BUSY:
                return answer
            reason = f"HTTP status {answer.status}"
            asked = retry_after(answer.header("Retry-After"), datetime.now(UTC))
            self._wait(url, self._delay * 5 * 2**tried if asked is None else asked)
        raise Unreachable(f"{urlsplit(url).netloc} does not answer: {reason}")

    def _wait(self, url: str, seconds: float) -> None:
        if seconds > LONGEST_WAIT:
            moment = stamp(datetime.now(UTC) + timedelta(seconds=min(seconds, 1e7)))
            raise Unreachable(f"{urlsplit(url).netloc} asks for no request before {moment}")
        self._next = time.monotonic() + max(seconds, self._delay)

    def _ask(self, request: Request) -> Answer:
        try:
            response = self._opener.open(request, timeout=TIMEOUT)
        except HTTPError as error:
            response = error
        with response:
            body = response.read(MOST + 1)
            return Answer(
                url=request.full_url,
                status=int(response.status or 0),
                headers=tuple(response.headers.items()),
                body=body[:MOST],
                is_cut=len(body) > MOST,
            )
