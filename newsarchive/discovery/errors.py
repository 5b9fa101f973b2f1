"""What goes wrong when a listing is read."""

from __future__ import annotations

from newsarchive.errors import NewsArchiveError


class ListingError(NewsArchiveError):
    """A response is not the listing it should be; `reason` says in words what it is instead."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
