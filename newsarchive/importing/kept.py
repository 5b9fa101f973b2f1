"""Captures that the archive has, as originals of the revisits in other people's recordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from newsarchive.importing.recording_files import RecordingFile, Where

_ORIGINALS = "select warc, offset from captures where refers_to is null"


class KeptCaptures:
    """Looks up captures by URL, time and payload; those that are revisits themselves are left out."""

    def __init__(self, folder: Path, db: Database) -> None:
        self._folder, self._db = folder, db

    def at(self, url: str, time: str) -> Iterator[Where]:
        """Return the captures of a URL at a time (UTC, to the second)."""
        return self._found(f"{_ORIGINALS} and url = ? and time = ? order by id desc", url, f"{time}Z")

    def of(self, url: str) -> Iterator[Where]:
        """Return the captures of a URL, the newest first."""
        return self._found(f"{_ORIGINALS} and url = ? order by id desc", url)

    def with_sha256(self, digest: bytes) -> Iterator[Where]:
        """Return the captures with a payload."""
        return self._found(f"{_ORIGINALS} and sha256 = ? order by id desc", digest.hex())

    def _found(self, query: str, *values: str) -> Iterator[Where]:
        for warc, offset in self._db.conn.execute(query, values):
            path = self._folder / "warc" / warc
            yield Where(RecordingFile(path, str(path)), offset)
