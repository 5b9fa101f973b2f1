"""What the hostile server is made of: its state, one request with the ways to answer it, the table of behaviours."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

TITLE = "Қақпа алдындағы кезек"
TEXT = "Базар қақпасының алдында таңертеңнен кезек жиналды. Сатушылар сауданы сағат сегізде бастады. " * 4

Behaviour = Callable[["Exchange"], None]
BEHAVIOURS: dict[str, Behaviour] = {}


def at(path: str) -> Callable[[Behaviour], Behaviour]:
    """Put a behaviour at a path; a path that ends in `*` stands for all that begin so."""

    def put(behaviour: Behaviour) -> Behaviour:
        BEHAVIOURS[path] = behaviour
        return behaviour

    return put


def article(*, title: str = TITLE, text: str = TEXT, extra: str = "", charset: str = "utf-8") -> str:
    """A sound page of an article, with something `extra` inside its text."""
    return (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="{charset}"><title>{title}</title>'
        '<meta property="article:published_time" content="2024-10-07T09:00:00+05:00"></head><body><article>'
        f"<h1>{title}</h1><p>{text}</p>{extra}<p>{text}</p></article></body></html>"
    )


@dataclass
class HostileServer:
    """The server's state. `requests` logs method and path; `strangers` what reached the second, foreign host."""

    url: str = ""
    elsewhere: str = ""
    """The address of the foreign host: the same machine, another port."""
    listed: list[str] = field(default_factory=lambda: ["/good/"])
    """Paths that /sitemap.xml and /feed/ list."""
    is_mended: bool = False
    """Whether pages that fail at first are sound now."""
    robots: str | int = "User-agent: *\nDisallow:\n"
    """Text of robots.txt, or the status it answers."""
    drip: float = 0.2
    """Seconds between two bytes of a slow answer."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    strangers: list[tuple[str, str]] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    closing: threading.Event = field(default_factory=threading.Event)

    def profile(self, *kinds: str, url: str = "") -> str:
        """A profile for it, as TOML, with sources of these `kinds`, the sitemap if none; `url` is the source's path."""
        head = f'title = "Hostile"\nurl = "{self.url}"\nlanguage = "kk"\ntimezone = "Asia/Almaty"\ndelay = 0\n'
        where = f'url = "{self.url.rstrip("/")}{url}"\n' if url else ""
        return head + "".join(f'\n[[sources]]\nkind = "{kind}"\n{where}' for kind in kinds or ("sitemap",))


@dataclass
class Exchange:
    """One request and the ways to answer it."""

    server: HostileServer
    handler: BaseHTTPRequestHandler
    path: str
    hit: int
    """How many times the path was asked for, this time included."""

    def head(self, *lines: str, status: str = "200 OK") -> None:
        """Send the status line and headers, exactly these; every answer ends the connection."""
        text = "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *lines, "", ""])
        self.raw(text.encode("latin-1"))

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.handler.wfile.write(data)

    def send(
        self, body: bytes | str, *lines: str, kind: str = "text/html; charset=utf-8", status: str = "200 OK"
    ) -> None:
        """A whole answer of the right length."""
        data = body.encode() if isinstance(body, str) else body
        self.head(f"Content-Type: {kind}", f"Content-Length: {len(data)}", *lines, status=status)
        self.raw(data)

    def redirect(self, location: str) -> None:
        """A redirect, to a path of this host or to an address elsewhere."""
        target = self.server.url.rstrip("/") + location if location.startswith("/") else location
        self.send(b"", f"Location: {target}", status="302 Found")

    def forever(self, chunk: bytes, pause: float = 0.0) -> None:
        """Send `chunk` until the other side hangs up or the server closes."""
        while not self.server.closing.wait(pause):
            self.raw(chunk)
