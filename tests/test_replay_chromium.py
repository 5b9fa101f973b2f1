"""An exported WACZ file in pywb and Chromium: the page of the newspaper as it was, from the file alone."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageChops

from newsarchive.demo import serve
from tests.programs import chromium, program

Run = Callable[..., subprocess.CompletedProcess[str]]
TOLERANCE = 8
"""Of 255, by which a color may differ in some pixel."""
DENSITIES = (1, 2)


class Seen(NamedTuple):
    """What a browser saw of a page."""

    text: str
    widths: list[int]
    shot: Image.Image
    asked: list[str]


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@contextmanager
def wayback(wacz: Path, folder: Path) -> Iterator[str]:
    """The address under which pywb replays a file."""
    folder.mkdir()
    (folder / "config.yaml").write_text("framed_replay: false\nenable_auto_colls: true\n")
    for arguments in (["init", "papers"], ["add", "--unpack-wacz", "papers", str(wacz)]):
        subprocess.run([program("wb-manager", called="pywb"), *arguments], cwd=folder, check=True, capture_output=True)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [program("wayback", called="pywb"), "-b", "127.0.0.1", "-p", str(port)]
    with open(folder / "log", "wb") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server:
        try:
            await_server(port)
            yield f"http://127.0.0.1:{port}/papers/"
        finally:
            server.terminate()


def await_server(port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < end, "pywb did not start"
            time.sleep(0.05)


def see(browser: Any, url: str, density: int) -> Seen:
    """Open a page on a screen with so many pixels a point: by that a browser chooses the version of a picture."""
    context = browser.new_context(viewport={"width": 1000, "height": 800}, device_scale_factor=density)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url, wait_until="load")
    widths = page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth)")
    text = page.evaluate("document.body.innerText")
    shot = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    context.close()
    return Seen(text, widths, shot, asked)


def test_pywb_shows_the_page_as_the_newspaper_did(browser: Any, newsarchive: Run, folder: Path, tmp_path: Path) -> None:
    with serve() as paper:
        paper.counter = False
        story = next(story for story in paper.posts() if story.image)
        url = paper.address(story)
        newsarchive("fetch", url, "--images")
        newsarchive("fetch", url)  # a revisit, which is to be resolved
        live = {density: see(browser, url, density) for density in DENSITIES}
    newsarchive("export", "--format", "wacz", "-o", str(tmp_path / "papers.wacz"))
    with wayback(tmp_path / "papers.wacz", tmp_path / "pywb") as address:
        replayed = {density: see(browser, address + url, density) for density in DENSITIES}
    assert story.title in live[1].text
    assert chosen(live[1]) != chosen(live[2])  # the version shown, and the largest
    for density in DENSITIES:
        assert_alike(replayed[density], live[density])
        others = [url for url in replayed[density].asked if not url.startswith(address.removesuffix("papers/"))]
        assert others == []


def chosen(seen: Seen) -> list[str]:
    """The files of pictures that a browser asked for."""
    return [name for url in seen.asked if (name := url.rpartition("/")[2]).endswith((".jpg", ".png"))]


def assert_alike(replayed: Seen, live: Seen) -> None:
    """The same text, the same versions of pictures, the same pixels."""
    assert replayed.text == live.text
    assert chosen(replayed) == chosen(live)
    assert all(width > 0 for width in live.widths)
    assert replayed.widths == live.widths != []
    assert replayed.shot.size == live.shot.size
    difference = ImageChops.difference(replayed.shot, live.shot)
    assert max(most for _, most in difference.getextrema()) <= TOLERANCE
