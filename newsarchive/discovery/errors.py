"""Errors of reading a listing."""

from __future__ import annotations

from newsarchive.errors import NewsArchiveError


class ListingError(NewsArchiveError):
    """A response is not the expected listing; `reason` says what it is instead.

    `ours` is True if the fault is in newsarchive and not in the site.
    """

    def __init__(self, url: str, reason: str, *, ours: bool = False) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.ours = ours
