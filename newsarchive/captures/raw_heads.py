"""warcio's private interface: HTTP heads that are written byte for byte.

warcio formats the headers it writes: it rewrites what is not ASCII, or fails on it. It has no public way to take a head
as bytes, so `compute_headers_buffer`, by which WARCWriter fills `headers_buff`, is overridden here. When an update of
warcio breaks this, tests/test_warc.py names it.
"""

from __future__ import annotations

from warcio.statusandheaders import StatusAndHeaders


class RawHead(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """The head of an HTTP message as bytes, without the empty line after it."""

    def __init__(self, head: bytes) -> None:
        super().__init__("as it came", [])
        self._head = head

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._head + b"\r\n\r\n"
