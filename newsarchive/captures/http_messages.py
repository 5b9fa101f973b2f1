"""HTTP messages in records: the one reader of their heads, and of bodies in chunks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsarchive.text.numbers import whole_number

_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"[\r\n]{0,8}HTTP(?:/\d[\d.]*)?\s+(\d{3})\b", re.I)
_DESCRIBED = re.compile(rb"^(?:content-(?:type|length)|transfer-encoding)[ \t]*:", re.I | re.M)
"""A header by which a response has a body."""
_CHUNK_LINE = re.compile(rb"\s{0,8}([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpMessage:
    """An HTTP response or request, taken apart.

    The status is 0 in a request and where the first line is no status line. Header values are Latin-1, one character
    per byte; folded lines (RFC 9112, section 5.2) are joined, and lines without a name or a colon are left out.
    """

    head: bytes
    """The head as it came, without the empty line after it."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def fields(self) -> dict[str, str]:
        """Return the headers by lower-case name; of those that came twice the last, of Content-Encoding all."""
        fields = {name.lower(): value for name, value in self.headers}
        if "content-encoding" in fields:
            fields["content-encoding"] = ", ".join(self.values("content-encoding"))
        return fields

    def values(self, name: str) -> list[str]:
        """Return all values of a header, given its lower-case name."""
        return [value for found, value in self.headers if found.lower() == name]

    @property
    def is_chunked(self) -> bool:
        """Whether Transfer-Encoding says that the body came in chunks."""
        return any("chunked" in value.lower() for value in self.values("transfer-encoding"))

    @property
    def content_length(self) -> int | None:
        """The number of bytes that Content-Length states; None if it states none, or two different ones."""
        stated = {whole_number(part) for value in self.values("content-length") for part in value.split(",")}
        return stated.pop() if len(stated) == 1 else None


def read_message(block: bytes) -> HttpMessage:
    r"""Take an HTTP message apart, whose lines may end with CRLF or a bare LF.

    Interim responses before it (RFC 9110, section 15.2) and the answer of a proxy to CONNECT are left out.

    >>> message = read_message(b"HTTP/1.1 200 OK\nA: b\n\tc: d\n: e\n\n<p>")
    >>> message.status, message.headers, message.body
    (200, (('A', 'b c: d'),), b'<p>')
    >>> read_message(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n").status
    404
    """
    message = _first_message(block)
    while is_response(message.body) and (100 <= message.status < 200 or not _DESCRIBED.search(message.head)):
        message = _first_message(message.body)
    return message


def _first_message(block: bytes) -> HttpMessage:
    head, body = split_message(block)
    first, *lines = head.decode("latin-1").split("\n")
    found = _STATUS_LINE.match(first.encode("latin-1"))
    pairs = [line.partition(":") for line in unfold(lines)]
    headers = tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon and name.strip())
    return HttpMessage(head=head, status=int(found[1]) if found else 0, headers=headers, body=body)


def split_message(block: bytes) -> tuple[bytes, bytes]:
    """Return the head of an HTTP message, without the empty lines around it, and the body."""
    if block.startswith((b"\r", b"\n")):  # a sender's mistake that is to be forgiven (RFC 9112, section 2.2)
        block = block.lstrip(b"\r\n")
    found = _BLANK_LINE.search(block)
    if found is None:
        return block.rstrip(b"\r\n"), b""
    return block[: found.start()].removesuffix(b"\r"), block[found.end() :]


def is_response(block: bytes) -> bool:
    """Whether a block begins with the status line of an HTTP response."""
    return _STATUS_LINE.match(block) is not None


def unfold(lines: Sequence[str]) -> list[str]:
    r"""Join folded header lines; a carriage return at the end of a line is removed.

    >>> unfold(["A: b\r", "\tc: d\r", "E: f"])
    ['A: b c: d', 'E: f']
    """
    whole: list[list[str]] = []
    for line in lines:
        if line.startswith((" ", "\t")) and whole:
            whole[-1].append(line.strip())
        else:
            whole.append([line.removesuffix("\r")])
    return [" ".join(parts) for parts in whole]


def is_in_chunks(body: bytes) -> bool:
    r"""Whether a body consists of chunks from its first to its last byte, whatever its headers say.

    >>> is_in_chunks(b"3\r\nabc\r\n0\r\n\r\n"), is_in_chunks(b"3\r\nabc\r\n"), is_in_chunks(b"0\r\n\r\n<p>")
    (True, False, False)
    """
    at = 0
    while (found := _CHUNK_LINE.match(body, at)) and (size := int(found[1], 16)):
        at = found.end() + size
        if not body.startswith((b"\r\n", b"\n"), at):
            return False
    return found is not None and at > 0 and not body[found.end() :].strip()


def dechunk(body: bytes) -> tuple[bytes, bool]:
    r"""Join the chunks of a body (RFC 9112, section 7.1). Returns the content, and whether it is complete.

    Many recorders join the chunks but keep the header: a body that does not begin with a chunk is returned unchanged.

    >>> dechunk(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), dechunk(b"3\nabc\n0\n\n"), dechunk(b"<p>Plain</p>")
    ((b'abcde', True), (b'abc', True), (b'<p>Plain</p>', True))
    >>> dechunk(b"3\r\nabc\r\n5\r\nde")
    (b'abcde', False)
    """
    parts: list[bytes] = []
    at = 0
    while found := _CHUNK_LINE.match(body, at):
        size, begin = int(found[1], 16), found.end()
        if size == 0:
            return b"".join(parts), True
        end = begin + size
        if not parts and body[end : end + 1] not in (b"\r", b"\n", b""):
            return body, True  # a text that begins with a number
        parts.append(body[begin:end])
        if body[end : end + 2] == b"\r\n":
            at = end + 2
        elif body[end : end + 1] == b"\n":
            at = end + 1
        else:
            return b"".join(parts), False
    return (b"".join(parts), False) if parts else (body, True)
