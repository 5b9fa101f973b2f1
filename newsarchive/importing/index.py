"""An index of the records in recordings: their pages and images, and the originals that revisits may refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsarchive.captures.digests import digest_value, digests_of, matches
from newsarchive.captures.records import Damage, Record, RecordError
from newsarchive.captures.truncation import truncation
from newsarchive.importing.media_types import HTML, media_type
from newsarchive.importing.payloads import (
    PAGE_STATUSES,
    Place,
    is_message,
    is_text_extract,
    kind_of,
    payload_differs,
    payload_of,
    time_of,
)
from newsarchive.importing.recording_files import RecordingFile, Where
from newsarchive.text.numbers import whole_number
from newsarchive.urls import is_address, url_key

_ADDRESS = re.compile(r"https?://[^\s/?#\x00-\x1f][^\x00-\x1f]*")

_SCHEME = re.compile(r"https?(?=:)", re.I)
_METHOD = re.compile(rb"\s{0,8}([A-Za-z]{3,20}) ")
_OF_REQUEST = ("warc-record-id", "warc-concurrent-to")
"""Fields by which a response and its request refer to each other, in either direction."""

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


@dataclass(slots=True)
class Found:
    """What files hold: pages and images, each in order of time."""

    pages: list[Place] = field(default_factory=list)
    images: list[Place] = field(default_factory=list)

    def add(self, kind: str, place: Place) -> None:
        """Add a place by its media type."""
        (self.pages if kind == HTML else self.images).append(place)


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


class RecordIndex:
    """All records of the files, as far as pages and images need them."""

    def __init__(self, broken: list[str], *, text_only: bool = False) -> None:
        self.found = Found()
        self.by_id: dict[str, Original] = {}
        self.by_moment: dict[tuple[str, str], Original] = {}
        self.by_digest: dict[Digest, Original] = {}
        self.by_url: dict[str, list[Original]] = {}
        self.revisits: list[tuple[str, Where, Record]] = []
        self._segmented: dict[str, _Segmented] = {}
        self._requests: set[str] = set()
        self._answers: list[tuple[Place, str, str]] = []
        self._continuations: list[tuple[str, int, bool, Where]] = []
        self._broken, self._text_only = broken, text_only
        self.texts = 0
        """Extracts of text (WET) that were passed over."""
        self.conversions = 0
        """Pages in another form than they came in, which were passed over."""

    def add_file(self, file: RecordingFile) -> None:
        """Add the records of a file."""
        differing: list[Where] = []
        for where, record in file.records():
            try:
                if isinstance(record, Damage):
                    skipped = f"; skipped ({record.length:,} bytes)" if record.length else ""
                    self._broken.append(f"{where}: {record.reason}{skipped}")
                else:
                    self._add(where, record, differing)
            except RecordError as error:
                self._broken.append(f"{where}: {error}; skipped")
        if differing:
            more = f" and {len(differing) - 1} more of its records" if len(differing) > 1 else ""
            self._broken.append(
                f"{differing[0]}{more}: the payload differs from WARC-Payload-Digest; read nevertheless"
            )

    def _add(self, where: Where, record: Record, differing: list[Where]) -> None:
        if is_text_extract(record):
            if self._text_only and url_of(record).startswith(("http://", "https://")):
                place = Place(time_of(record), url_of(record), where, (where,), truncation(record.fields))
                self.found.add(HTML, place)
            else:
                self.texts += 1
            return
        if record.kind == "request":
            self._add_request(record)
        elif record.kind == "conversion":
            self.conversions += media_type([record.fields.get("content-type", "")], "", b"") == HTML
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
        self._continuations.append((id_in(record, "warc-segment-origin-id"), number, is_last, where))

    def _add_request(self, record: Record) -> None:
        """Remember a request whose answer is not the page of its URL: any but GET."""
        method = _METHOD.match(record.block)
        if method is not None and method[1].upper() != b"GET":
            self._requests.update(name for key in _OF_REQUEST if (name := id_in(record, key)))

    def leave_out_answers(self) -> int:
        """Remove what came in answer to other requests than GET, such as forms and HEAD; return how many pages."""
        others = {place for place, *ids in self._answers if not self._requests.isdisjoint(ids)}
        count = sum(place in others for place in self.found.pages)
        self.found.pages = [place for place in self.found.pages if place not in others]
        self.found.images = [place for place in self.found.images if place not in others]
        return count

    def _add_original(self, where: Where, record: Record, differing: list[Where]) -> None:
        kind = media_kind(record)
        segmented = "warc-segment-number" in record.fields
        digest = digest_value(record.fields.get("warc-payload-digest", ""))
        if kind == HTML and digest is None and not segmented:
            digest = next(digests_of(payload_of(record), {"sha1"}))
        truncated = truncation(record.fields)
        original = Original(kind, url_of(record), (where,), digest, truncated)
        time = time_of(record) if kind else ""
        self._register(record, original)
        if segmented:
            self._segmented[id_in(record)] = _Segmented(original, time, {})
        elif kind:
            place = Place(time, url_of(record), where, original.body, truncated)
            self.found.add(kind, place)
            self._answers.append((place, id_in(record), id_in(record, "warc-concurrent-to")))
            if not truncated and payload_differs(record):
                differing.append(where)

    def _register(self, record: Record, original: Original) -> None:
        if record_id := id_in(record):
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


def url_of(record: Record) -> str:
    """Return the URL of a record; spaces in it, which some recorders leave, are escaped as browsers do."""
    url = re.sub(r"[ \t]+", lambda found: "%20" * len(found[0]), record.url.strip())
    return _SCHEME.sub(lambda found: found[0].lower(), url)


def id_in(record: Record, name: str = "warc-record-id") -> str:
    """Return the ID of a record in one of its fields; some recorders leave the angle brackets out.

    >>> id_in(Record(fields={"warc-record-id": "<URN:UUID:0A>"}, block=b""))
    'urn:uuid:0a'
    """
    return record.fields.get(name, "").strip(" \t<>").lower()


def media_kind(record: Record) -> str:
    """Return `text/html` for a page, the type of an image, empty for all else. Raises RecordError for a bad URL."""
    url = url_of(record)
    if not url.startswith(("http://", "https://")):
        return ""
    if not _ADDRESS.fullmatch(url) or not is_address(url):
        raise RecordError("its WARC-Target-URI is not a valid URL")
    status, kind = kind_of(record)
    if not kind and record.kind == "response" and record.is_http and record.block and not is_message(record):
        raise RecordError("its HTTP head is broken")
    return kind if status in PAGE_STATUSES else ""
