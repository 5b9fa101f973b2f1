"""Where the records of WARC and ARC data begin and end, however inexactly they say so.

Neither warcio nor fastwarc says which bytes it skipped, and both stop at the first record with a wrong length.
Recorders get lengths, line ends and separators wrong in many ways, so the end of a record is decided by what follows
it, and where that is not enough, by its digest or by the length that its HTTP message states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from newsarchive.captures.digests import matches
from newsarchive.captures.http_messages import is_response, read_message
from newsarchive.captures.records import MOST, Damage, Record, read_fields
from newsarchive.text.numbers import whole_number

_SEPARATOR = b"\r\n\r\n"
_PADDING = b"\r\n \t\0"
"""Bytes that may stand between records; some recorders fill up their last disk block with zeros."""
_VERSION_LINE = re.compile(rb"WARC/\d{1,2}\.\d{1,3}[ \t]*\r?\n")
_WARC_BEGINS = re.compile(rb"WARC/\d{1,2}\.\d{1,3}[ \t]*\r?\n[A-Za-z][A-Za-z0-9_-]{0,60}[ \t]*:")
_ARC_LINE = re.compile(rb"(\S[^\n]*) (\S+) (\d{12,14}) ([^\n]{0,200}?) ?(\d{1,20})\r?\n")
_ARC_BEGINS = re.compile(
    rb"(?:https?|ftp|dns|filedesc|whois):[^\s\0]{1,8000} [^\n]{1,200} \d{12,14} [^\n]{1,8000}\d\r?\n"
)
_FEW = 16
"""By so many bytes Content-Length may be wrong without further proof of where the block ends."""
_WINDOW = 64
_LONGEST_HEAD = 1 << 20
_STEP = 1 << 20
_OVERLAP = 20_000
"""Longer than the begin of a record that is searched for, so that none is missed between two steps."""


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A record, and where its bytes begin and end in the data."""

    offset: int
    length: int
    record: Record


ReadAt = Callable[[BinaryIO, int], "Framed | Damage"]
"""Reads the record at an offset; the length of what it returns leads to the next one, apart from padding."""


def read_records(file: BinaryIO, read_at: ReadAt, start: int = 0) -> Iterator[Framed | Damage]:
    """Yield every record of uncompressed data from `start` on, and the bytes between them as Damage."""
    at = skip_padding(file, start)
    while at is not None:
        found = read_at(file, at)
        yield found
        at = skip_padding(file, at + found.length)


def skip_padding(file: BinaryIO, at: int) -> int | None:
    """Return the offset of the next byte that is not padding; None if there is none."""
    file.seek(at)
    while chunk := file.read(_STEP):
        if rest := chunk.lstrip(_PADDING):
            return at + len(chunk) - len(rest)
        at += len(chunk)
    return None


def read_warc_at(file: BinaryIO, at: int) -> Framed | Damage:
    """Read the WARC record at an offset, of any version from 0.17 on."""
    head = _read_head(file, at)
    if not _VERSION_LINE.match(head) or not head.endswith((b"\n\n", b"\n\r\n")):
        return _damage(file, at, "the WARC head is broken", _WARC_BEGINS)
    fields = read_fields(head)[1]
    length = whole_number(fields.get("content-length", ""))
    begin = at + len(head)
    if length is not None and length > MOST:
        return _too_large(file, at, begin + length)
    file.seek(begin)
    data = file.read((length or 0) + _WINDOW)
    if length is not None and data[length:].startswith(_SEPARATOR):
        block, end = data[:length], begin + length + len(_SEPARATOR)
    else:
        end = _next(file, begin, length)
        if end - begin > MOST:
            return Damage(offset=at, length=end - at, reason=f"larger than {MOST >> 20} MB", whole=True)
        file.seek(begin)
        found = _block(fields, file.read(end - begin), length)
        if found is None:
            return _wrong_length(file, at, end, fields)
        block = found
    return Framed(offset=at, length=end - at, record=Record(fields=fields, block=block))


def _read_head(file: BinaryIO, at: int) -> bytes:
    """Read a head up to its empty line; it ends early where another record begins."""
    file.seek(at)
    lines: list[bytes] = []
    size = 0
    while size < _LONGEST_HEAD and (line := file.readline(_LONGEST_HEAD)):
        if lines and _VERSION_LINE.fullmatch(line):
            break
        lines.append(line)
        size += len(line)
        if line in (b"\r\n", b"\n"):
            break
    return b"".join(lines)


def _next(file: BinaryIO, begin: int, length: int | None) -> int:
    """Return where the next record begins, by a length that may be a little wrong; else the first one there is."""
    if length is not None:
        near = begin + max(0, length - _FEW)
        file.seek(near)
        if found := _WARC_BEGINS.search(file.read(_FEW + 2 * _WINDOW)):
            return near + found.start()
    return find(file, begin, _WARC_BEGINS)


def find(file: BinaryIO, start: int, pattern: re.Pattern[bytes]) -> int:
    """Return the offset of the first match of a pattern from `start` on; the end of the data if there is none."""
    at, tail = start, b""
    file.seek(start)
    while chunk := file.read(_STEP):
        if found := pattern.search(tail + chunk):
            return at - len(tail) + found.start()
        at += len(chunk)
        tail = (tail + chunk)[-_OVERLAP:]
    return at


