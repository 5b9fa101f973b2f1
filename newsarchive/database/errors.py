"""Errors of an archive as a whole."""

from __future__ import annotations

from newsarchive.errors import NewsArchiveError


class ArchiveError(NewsArchiveError):
    """The archive cannot be used; the message is written for the user."""


class NoArchive(ArchiveError):
    """The folder has no archive yet."""


class ArchiveLocked(ArchiveError):
    """Another run holds the archive; `takes_requests` is True if `request_sites` can ask it for more."""

    def __init__(self, message: str, *, takes_requests: bool = False) -> None:
        super().__init__(message)
        self.takes_requests = takes_requests


class AddressError(ArchiveError, ValueError):
    """The address is of no kind of place that an archive or a collection can be in."""
