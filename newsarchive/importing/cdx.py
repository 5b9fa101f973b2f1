"""Indexes of web archives: the lines of CDX and CDXJ files, and the answers of CDX servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsarchive.text.numbers import whole_number

_LETTERS = {"a": "url", "b": "timestamp", "m": "mime", "s": "status", "k": "digest", "S": "length", "V": "offset"}
_LETTERS |= {"g": "filename"}
"""The fields of CDX files by their letters (https://archive.org/web/researcher/cdx_legend.php)."""
_USUAL = " CDX N b a m s k r M S V g"
_PAGES = ("text/html", "application/xhtml+xml", "unk", "warc/revisit")
_NAMES = {"original": "url", "statuscode": "status", "mimetype": "mime"}
"""Names of the Wayback Machine for what others call otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A capture as an index lists it; `time` has 14 digits. File and offset are only in some indexes."""

    url: str
    time: str
    status: int
    mime: str
    digest: str
    file: str = ""
    offset: int = 0
    length: int = 0

    @property
    def moment(self) -> str:
        """The time as the archive writes it.

        >>> Listed(url="", time="20250218093500", status=200, mime="", digest="").moment
        '2025-02-18T09:35:00Z'
        """
        t = self.time
        return f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[8:10]}:{t[10:12]}:{t[12:14]}Z"

    @property
    def may_be_page(self) -> bool:
        """Whether the capture may be a page: a revisit has no type of its own."""
        return self.status in (0, 200, 203) and self.mime in _PAGES


def read_index(text: str) -> tuple[list[Listed], str]:
    """Return the captures in an index, and the key by which the Wayback Machine continues; other lines are left out.

    >>> read_index('[["timestamp","original"],["20250218093500","https://a.kz/"],[],["next"]]')[1]
    'next'
    >>> [one.url for one in read_index('kz,a)/ 20250218093500 {"url": "https://a.kz/", "status": "200"}')[0]]
    ['https://a.kz/']
    >>> [one.mime for one in read_index("kz,a)/ 20250218093500 https://a.kz/ text/html 200 X - - 9 0 a.warc.gz")[0]]
    ['text/html']
    """
    if text.lstrip().startswith("["):
        return _of_table(text)
    return list(_of_lines(text)), ""


def _of_table(text: str) -> tuple[list[Listed], str]:
    try:
        rows = [row for row in json.loads(text) if isinstance(row, list)]
    except (ValueError, RecursionError, TypeError):
        return [], ""
    names = [_NAMES.get(str(name), str(name)) for name in rows[0]] if rows else []
    resume = str(rows[-1][0]) if len(rows) > 2 and rows[-2] == [] and len(rows[-1]) == 1 else ""
    found = (_listed(dict(zip(names, row, strict=True))) for row in rows[1:] if len(row) == len(names))
    return [one for one in found if one is not None], resume


def _of_lines(text: str) -> Iterator[Listed]:
    letters = _USUAL.split()[1:]
    for line in text.splitlines():
        if line.lstrip().startswith("CDX "):
            letters = line.split()[1:]
            continue
        start = line.find("{")
        values: dict[str, Any]
        if start >= 0:
            before = line[:start].split()
            try:
                values = {"timestamp": before[-1] if before else "", **json.loads(line[start:])}
            except (ValueError, RecursionError, TypeError):
                continue
        else:
            parts = zip(letters, line.split(), strict=False)
            values = {_LETTERS[letter]: part for letter, part in parts if letter in _LETTERS}
        if (found := _listed(values)) is not None:
            yield found


def _listed(values: dict[str, Any]) -> Listed | None:
    values = {_NAMES.get(name, name): str(value) for name, value in values.items()}
    time, url = values.get("timestamp", ""), values.get("url", "")
    if not (time.isascii() and time.isdigit() and 4 <= len(time) <= 14 and url.startswith(("http://", "https://"))):
        return None
    return Listed(
        url=url,
        time=time if len(time) == 14 else f"{time}{'00000101000000'[len(time) :]}",
        status=whole_number(values.get("status", "")) or 0,
        mime=values.get("mime", "") or values.get("mime-detected", ""),
        digest=values.get("digest", ""),
        file=values.get("filename", ""),
        offset=whole_number(values.get("offset", "")) or 0,
        length=whole_number(values.get("length", "")) or 0,
    )
