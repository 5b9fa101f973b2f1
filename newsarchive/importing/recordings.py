"""Web recordings by others: the pages and images in WARC and ARC files, indexed first and read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from newsarchive.captures.digests import digest_value, digests_of, matches
from newsarchive.captures.http_messages import dechunk
from newsarchive.captures.records import Damage, Record, RecordError
from newsarchive.importing.media_types import HTML
from newsarchive.importing.payloads import (
    PAGE_STATUSES,
    Place,
    is_message,
    kind_of,
    payload_differs,
    payload_of,
    read_time,
    time_of,
)
from newsarchive.importing.unpacking import RecordingFile, Where
from newsarchive.text.numbers import whole_number
from newsarchive.urls import is_address, url_key

_ADDRESS = re.compile(r"https?://[^\s/?#\x00-\x1f][^\x00-\x1f]*")
_NOT_A_PAGE = re.compile(
    r"\.(?:css|m?js|json|png|jpe?g|gif|webp|avif|svg|ico|woff2?|ttf|otf|eot|mp[34]|webm|pdf)$", re.I
)
_MOST_CANDIDATES = 50
"""Captures of one URL that are compared with the digest of a revisit."""

Digest = tuple[str, bytes]


@dataclass(slots=True)
class Original:
    """A record that a revisit may refer to: what it is, and which records hold its payload."""

    kind: str
    """`text/html`, the type of an image, or empty."""
    url: str
    body: tuple[Where, ...]
    digest: Digest | None
    truncated: str = ""


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


@dataclass(slots=True)
class Found:
    """What files hold: pages and images, each in order of time."""

    pages: list[Place] = field(default_factory=list)
    pictures: list[Place] = field(default_factory=list)

    def add(self, kind: str, place: Place) -> None:
        """Add a place by its media type."""
        (self.pages if kind == HTML else self.pictures).append(place)


def find_recordings(
    files: Iterator[RecordingFile],
    broken: list[str],
    *,
    kept: KeptOriginals = NothingKept(),
    notes: list[str] | None = None,
) -> Found:
    """Find the pages and images of files. Damage is named in `broken`, what a person should know in `notes`.

    Revisits are resolved, in any order of the files, by the ID of their original, by its URL and time, or by the digest
    of its payload, among all the files and then in what is `kept`.
    """
    index = _Index(broken)
    for file in files:
        index.add_file(file)
    index.join_segments()
    Revisits(index, broken, notes if notes is not None else [], kept).resolve()
    for places in (index.found.pages, index.found.pictures):
        places.sort(key=lambda place: (place.time, place.url))
    return index.found


@dataclass(slots=True)
class _Segmented:
    """A record whose block goes on in others (WARC 1.1, section 6.9)."""

    original: Original
    time: str
    parts: dict[int, Where]
    is_ended: bool = False

    def finish(self) -> None:
        """Put the segments together, as far as they are there."""
        number = 2
        while number in self.parts:
            self.original.body += (self.parts[number],)
            number += 1
        if not self.is_ended or len(self.parts) > number - 2:
            self.original.truncated = "segments are missing"


class _Index:
    """All records of the files, as far as pages and images need them."""

    def __init__(self, broken: list[str]) -> None:
        self.found = Found()
        self.by_id: dict[str, Original] = {}
        self.by_moment: dict[tuple[str, str], Original] = {}
        self.by_digest: dict[Digest, Original] = {}
        self.by_url: dict[str, list[Original]] = {}
        self.revisits: list[tuple[str, Where, Record]] = []
        self._segmented: dict[str, _Segmented] = {}
        self._continuations: list[tuple[str, int, bool, Where]] = []
        self._broken = broken

    def add_file(self, file: RecordingFile) -> None:
        """Add the records of a file."""
        differing: list[Where] = []
        for where, record in file.records():
            try:
                if isinstance(record, Damage):
                    size = f" ({record.length:,} bytes)" if record.length else ""
                    raise RecordError(f"{record.reason}; skipped{size}")
                self._add(where, record, differing)
            except RecordError as error:
                skipped = "" if "; skipped" in str(error) else "; skipped"
                self._broken.append(f"{where}: {error}{skipped}")
        if differing:
            more = f" and {len(differing) - 1} more of its records" if len(differing) > 1 else ""
            self._broken.append(
                f"{differing[0]}{more}: the payload differs from WARC-Payload-Digest; read nevertheless"
            )

    def _add(self, where: Where, record: Record, differing: list[Where]) -> None:
        if record.kind not in ("response", "resource", "revisit", "continuation"):
            return
        stated = record.fields.get("warc-block-digest", "")
        if matches(stated, record.block) is False and not matches(
            stated, payload_of(record)
        ):  # some digest the payload
            raise RecordError("its bytes differ from WARC-Block-Digest")
        if record.kind == "continuation":
            self._add_continuation(where, record)
        elif record.kind == "revisit":
            if "not-modified" not in record.fields.get("warc-profile", ""):
                head = Record(fields=record.fields, block=record.block[: 1 << 14])
                self.revisits.append((time_of(record), where, head))
        else:
            self._add_original(where, record, differing)

    def _add_continuation(self, where: Where, record: Record) -> None:
        number = whole_number(record.fields.get("warc-segment-number", "")) or 0
        is_last = "warc-segment-total-length" in record.fields
        self._continuations.append((record.fields.get("warc-segment-origin-id", ""), number, is_last, where))

    def _add_original(self, where: Where, record: Record, differing: list[Where]) -> None:
        kind = media_kind(record)
        segmented = "warc-segment-number" in record.fields
        digest = digest_value(record.fields.get("warc-payload-digest", ""))
        if kind == HTML and digest is None and not segmented:
            digest = next(digests_of(payload_of(record), {"sha1"}))
        stated = record.fields.get("warc-truncated", "").strip().lower()
        truncated = f"its recorder cut it off ({stated[:20]})" if stated else ""
        original = Original(kind, url_of(record), (where,), digest, truncated)
        time = time_of(record) if kind else ""
        self._register(record, original)
        if segmented:
            self._segmented[record.fields.get("warc-record-id", "")] = _Segmented(original, time, {})
        elif kind:
            self.found.add(kind, Place(time, url_of(record), where, original.body, truncated))
            if not truncated and payload_differs(record):
                differing.append(where)

    def _register(self, record: Record, original: Original) -> None:
        if record_id := record.fields.get("warc-record-id", ""):
            self.by_id.setdefault(record_id, original)
        try:
            time = time_of(record)[:19]
        except RecordError:
            time = ""
        key = url_key(url_of(record)) if original.kind == HTML else url_of(record)
        self.by_moment.setdefault((key, time), original)
        if original.digest is not None:
            self.by_digest.setdefault(original.digest, original)
        if original.kind == HTML:
            self.by_url.setdefault(key, []).append(original)

    def join_segments(self) -> None:
        """Join the segments of records, in whichever files they are."""
        for origin, number, is_last, where in self._continuations:
            if (segmented := self._segmented.get(origin)) is not None:
                segmented.parts[number] = where
                segmented.is_ended |= is_last
        for segmented in self._segmented.values():
            segmented.finish()
            original = segmented.original
            if original.kind:
                place = Place(segmented.time, original.url, original.body[0], original.body, original.truncated)
                self.found.add(original.kind, place)


class Revisits:
    """Finds the originals of revisits."""

    def __init__(self, index: _Index, broken: list[str], notes: list[str], kept: KeptOriginals) -> None:
        self._index, self._broken, self._notes, self._kept = index, broken, notes, kept

    def resolve(self) -> None:
        """Add each revisit of a page or image to what was found; name those whose original is missing."""
        others = 0
        for time, where, record in self._index.revisits:
            original = self._original(record)
            if original is not None:
                if original.kind and url_of(record).startswith(("http://", "https://")) and is_address(url_of(record)):
                    place = Place(time, url_of(record), where, original.body, original.truncated)
                    self._index.found.add(original.kind, place)
            elif _may_be_page(record):
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

    def _original(self, record: Record) -> Original | None:
        digest = digest_value(record.fields.get("warc-payload-digest", ""))
        for original in self._candidates(record, digest):
            if _has_digest(original, digest):
                return original
        return self._kept_original(record, digest)

    def _candidates(self, record: Record, digest: Digest | None) -> Iterator[Original]:
        fields, index = record.fields, self._index
        if (found := index.by_id.get(fields.get("warc-refers-to", ""))) is not None:
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


def url_of(record: Record) -> str:
    """Return the URL of a record; spaces in it, which some recorders leave, are escaped as browsers do."""
    return re.sub(r"[ \t]+", lambda found: "%20" * len(found[0]), record.url.strip())


def media_kind(record: Record) -> str:
    """Return `text/html` for a page, the type of an image, empty for all else. Raises RecordError for a bad URL."""
    url = url_of(record)
    if not url.startswith(("http://", "https://")):
        return ""
    if not _ADDRESS.fullmatch(url) or not is_address(url):
        raise RecordError("its WARC-Target-URI is not a valid URL")
    status, kind = kind_of(record)
    return kind if status in PAGE_STATUSES else ""


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