def _block(fields: dict[str, str], raw: bytes, length: int | None) -> bytes | None:
    """Return the block within the bytes up to the next record; None if it cannot be known where it ends."""
    bare = _without_separator(raw)
    lengths = dict.fromkeys(n for n in (length, len(bare), _http_end(raw), len(raw)) if n is not None and n <= len(raw))
    for proof in ("warc-block-digest", "warc-payload-digest"):
        if proven := [n for n in lengths if _is_proven(fields, raw[:n], proof)]:
            return raw[: proven[0]]
    if (end := _http_end(raw)) is not None and not raw[end:].strip(_PADDING):
        return raw[:end]
    if length is None:
        return None
    rest = raw[length:]
    if length <= len(raw) and not rest.replace(b"\r\n", b"").strip(b"\0 "):
        return raw[:length]
    if len(bare) < len(raw) and abs(len(bare) - length) <= _FEW:
        return bare
    return raw[:length] if length <= len(raw) and not rest.strip(_PADDING) else None


def _without_separator(raw: bytes) -> bytes:
    for end in (_SEPARATOR, b"\n\n", b"\r\n", b"\n"):
        if raw.endswith(end):
            return raw[: -len(end)]
    return raw


def _http_end(raw: bytes) -> int | None:
    """Return where an HTTP response ends by its own Content-Length."""
    if not is_response(raw):
        return None
    message = read_message(raw)
    length = message.content_length
    if length is None or message.is_chunked or length > len(message.body):
        return None
    return len(raw) - len(message.body) + length


def _is_proven(fields: dict[str, str], block: bytes, name: str) -> bool:
    if not (stated := fields.get(name, "")):
        return False
    data = read_message(block).body if name == "warc-payload-digest" and is_response(block) else block
    return matches(stated, data) is True


def _wrong_length(file: BinaryIO, at: int, end: int, fields: dict[str, str]) -> Damage:
    file.seek(end)
    if not file.read(1):
        return Damage(offset=at, length=end - at, reason="the record is not whole", ends=True)
    stated = fields.get("content-length", "")[:20]
    return Damage(offset=at, length=end - at, reason=f"its Content-Length “{stated}” is not that of its block")


def _too_large(file: BinaryIO, at: int, end: int) -> Damage:
    file.seek(end)
    after = file.read(_WINDOW)
    if _WARC_BEGINS.match(rest := after.lstrip(_PADDING)) or not rest:
        size = file.seek(0, 2)
        if end <= size:
            return Damage(offset=at, length=end - at, reason=f"larger than {MOST >> 20} MB", whole=True)
    return _damage(file, at, "its Content-Length is not that of its block", _WARC_BEGINS)


def _damage(file: BinaryIO, at: int, reason: str, begins: re.Pattern[bytes]) -> Damage:
    """Return the bytes up to the next record as damage."""
    end = find(file, at + 1, begins)
    file.seek(end)
    return Damage(offset=at, length=end - at, reason=reason, ends=not file.read(1))


def read_arc_at(file: BinaryIO, at: int) -> Framed | Damage:
    """Read the ARC record at an offset (Burner and Kahle, 1996), as the WARC record that would hold the same."""
    file.seek(at)
    line = file.readline(_LONGEST_HEAD)
    found = _ARC_LINE.fullmatch(line)
    if found is None:
        return _damage(file, at, "the ARC head is broken", _ARC_BEGINS)
    length = int(found[5][:15])
    begin = at + len(line)
    if length > MOST:
        return Damage(offset=at, length=len(line) + length, reason=f"larger than {MOST >> 20} MB", whole=True)
    block = file.read(length)
    after = file.read(_WINDOW + 8200).lstrip(_PADDING)
    if len(block) < length or (after and not _ARC_BEGINS.match(after)):
        end = find(file, begin, _ARC_BEGINS)
        file.seek(begin)
        raw = file.read(end - begin) if end - begin <= MOST else b""
        http_end = _http_end(raw)
        if http_end is None or raw[http_end:].strip(_PADDING):
            whole = "the record is not whole" if len(block) < length else "its length is not that of its content"
            return Damage(offset=at, length=end - at, reason=whole, ends=len(block) < length)
        block, length = raw[:http_end], end - begin
    record = Record(fields=_arc_fields(found, block), block=block)
    return Framed(offset=at, length=len(line) + length, record=record)


def _arc_fields(line: re.Match[bytes], block: bytes) -> dict[str, str]:
    url, ip, date, media = (line[n].decode("utf-8", "replace") for n in (1, 2, 3, 4))
    kind = "warcinfo" if url.startswith("filedesc:") else "response" if is_response(block) else "resource"
    date = date.ljust(14, "0")
    time = f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14]}Z"
    media = "application/http; msgtype=response" if kind == "response" else media.partition(" ")[0]
    return {
        "warc-type": kind,
        "warc-target-uri": url,
        "warc-date": time,
        "warc-ip-address": ip,
        "content-type": media,
    }
