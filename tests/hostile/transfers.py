"""Answers that are wrong as HTTP: slow, endless, of wrong length, badly compressed, or led in circles."""

from __future__ import annotations

import gzip
import re
import socket
import struct
import zlib
from functools import cache

from tests.hostile.exchange import Exchange, article, at

MEGABYTE = 1 << 20
BOMB_MEGABYTES = 512

# Slow and endless


@at("/slow/")
def slow(x: Exchange) -> None:
    """A sound page at one byte every `drip` seconds."""
    body = article().encode()
    x.head("Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}")
    for byte in body:
        if x.server.closing.wait(x.server.drip):
            return
        x.raw(bytes([byte]))


@at("/hang/")
def hang(x: Exchange) -> None:
    """Takes the request and never answers."""
    x.server.closing.wait()


@at("/endless/")
def endless(x: Exchange) -> None:
    """A body without length that does not end."""
    x.head("Content-Type: text/html; charset=utf-8")
    x.raw(article().encode())
    x.forever(b"<p>" + b"x" * 65_536 + b"</p>")


@at("/endless-chunks/")
def endless_chunks(x: Exchange) -> None:
    """A chunked body that does not end."""
    x.head("Content-Type: text/html; charset=utf-8", "Transfer-Encoding: chunked")
    x.forever(b"10000\r\n" + b"y" * 65_536 + b"\r\n")


@at("/endless-headers/")
def endless_headers(x: Exchange) -> None:
    """Header lines that do not end."""
    x.raw(b"HTTP/1.1 200 OK\r\n")
    x.forever(b"X-More: " + b"z" * 1000 + b"\r\n")


# Wrong lengths and broken transfers


@at("/length-too-long/")
def length_too_long(x: Exchange) -> None:
    """Says 5,000 bytes more than it sends."""
    body = article().encode()
    x.head("Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body) + 5000}")
    x.raw(body)


@at("/length-too-short/")
def length_too_short(x: Exchange) -> None:
    """Says half of what it sends."""
    body = article().encode()
    x.head("Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body) // 2}")
    x.raw(body)


@at("/length-nonsense/")
def length_nonsense(x: Exchange) -> None:
    """A length that is no number."""
    x.head("Content-Type: text/html; charset=utf-8", "Content-Length: many")
    x.raw(article().encode())


@at("/reset/")
def reset(x: Exchange) -> None:
    """Resets the connection in the middle of the body."""
    body = article().encode()
    x.head("Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}")
    x.raw(body[:500])
    x.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    x.handler.connection.close()


@at("/bad-status/")
def bad_status(x: Exchange) -> None:
    """A first line that is not HTTP."""
    x.raw(b"\x00\x01 whatever\r\n\r\n" + article().encode())


@at("/empty/")
def empty(x: Exchange) -> None:
    """Status 200 and no body."""
    x.send(b"")


# Compression


@at("/bad-gzip/")
def bad_gzip(x: Exchange) -> None:
    """Plain HTML that says it is gzip."""
    x.send(article(), "Content-Encoding: gzip")


@at("/cut-gzip/")
def cut_gzip(x: Exchange) -> None:
    """A gzip body that ends early."""
    x.send(gzip.compress(article(extra=f"<p>{x.path * 3000}</p>").encode(), 1)[:-40], "Content-Encoding: gzip")


@at("/unknown-encoding/")
def unknown_encoding(x: Exchange) -> None:
    """An encoding that nobody knows."""
    x.send(article(), "Content-Encoding: zip-of-the-future")


@at("/gzip-bomb/")
def gzip_bomb(x: Exchange) -> None:
    """Half a megabyte that becomes 512."""
    x.send(bomb(article().encode()), "Content-Encoding: gzip")


@at("/gzip-bomb-twice/")
def gzip_bomb_twice(x: Exchange) -> None:
    """A few kilobytes that become half a megabyte that becomes 512."""
    x.send(gzip.compress(bomb(article().encode())), "Content-Encoding: gzip, gzip")


@cache
def bomb(start: bytes) -> bytes:
    """`start` and then BOMB_MEGABYTES of spaces, as gzip; the repeated block is deflated only once."""
    blank = b" " * MEGABYTE
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = squeeze.compress(start) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(blank) + squeeze.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(start)
    for _ in range(BOMB_MEGABYTES):
        checksum = zlib.crc32(blank, checksum)
    size = (len(start) + BOMB_MEGABYTES * MEGABYTE) & 0xFFFFFFFF
    end = squeeze.flush()
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return header + head + block * BOMB_MEGABYTES + end + struct.pack("<II", checksum, size)


# Redirects


@at("/redirect-self/")
def redirect_self(x: Exchange) -> None:
    """Redirects to itself."""
    x.redirect(x.path)


@at("/redirect-loop/*")
def redirect_loop(x: Exchange) -> None:
    """Two addresses that redirect to each other."""
    x.redirect("/redirect-loop/" if x.path.endswith("/b/") else "/redirect-loop/b/")


@at("/redirect-chain/*")
def redirect_chain(x: Exchange) -> None:
    """A chain of redirects that never ends, each to a new address."""
    number = re.search(r"(\d+)/$", x.path)
    x.redirect(f"/redirect-chain/{int(number.group(1)) + 1 if number else 1}/")


@at("/redirect-elsewhere/")
def redirect_elsewhere(x: Exchange) -> None:
    """Redirects to a host that is not the site's."""
    x.redirect(f"{x.server.elsewhere}good/")


@at("/redirect-file/")
def redirect_file(x: Exchange) -> None:
    """Redirects to a file of the machine."""
    x.redirect("file:///etc/hostname")


@at("/redirect-nonsense/")
def redirect_nonsense(x: Exchange) -> None:
    """Redirects to what is no address."""
    x.redirect("http://[not-an-address")
