"""What goes wrong when a listing is read."""

from __future__ import annotations

from newsarchive.errors import NewsArchiveError


class ListingError(NewsArchiveError):
    """A response is not the listing it should be; `reason` says in words what it is instead.

    `ours`: not the site is at fault, but newsarchive.
    """

    def __init__(self, url: str, reason: str, *, ours: bool = False) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.ours = ours
