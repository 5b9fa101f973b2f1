"""A public site that leads inside: the crawl asks nothing there and says why, tried through a proxy on loopback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.forking import Forks

SITE = "http://8.8.8.8/"  # a public address, never connected to: every request goes to the proxy, which answers itself
PARAGRAPH = "<p>Көпір алдағы күзде ашылады, қазір соңғы жұмыстар жүріп жатыр, дейді әкімдік өкілі.</p>" * 4


@pytest.fixture
def inside() -> Iterator[tuple[str, list[str]]]:
    """A proxy that is the public site, and the secret page of the inner network too: its address, and what was asked.

    The page stands at the proxy's own address, so that a request for it would come here, with or without a proxy.
    """
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            path = self.path.removeprefix(SITE.rstrip("/"))
            if path == "/sitemap.xml":
                urls = "".join(f"<url><loc>{SITE}{name}</loc></url>" for name in ("ashyq", "tuyiq", "basqa"))
                self.say(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')
            elif path in ("/tuyiq", "/basqa"):
                host = f"127.0.0.1:{self.server.server_port}" if path == "/tuyiq" else "10.11.12.13"  # type: ignore[attr-defined]
                self.say("", f"http://{host}/secret")
            elif path == "/robots.txt":
                self.say("User-agent: *\nDisallow:\n")
            else:
                self.say(f"<html><head><title>Көпір</title></head><body><article><h1>Көпір</h1>{PARAGRAPH * 3}")

        def say(self, text: str, location: str = "") -> None:
            self.send_response(302 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """`asked` is the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def through(
    inside: tuple[str, list[str]], folder: Path, forks: Forks
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line with the proxy in its environment."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        proxy = f"http://{inside[0]}"
        environment = {**os.environ, "http_proxy": proxy, "https_proxy": proxy, "no_proxy": "", "NO_PROXY": ""}
        environment |= {"NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
        return forks.run(arguments, environment, timeout=60)

    return run


def test_a_crawl_refuses_redirects_from_a_public_site_to_private_addresses(
    inside: tuple[str, list[str]], folder: Path, through: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Also where the profile says that the private host is the site's own."""
    address, asked = inside
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "public.toml").write_text(
        f'title = "Ашық"\nurl = "{SITE}"\nlanguage = "kk"\ntimezone = "Asia/Almaty"\ndelay = 0\n'
        f'aliases = ["{address}"]\n\n[[sources]]\nkind = "sitemap"\nurl = "{SITE}sitemap.xml"\n'
    )
    done = through("crawl", "public")
    assert "Traceback" not in done.stderr
    with sqlite3.connect(folder / "archive.db") as db:
        found = {
            url.removeprefix(SITE): (state, reason)
            for url, state, reason in db.execute("select url, state, reason from urls")
        }
        captured = [url for (url,) in db.execute("select url from captures where url like '%secret%'")]
    assert found["ashyq"][0] == "article"
    assert found["tuyiq"] == ("failed", "redirects from a public site to a private address")
    assert found["basqa"] == ("failed", "leads to another host (10.11.12.13)")
    assert not [url for url in asked if "secret" in url]
    assert captured == []


def test_a_fetch_refuses_them_too(
    inside: tuple[str, list[str]], through: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = through("fetch", f"{SITE}tuyiq", "--no-store")
    assert done.returncode == 1
    assert "private address" in done.stderr
    assert not [url for url in inside[1] if "secret" in url]
