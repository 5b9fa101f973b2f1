"""Browse an archive in Chromium as a reader would: python .ci/reading_room.py ARCHIVE [SCREENSHOTS]

ARCHIVE holds articles with edits and deletions. Every page must load nothing from elsewhere, break no policy, fit its
screen and satisfy the accessibility checker; a search must lead to a history of changes without JavaScript.
"""

from __future__ import annotations

import shutil
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from newsarchive.browse import make_app

READERS = [("kk-KZ", 320, "dark"), ("ru-RU", 1280, "light"), ("en", 800, "light")]


@contextmanager
def reading_room(folder: Path) -> Iterator[str]:
    """The address of the room over an archive."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(folder), log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def pages_of(folder: Path) -> list[str]:
    """The pages a reader meets, with an edited, a deleted and an illustrated article among them."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        (edited,) = db.execute("select article from revisions where kind = 'substantive' limit 1").fetchone()
        (deleted,) = db.execute("select id from articles where gone is not null limit 1").fetchone()
        (pictured,) = db.execute("select article from article_images group by 1 order by count(*) desc").fetchone()
    fixed = "/ /search?q=мектеп /concordance?q=мектеп /trends?q=мектеп&q=су&by=month /trends?q=су&by=day"
    fixed += " /compare?a_q=мектеп&b_q=су /changes /deletions /coverage /authors /authors/1 /categories /tags"
    fixed += " /archive /archive/archive /archive/articles?_search=су /archive/edited_headlines"
    return [*fixed.split(), f"/article/{edited}/history", *(f"/article/{n}" for n in (edited, deleted, pictured))]


def tour(browser: Any, address: str, pages: list[str], reader: tuple[str, int, str], shots: Path | None) -> list[str]:
    """What is wrong with the pages for one reader."""
    language, width, scheme = reader
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=scheme, bypass_csp=True
    )
    page, axe, asked = context.new_page(), Axe(), []
    page.on("request", lambda request: asked.append(request.url))
    wrong = []
    for path in pages:
        answer = page.goto(address + path)
        if answer.status != 200:
            wrong.append(f"{path}: {answer.status}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{path}: wider than {width}")
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        wrong += [f"{path}: {v['id']} {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]
        if shots:
            name = path.strip("/").replace("/", "-").partition("?")[0] or "front"
            page.screenshot(path=shots / f"{name}-{language}-{width}-{scheme}.png")
    context.close()
    return wrong + [f"asked for {url}" for url in asked if not url.startswith(address)]


def read_without_javascript(browser: Any, address: str) -> list[str]:
    """From the front page to the words that changed; what the browser complains of under the pages' own policy."""
    context = browser.new_context(locale="kk-KZ", java_script_enabled=False)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    page.get_by_role("searchbox", name="Мұрағаттан іздеу").fill("мектептердің")
    page.get_by_role("button", name="Іздеу").click()
    page.locator(".hits-list mark").first.wait_for()
    page.goto(f"{address}/changes")
    page.locator(".articles a").first.click()
    page.locator("ins").first.wait_for()
    page.goto(f"{address}/deletions")
    page.locator(".articles a").first.click()
    page.locator(".notice").wait_for()
    context.close()
    return said


def main() -> None:
    """Tour the archive; exit 1 with what is wrong."""
    folder = Path(sys.argv[1])
    shots = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with reading_room(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        wrong = read_without_javascript(browser, address)
        for reader in READERS:
            wrong += tour(browser, address, pages_of(folder), reader, shots)
        browser.close()
    print("\n".join(wrong) or f"the reading room holds for {len(READERS)} readers")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
