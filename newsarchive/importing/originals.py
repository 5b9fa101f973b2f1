"""Finds the originals of revisits: in the recordings that are read, and among what the archive has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from newsarchive.captures.digests import digest_value, digests_of
from newsarchive.captures.http_messages import dechunk
from newsarchive.captures.records import Record, RecordError
from newsarchive.importing.index import Digest, Original, RecordIndex, id_in, media_kind, url_of
from newsarchive.importing.media_types import HTML
from newsarchive.importing.payloads import Place, is_message, kind_of, payload_of, read_time
from newsarchive.importing.recording_files import Where
from newsarchive.urls import is_address, url_key

_NOT_A_PAGE = re.compile(
    r"\.(?:css|m?js|json|png|jpe?g|gif|webp|avif|svg|ico|woff2?|ttf|otf|eot|mp[34]|webm|pdf)$", re.I
)
_MOST_CANDIDATES = 50
"""Captures of one URL that are compared with the digest of a revisit."""


class KeptOriginals(Protocol):
    """The captures that the archive has, as originals of revisits in other files."""

    def at(self, url: str, time: str) -> Iterable[Where]:
        """Return the captures of a URL at a time (UTC, to the second)."""

    def of(self, url: str) -> Iterable[Where]:
        """Return the captures of a URL, the newest first."""

    def with_sha256(self, digest: bytes) -> Iterable[Where]:
        """Return the captures with a payload."""


class NothingKept:
    """No captures at all."""

    def at(self, url: str, time: str) -> Iterable[Where]:
        return ()

    def of(self, url: str) -> Iterable[Where]:
        return ()

    def with_sha256(self, digest: bytes) -> Iterable[Where]:
        return ()


class Revisits:
    """Finds the originals of revisits."""

    def __init__(self, index: RecordIndex, broken: list[str], notes: list[str], kept: KeptOriginals) -> None:
        self._index, self._broken, self._notes, self._kept = index, broken, notes, kept

    def resolve(self) -> None:
        """Add each revisit of a page or image to what was found; name those whose original is missing."""
        others = 0
        for where, record in self._unresolved():
            if _may_be_page(record):
                self._broken.append(f"{where}: the original of the revisit of {record.url} is not there")
            else:
                others += 1
        if others:
            things = (
                "revisit of something other than a page has"
                if others == 1
                else "revisits of other things than pages have"
            )
            self._notes.append(f"{others:,} {things} no original in these files")

    def _unresolved(self) -> list[tuple[Where, Record]]:
        """Resolve what can be, and return the others. A revisit may refer to another one, wherever that is."""
        waiting, count = self._index.revisits, -1
        while waiting and len(waiting) != count:
            count, left = len(waiting), []
            for time, where, record in waiting:
                if (original := self._original(record)) is None:
                    left.append((time, where, record))
                else:
                    self._add(time, where, record, original)
            waiting = left
        return [(where, record) for _, where, record in waiting]

    def _add(self, time: str, where: Where, record: Record, original: Original) -> None:
        url = url_of(record)
        self._index.by_id.setdefault(id_in(record) or str(where), original)
        self._index.by_moment.setdefault((url_key(url) if original.kind == HTML else url, time[:19]), original)
        if original.kind and url.startswith(("http://", "https://")) and is_address(url):
            self._index.found.add(original.kind, Place(time, url, where, original.body, original.truncated))

    def _original(self, record: Record) -> Original | None:
        digest = digest_value(record.fields.get("warc-payload-digest", ""))
        for original in self._candidates(record, digest):
            if _has_digest(original, digest):
                return original
        return self._kept_original(record, digest)

    def _candidates(self, record: Record, digest: Digest | None) -> Iterator[Original]:
        index = self._index
        if (found := index.by_id.get(id_in(record, "warc-refers-to"))) is not None:
            yield found
        if moment := _moment(record):
            url, time = moment
            for key in (url, url_key(url)):
                if (found := index.by_moment.get((key, time))) is not None:
                    yield found
        if digest is None:
            return
        if (found := index.by_digest.get(digest)) is not None:
            yield found
        for found in index.by_url.get(url_key(url_of(record)), [])[:_MOST_CANDIDATES]:
            if found.digest is None or found.digest[0] != digest[0]:
                yield found

    def _kept_original(self, record: Record, digest: Digest | None) -> Original | None:
        moment = _moment(record)
        if moment is not None:
            for where in self._kept.at(*moment):
                if (original := _as_original(where)) is not None and _has_digest(original, digest):
                    return original
        if digest is None:
            return None
        candidates: list[Iterable[Where]] = [self._kept.of(url_of(record))]
        if digest[0] == "sha256":
            candidates.insert(0, self._kept.with_sha256(digest[1]))
        for some in candidates:
            for where in islice(some, _MOST_CANDIDATES):
                if (original := _as_original(where)) is not None and _has_digest(original, digest):
                    return original
        return None


def _moment(record: Record) -> tuple[str, str] | None:
    """Return URL and time of the original that a revisit states, if it does."""
    stated = record.fields.get("warc-refers-to-date", "")
    try:
        time = read_time(stated)[:19] if stated else ""
    except RecordError:
        time = ""
    url = record.fields.get("warc-refers-to-target-uri", record.url).strip("<>")
    return (url, time) if time else None


def _has_digest(original: Original, digest: Digest | None) -> bool:
    """Whether an original has the digest that a revisit states; if it states none, any has."""
    if digest is None or original.digest == digest:
        return True
    if original.digest is not None and original.digest[0] == digest[0]:
        return False
    try:
        whole = b"".join(where.read().block for where in original.body)
        record = Record(fields=original.body[0].read().fields, block=whole)
    except RecordError:
        return False
    readings = [payload_of(record)]
    if is_message(record) and record.message.is_chunked:
        readings.append(dechunk(readings[0])[0])
    return any(next(digests_of(reading, {digest[0]})) == digest for reading in readings)


def _as_original(where: Where) -> Original | None:
    try:
        record = where.read()
        kind = media_kind(record)
    except RecordError:
        return None
    digest = digest_value(record.fields.get("warc-payload-digest", ""))
    truncated = "the capture that it repeats is incomplete" if record.fields.get("warc-truncated") else ""
    return Original(kind, url_of(record), (where,), digest, truncated)


def _may_be_page(record: Record) -> bool:
    """Whether a revisit without an original may be one of a page, by its own head, else by its URL."""
    if is_message(record) and record.message.values("content-type"):
        return kind_of(record)[1] == HTML or not record.message.status
    return not _NOT_A_PAGE.search(record.url.partition("?")[0])
