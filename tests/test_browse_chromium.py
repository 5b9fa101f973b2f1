"""The reading room in a real browser: no script, nothing from elsewhere, fits a phone, usable with a screen reader."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Author, Image
from newsarchive.notebook import Collection, Note, Passage, SavedSearch, open_notebook
from newsarchive.notebook.storing import collect, save_collection, save_note, save_search
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text
from tests.programs import chromium

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f0005000201a5f645400000000049454e44ae426082"
)
SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
PAGES = [
    "/",
    "/about",
    "/search?q=өзен",
    "/search?q=Рахимкулова",
    "/trends?q=өзен&q=мектеп&by=month",
    "/concordance?q=өзен&sort=left1",
    "/compare?a_q=өзен",
    "/article/3",
    "/article/3/history",
    "/changes",
    "/deletions",
    "/coverage",
    "/reprints",
    "/reprints/3",
    "/article/3/translation",
    "/quotations",
    "/edits?q=өзен",
    "/collocations?q=өзен",
    "/ngrams?q=өзен",
    "/keywords?q=өзен",
    "/authors",
    "/authors/1",
    "/categories",
    "/tags",
    "/notebook",
    "/notebook/notes/00000000-0000-4000-8000-000000000001",
    "/notebook/collections/00000000-0000-4000-8000-000000000002",
    "/no-such-page",
    "/archive",
    "/archive/articles",
    "/archive/edited_headlines",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chromium")
    db = open_archive(folder)
    save_site(db, SITE)
    for n in range(30):
        for text, time in (("Өзен тасып, су үйлерге жетті.", "2025-03-01"), ("Өзен арнасына түсті.", "2025-03-02")):
            if time == "2025-03-02" and n % 3:
                continue
            body = f"{text} {n}-ауыл.\n\nМектепте сабақ басталды. <script>document.title = 'ran'</script>"
            title = f"{n}-хабар: {text}"
            article = Article(
                url=f"https://tan.example/{n}/",
                site="tan",
                title=title,
                lead="Ауданнан келген хабар.",
                body=body,
                markdown=f"# {title}\n\n{body}\n\n![Өзен](https://tan.example/{n}.jpg)\n\n"
                "| Ауыл | Үй |\n|---|---|\n| Нұра | 2 |",
                language="kk",
                published=f"2024-{n % 12 + 1:02}-1{n % 10}T05:00:00Z",
                authors=(Author(name="Аида Рахымқұлова", as_written="Аида Рахымқұлова"),),
                images=(Image(url=f"https://tan.example/{n}.jpg", caption="Өзен", credit="Фото: Б. Сәт"),),
                categories=("Қоғам",),
                tags=("су",),
                evidence={"title": "json-ld"},
            )
            search_text = make_search_text(title=title, lead="", body=body, authors=["Аида Рахымқұлова"], language="kk")
            provenance = Provenance(time=f"{time}T02:00:00Z")
            save_article(db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text)
    digest = hashlib.sha256(PIXEL).hexdigest()
    (folder / "images" / f"{digest}.png").write_bytes(PIXEL)
    with db.atomic():
        db.conn.execute("update images set sha256 = ?, type = 'image/png' where url like '%/4.jpg'", (digest,))
        db.conn.execute("update articles set gone = '2025-03-05T00:00:00Z', gone_reason = '404' where id = 9")
    db.close()
    take_notes(folder)
    return folder


def take_notes(folder: Path) -> None:
    """Write notes on a passage that is there, on one that was changed, and with words too long for a line."""
    with open_notebook(folder, write=True) as book:
        for number, quotation in ((1, "Мектепте сабақ басталды."), (4, "Өзен тасып, су үйлерге жетті."), (5, "")):
            note = Note(
                uuid=f"00000000-0000-4000-8000-00000000000{number}",
                url="https://tan.example/3/",
                passage=Passage(quotation=quotation),
                words="Ұзақ" * 60,
                tags=("су", "ұ" * 90),
            )
            save_note(book, note)
        group = Collection(uuid="00000000-0000-4000-8000-000000000002", name="Су")
        save_collection(book, group)
        for url in ("https://tan.example/3/", f"https://tan.example/{'ж' * 200}/"):
            collect(book, group.uuid, url)
        save_search(book, SavedSearch(uuid="00000000-0000-4000-8000-000000000003", name="Өзен", query="q=a"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    from newsarchive.browse import make_app

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(folder), log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


DESK, PHONE = {"width": 1280, "height": 800}, {"width": 320, "height": 800}
OF_LOOKS = ["aria-hidden-focus", "button-name", "color-contrast", "label", "link-in-text-block", "link-name",
            "scrollable-region-focusable", "select-name", "target-size"]  # fmt: skip
"""Rules of the accessibility checker that depend on what is seen, and so on the width and on the light or the dark."""


def test_pages_load_nothing_from_elsewhere_break_no_policy_and_fit_any_reader(browser: Any, address: str) -> None:
    """Each page at a desk in the light, then on a phone in the dark: as wide as the screen, and nothing that shuts out
    who cannot see or point well.
    """
    context = browser.new_context(locale="kk-KZ")
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for path in PAGES:
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        page.goto(address + path)
        assert page.title() != "ran"
        assert page.evaluate("document.documentElement.lang") == ("en" if path.startswith("/archive") else "kk")
        assert_fits(page, 1280, path)
        assert not page.evaluate(DARK), path
        page.evaluate(Axe().axe_script)
        assert serious(page, rules=[]) == [], path
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        assert_fits(page, 320, path)
        assert page.evaluate(DARK), path
        assert serious(page, rules=OF_LOOKS) == [], path
    assert [url for url in asked if not url.startswith(address)] == []
    assert [text for text in said if "404" not in text] == []
    context.close()


DARK = "Math.max(...getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)) < 64"


def assert_fits(page: Any, width: int, path: str) -> None:
    """A page is as wide as the screen, and so is each chart: nothing of it is cut off or hidden beside the screen."""
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{path} is {too_wide} pixels wider than a screen of {width}"
    plots = [plot.bounding_box() for plot in page.locator("svg.plot:visible").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in plots), path


def serious(page: Any, rules: list[str]) -> list[list[str]]:
    """What the accessibility checker, or some of its rules, finds in a page that is serious: the rule and the markup."""
    options = {"resultTypes": ["violations"], **({"runOnly": {"type": "rule", "values": rules}} if rules else {})}
    found: list[list[str]] = page.evaluate(
        """options => axe.run(options).then(({violations}) => violations
        .filter(({impact}) => ["serious", "critical"].includes(impact)).map(({id, nodes}) => [id, nodes[0].html]))""",
        options,
    )
    return found


def test_a_reader_goes_from_a_search_to_what_changed_without_javascript(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="kk-KZ")
    page = context.new_page()
    page.goto(address)
    page.get_by_role("searchbox", name="Мұрағаттан іздеу").fill("өзендерде")
    page.get_by_role("button", name="Іздеу").click()
    assert "30 мақала табылды" in page.locator("main").inner_text()
    page.get_by_role("link", name="0-хабар", exact=False).first.click()
    page.get_by_role("link", name="не өзгерді", exact=False).first.click()
    assert page.locator("del").count() > 0
    assert page.locator("ins").count() > 0
    page.get_by_role("link", name="Русский").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("История изменений")
    context.close()


def test_a_kept_picture_is_drawn_and_any_other_is_a_link(browser: Any, address: str) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{address}/article/5")
    assert page.locator("figure img").evaluate("image => image.complete && image.naturalWidth") == 1
    page.goto(f"{address}/article/3")
    assert page.locator("figure img").count() == 0
    assert page.locator("figure a.elsewhere").get_attribute("href") == "https://tan.example/2.jpg"
    assert page.locator("figcaption").inner_text() == "Өзен Фото: Б. Сәт"
    context.close()


def test_the_keyboard_reaches_the_content_first(browser: Any, address: str) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    context.close()


def test_on_paper_an_article_is_its_text_and_where_it_comes_from(browser: Any, address: str) -> None:
    context = browser.new_context(locale="en", color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/article/3")
    page.emulate_media(media="print")
    for seen, selector in ((True, ".prose"), (True, ".citation"), (False, ".room-header"), (False, "summary")):
        assert page.locator(selector).first.is_visible() is seen
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 27, 27)"
    page.goto(f"{address}/search?q=өзен")
    assert not page.locator("form.panel").is_visible()
    assert page.locator(".hits-list").is_visible()
    context.close()


def test_a_point_of_a_plot_leads_to_its_articles(browser: Any, address: str) -> None:
    context = browser.new_context(locale="en", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/trends?q=өзен&by=month")
    page.locator("svg.plot:visible a").first.click()
    page.wait_for_url("**since=2024-01**")
    page.locator(".hits-list li").first.wait_for()
    assert page.locator(".hits-list li").count() == 3
    context.close()


def test_a_note_is_taken_without_javascript(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/article/7")
    assert page.get_by_role("button", name="Copy").count() == 0, "no button that does nothing"
    page.get_by_label("Passage").fill("сабақ  басталды")
    page.get_by_label("Your words").fill("Қай мектеп?")
    page.get_by_role("button", name="Save").click()
    assert page.locator("mark.noted").inner_text() == "сабақ басталды"
    page.get_by_role("link", name="Notebook").click()
    assert page.locator(".words", has_text="Қай мектеп?").count() == 1
    page.get_by_role("link", name="Change (Қай мектеп?)").click()
    page.get_by_role("button", name="Delete the note").click()
    assert page.locator(".words").count() == 3
    assert page.locator(".words", has_text="Қай мектеп?").count() == 0
    context.close()


def test_a_page_of_another_site_cannot_write_notes(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/article/8")
    token = page.locator("form[action='/notebook/notes'] input[name=csrftoken]").get_attribute("value")
    form = (
        f"<form method=post action='{address}/notebook/notes'><input name=csrftoken value='{token}'>"
        "<input name=article value=8><input name=uuid value=x><input name=words value=жау></form>"
    )
    page.route("https://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html; charset=utf-8"))
    page.goto("https://evil.example/")
    # Waits until the refusal is on the page: an answer alone leaves a navigation that interrupts the next one.
    with page.expect_navigation(url=f"{address}/notebook/notes") as refusal:
        page.evaluate("document.forms[0].submit()")
    assert refusal.value.status == 403
    page.goto(f"{address}/article/8")
    assert page.get_by_text("жау").count() == 0
    context.close()


def test_a_citation_is_copied_by_its_button(browser: Any, address: str) -> None:
    context = browser.new_context(locale="en-GB", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/article/3")
    page.get_by_role("button", name="Copy Text").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#cite-1").inner_text()
    context.close()
