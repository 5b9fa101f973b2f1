"""Where the records of ARC data (Burner and Kahle, 1996) begin and end, and the WARC records that would hold them."""

from __future__ import annotations

import re
from typing import BinaryIO

from newsarchive.captures.http_messages import is_response
from newsarchive.captures.records import MOST, Damage, Record
from newsarchive.importing.framing import (
    FEW,
    LONGEST_HEAD,
    PADDING,
    WINDOW,
    Framed,
    cut_record,
    damage_at,
    find,
    http_end,
)

_ARC_LINE = re.compile(rb"(\S[^\n]*) (\S+) (\d{12,14}) ([^\n]{0,200}?) ?(\d{1,20})\r?\n")
_ARC_BEGINS = re.compile(
    rb"(?<![^\s\0])(?:https?|ftp|dns|filedesc|whois):[^\s\0]{1,4000} [^\n]{1,200} \d{12,14} [^\n]{1,200}\d\r?\n"
)
_ARC_URL = re.compile(rb"(?:https?|ftp|dns|filedesc|whois):[^\s\0]")
"""Enough of a head, where a record has to begin."""


def read_arc_at(file: BinaryIO, at: int) -> Framed | Damage:
    """Read the ARC record at an offset."""
    file.seek(at)
    line = file.readline(LONGEST_HEAD)
    found = _ARC_LINE.fullmatch(line)
    if found is None:
        return damage_at(file, at, "the ARC head is broken", _ARC_BEGINS)
    length = int(found[5][:15])
    begin = at + len(line)
    if length > MOST:
        return Damage(offset=at, length=len(line) + length, reason=f"larger than {MOST >> 20} MB", whole=True)
    block = file.read(length)
    after = file.read(WINDOW).lstrip(PADDING)
    end = begin + length
    if len(block) < length or (after and not _ARC_URL.match(after)):
        following = find(file, begin, _ARC_BEGINS)
        known = _block(file, begin, length, following)
        if known is None and len(block) < length and _is_end(file, following):
            return cut_record(file, at, begin, _arc_fields(found, block))
        if known is None:
            return Damage(offset=at, length=following - at, reason="its length is not that of its content")
        block, end = known
    return Framed(offset=at, length=end - at, record=Record(fields=_arc_fields(found, block), block=block))


def _block(file: BinaryIO, begin: int, length: int, following: int) -> tuple[bytes, int] | None:
    """Return a block whose length may be wrong, and where what comes after it begins; None if that cannot be known."""
    file.seek(begin)
    raw = file.read(following - begin) if following - begin <= MOST else b""
    end = http_end(raw)
    if end is not None and not raw[end:].strip(PADDING):
        return raw[:end], following
    if len(raw) > length + FEW and raw[length : length + 2].startswith((b"\n", b"\r\n")):
        return raw[:length], begin + length  # the head after it is damaged, not this one
    return None


def _is_end(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    return not file.read(1)


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
