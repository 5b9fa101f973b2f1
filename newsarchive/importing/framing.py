"""Where the records of WARC data begin and end, however inexactly they say so.

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
from newsarchive.captures.truncation import truncation_fields
from newsarchive.text.numbers import whole_number

_SEPARATOR = b"\r\n\r\n"
PADDING = b"\r\n \t\0"
"""Bytes that may stand between records; some recorders fill up their last disk block with zeros."""
_VERSION_LINE = re.compile(rb"WARC/\d{1,2}\.\d{1,3}[ \t]*\r?\n")
_WARC_BEGINS = re.compile(rb"WARC/\d{1,2}\.\d{1,3}[ \t]*\r?\n[A-Za-z][A-Za-z0-9_-]{0,60}[ \t]*:")
FEW = 16
"""By so many bytes Content-Length may be wrong without further proof of where the block ends."""
WINDOW = 64
LONGEST_HEAD = 1 << 20
_STEP = 1 << 20
_OVERLAP = 20_000
"""Longer than the begin of a record that is searched for, so that none is missed between two steps."""


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A record, and where its bytes begin and end in the data."""

    offset: int
    length: int
    record: Record
    is_cut: bool = False
    """The data ends within the record, which has what there is of its block."""


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
    size = WINDOW  # mostly there is none, or little
    while chunk := file.read(size):
        if rest := chunk.lstrip(PADDING):
            return at + len(chunk) - len(rest)
        at += len(chunk)
        size = _STEP
    return None


def read_warc_at(file: BinaryIO, at: int) -> Framed | Damage:
    """Read the WARC record at an offset, of any version from 0.17 on."""
    head = _read_head(file, at)
    if not _VERSION_LINE.match(head) or not head.endswith((b"\n\n", b"\n\r\n")):
        return damage_at(file, at, "the WARC head is broken", _WARC_BEGINS)
    fields = read_fields(head)[1]
    length = whole_number(fields.get("content-length", ""))
    begin = at + len(head)
    if length is not None and length > MOST:
        return _too_large(file, at, begin + length)
    file.seek(begin)
    data = file.read((length or 0) + WINDOW)
    if length is not None and data[length:].startswith(_SEPARATOR) and not _swallows(fields, data[:length]):
        block, end = data[:length], begin + length + len(_SEPARATOR)
    else:
        end = _next(file, begin, length)
        if end - begin > MOST:
            return Damage(offset=at, length=end - at, reason=f"larger than {MOST >> 20} MB", whole=True)
        file.seek(begin)
        found = _block(fields, file.read(end - begin), length)
        if found is None:
            return _wrong_length(file, at, end, fields) or cut_record(file, at, begin, fields)
        block = found
    return Framed(offset=at, length=end - at, record=Record(fields=fields, block=block))


def _swallows(fields: dict[str, str], block: bytes) -> bool:
    """Whether a block that ends where its length says holds the next record too, by its digest."""
    stated = fields.get("warc-block-digest", "")
    return b"\nWARC/" in block and matches(stated, block) is False


def _read_head(file: BinaryIO, at: int) -> bytes:
    """Read a head up to its empty line; it ends early where another record begins."""
    file.seek(at)
    lines: list[bytes] = []
    size = 0
    while size < LONGEST_HEAD and (line := file.readline(LONGEST_HEAD)):
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
        near = begin + max(0, length - FEW)
        file.seek(near)
        if found := _WARC_BEGINS.search(file.read(FEW + 2 * WINDOW)):
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
    lengths = dict.fromkeys(n for n in (length, len(bare), http_end(raw), len(raw)) if n is not None and n <= len(raw))
    for proof in ("warc-block-digest", "warc-payload-digest"):
        if proven := [n for n in lengths if _is_proven(fields, raw[:n], proof)]:
            return raw[: proven[0]]
    if (end := http_end(raw)) is not None and not raw[end:].strip(PADDING):
        return raw[:end]
    if length is None:
        return None
    rest = raw[length:]
    if length <= len(raw) and not rest.replace(b"\r\n", b"").strip(b"\0 "):
        return raw[:length]
    if len(bare) < len(raw) and abs(len(bare) - length) <= FEW:
        return bare
    return raw[:length] if length <= len(raw) and not rest.strip(PADDING) else None


def _without_separator(raw: bytes) -> bytes:
    for end in (_SEPARATOR, b"\n\n", b"\r\n", b"\n"):
        if raw.endswith(end):
            return raw[: -len(end)]
    return raw


def http_end(raw: bytes) -> int | None:
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


def _wrong_length(file: BinaryIO, at: int, end: int, fields: dict[str, str]) -> Damage | None:
    """Return the bytes up to the next record as damage; None if there is no next record."""
    file.seek(end)
    if not file.read(1):
        return None
    stated = fields.get("content-length", "")[:20]
    return Damage(offset=at, length=end - at, reason=f"its Content-Length “{stated}” is not that of its block")


def cut_record(file: BinaryIO, at: int, begin: int, fields: dict[str, str]) -> Framed | Damage:
    """Return the record in which the data ends: of a response or a file what there is of it, of all else the damage."""
    file.seek(begin)
    block = file.read()
    length = begin - at + len(block)
    is_http = is_response(block)
    of_use = _HTTP_HEAD_ENDS.search(block) if is_http else block and fields.get("warc-type") == "resource"
    if fields.get("warc-type") not in ("response", "resource") or not of_use:
        return Damage(offset=at, length=length, reason="the record is not whole", ends=True)
    kept = {name: value for name, value in fields.items() if name not in _OF_THE_WHOLE}
    cut = {name.lower(): value for name, value in truncation_fields("its recording ends within it").items()}
    return Framed(offset=at, length=length, record=Record(fields=kept | cut, block=block), is_cut=True)


_HTTP_HEAD_ENDS = re.compile(rb"\n\r?\n")
_OF_THE_WHOLE = ("warc-block-digest", "warc-payload-digest")


def _too_large(file: BinaryIO, at: int, end: int) -> Damage:
    file.seek(end)
    after = file.read(WINDOW)
    if _WARC_BEGINS.match(rest := after.lstrip(PADDING)) or not rest:
        size = file.seek(0, 2)
        if end <= size:
            return Damage(offset=at, length=end - at, reason=f"larger than {MOST >> 20} MB", whole=True)
    return damage_at(file, at, "its Content-Length is not that of its block", _WARC_BEGINS)


def damage_at(file: BinaryIO, at: int, reason: str, begins: re.Pattern[bytes]) -> Damage:
    """Return the bytes up to the next record as damage."""
    end = find(file, at + 1, begins)
    file.seek(end)
    return Damage(offset=at, length=end - at, reason=reason, ends=not file.read(1))
