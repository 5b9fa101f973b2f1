"""What may be wrong with an archive as a whole."""

from __future__ import annotations

from newsarchive.errors import NewsArchiveError


class ArchiveError(NewsArchiveError):
    """The archive cannot be used; the message is a sentence for the person at the terminal."""


class NoArchive(ArchiveError):
    """There is no archive in the folder yet."""


class ArchiveLocked(ArchiveError):
    """Another run holds the archive."""
