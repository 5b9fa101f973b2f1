"""A name that changes its mind: public when it is looked up, private when it is connected to."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from newsarchive.database import read_archive

REBINDING = """
import socket
# The names of a stranger who answers each look-up as it suits: public to whom asks first, private to the connection.
usual, usual_name = socket.getaddrinfo, socket.gethostbyname
def getaddrinfo(host, port, *args, **more):
    if str(host).endswith(".example"):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 0))]
    return usual(host, port, *args, **more)
socket.getaddrinfo = getaddrinfo
socket.gethostbyname = lambda host: "127.0.0.1" if host.endswith(".example") else usual_name(host)
from newsarchive.cli import cli
cli()
"""


@pytest.fixture
def server() -> Iterator[tuple[int, dict[str, tuple[str, bytes]], list[str]]]:
    """A service on loopback: its port, its pages, and the requests it got, with their hosts."""
    found: dict[str, tuple[str, bytes]] = {}
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(f"{self.headers['Host'].partition(':')[0]}{self.path}")
            kind, body = found.get(self.path, ("", b""))
            self.send_response(302 if kind.startswith("http") else 200 if kind else 404)
            self.send_header("Location" if kind.startswith("http") else "Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    service = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service.server_port, found, requests
    finally:
        service.shutdown()
        service.server_close()
        thread.join()


def fetch(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", REBINDING, "fetch", *arguments]
    environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


def page(picture: str) -> bytes:
    text = "<p>Ауылда бүгін жаңа үйлер салынды, тұрғындар қуанып жатыр, жол да жөнделді.</p>" * 6
    figure = f'<figure><img src="{picture}" width="640" height="400"></figure>'
    head = "<html lang=kk><head><title>Жаңа үйлер салынды</title></head>"
    return f"{head}<body><article><h1>Жаңа үйлер салынды</h1>{figure}{text}</article></body></html>".encode()


def test_a_picture_s_name_that_turns_private_brings_no_request(
    folder: Path, server: tuple[int, dict[str, tuple[str, bytes]], list[str]]
) -> None:
    port, found, requests = server
    out = BytesIO()
    Image.new("RGB", (640, 400), "navy").save(out, "JPEG")
    found["/1.jpg"] = ("image/jpeg", out.getvalue())
    found["/uyler"] = ("text/html; charset=utf-8", page(f"http://pictures.example:{port}/1.jpg"))
    done = fetch(folder, "--images", f"http://news.example:{port}/uyler")
    assert done.returncode == 0, done.stderr
    assert [request for request in requests if request.startswith("pictures.example")] == []
    (row,) = read_archive(folder).query("select state, reason from images")
    assert row["state"] == "failed"
    assert "the name of a public host leads to a private address now" in row["reason"]


def test_a_redirect_s_name_that_turns_private_brings_no_request(
    folder: Path, server: tuple[int, dict[str, tuple[str, bytes]], list[str]]
) -> None:
    port, found, requests = server
    found["/uyler"] = (f"http://inside.example:{port}/secret", b"")
    found["/secret"] = ("text/html; charset=utf-8", page("/1.jpg"))
    done = fetch(folder, f"http://news.example:{port}/uyler")
    assert done.returncode == 1
    assert [request for request in requests if request.startswith("inside.example")] == []
    assert "the name of a public host leads to a private address now" in done.stderr
    assert "Traceback" not in done.stderr
