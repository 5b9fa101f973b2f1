"""The notebook in the reading room: written by forms of ours only, without JavaScript, and without what is withheld."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from datasette.app import Datasette  # type: ignore[import-untyped]
from lxml import html
from sqlite_utils import Database

from newsarchive.browse.app import make_datasette
from newsarchive.browse.notebook.posting import is_private, read_form
from newsarchive.database import lock_archive, open_archive, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.notebook import Note, open_notebook
from newsarchive.notebook.storing import list_collections, list_notes, list_searches
from newsarchive.takedown import forget
from tests.test_browse import TAN, VEST, make_article, store
from tests.test_withheld import NEXT_YEAR

BODY = "Нұра өзені тасып, екі үйді су басты.\n\nТұрғындар көшірілді."
MARKDOWN = "# Өзен тасыды\n\nНұра өзені тасып, **екі үйді** су басты.\n\nТұрғындар көшірілді.\n"
QUOTED = "екі үйді су басты"


@dataclass
class Desk:
    folder: Path
    db: Database
    room: Datasette
    article: int

    def ask(self, path: str, method: str = "GET", **options: Any) -> Any:
        async def request() -> Any:
            headers = {"accept-language": "en", **options.pop("headers", {})}
            return await self.room.client.request(method, path, headers=headers, **options)

        return asyncio.run(request())

    def tree(self, path: str) -> Any:
        response = self.ask(path)
        assert response.status_code == 200, response.text
        return html.fromstring(response.text)

    def form(self, path: str, action: str) -> dict[str, str]:
        """The fields of a form as the page gives them."""
        (form,) = self.tree(path).xpath(f"//form[@action='{action}']")
        return dict(form.form_values())

    def post(self, path: str, action: str, **fields: str) -> Any:
        """Fill in the form of a page and send it."""
        data = urlencode({**self.form(path, action), **fields})
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": "http://localhost"}
        return self.ask(action, "POST", content=data, headers=headers)

    def notes(self) -> list[Note]:
        with open_notebook(self.folder) as book:
            return list_notes(book)

    @property
    def page(self) -> str:
        return f"/article/{self.article}"

    def write(self, **fields: str) -> Note:
        response = self.post(self.page, "/notebook/notes", **fields)
        assert response.status_code == 303, response.text
        return self.notes()[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "archive"
    db = open_archive(folder)
    for site in (TAN, VEST):
        save_site(db, site)
    article = store(db, make_article("flood", "Өзен тасыды", BODY, markdown=MARKDOWN), TAN)
    store(db, make_article("school", "Мектеп", "Жаңа мектеп ашылды."), TAN)
    room = make_datasette(folder)
    yield Desk(folder, db, room, article)
    for database in room.databases.values():
        database.close()
    room.executor.shutdown()
    db.close()


def test_a_passage_is_marked_and_noted_by_forms_alone(desk: Desk) -> None:
    response = desk.post(desk.page, "/notebook/notes", quotation='"екі  үйді" су басты', words="x", tags="")
    assert response.status_code == 400, "words that the article does not have are refused"
    assert "екі  үйді" in response.text, "and stay in the form"
    assert not desk.notes()
    note = desk.write(quotation="екі үйді\r\nсу басты", words="Екі үй ме?\r\n<b>Иә</b>", tags="су, тасқын")
    assert (note.passage.quotation, note.words, note.tags) == (QUOTED, "Екі үй ме?\n<b>Иә</b>", ("су", "тасқын"))
    tree = desk.tree(desk.page)
    marks = tree.xpath("//div[@class='prose']//mark[@class='noted']")
    assert "".join(mark.text_content() for mark in marks) == QUOTED, "also across bold letters"
    assert marks[0].get("id") == f"passage-{note.uuid}"
    assert tree.xpath(f"//li[@id='note-{note.uuid}']//a[@href='#passage-{note.uuid}']")
    assert "<b>Иә</b>" in tree.xpath("//p[@class='words']")[0].text_content()
    assert "Тұрғындар көшірілді." in tree.xpath("//div[@class='prose']")[0].text_content()
    listed = desk.tree("/notebook?tag=су").text_content()
    assert "Екі үй ме?" in listed
    assert "No notes" in desk.tree("/notebook?tag=жоқ").text_content()
    assert "Екі үй ме?" in desk.tree("/notebook?q=ЕКІ").text_content()


def test_the_same_form_sent_twice_is_one_note(desk: Desk) -> None:
    fields = {**desk.form(desk.page, "/notebook/notes"), "words": "бір"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        assert desk.ask("/notebook/notes", "POST", content=urlencode(fields), headers=headers).status_code == 303
    assert len(desk.notes()) == 1


def test_a_note_tells_when_the_newspaper_changed_its_passage(desk: Desk) -> None:
    note = desk.write(quotation=QUOTED)
    store(desk.db, make_article("flood", "Өзен тасыды", BODY.replace("екі", "бес")), TAN, "2025-03-02T02:00:00Z")
    tree = desk.tree(desk.page)
    item = tree.xpath(f"//li[@id='note-{note.uuid}']")[0]
    assert "The newspaper changed this passage" in item.text_content()
    assert [e.text_content() for e in item.xpath(".//del | .//ins")] == [QUOTED, "бес үйді су басты"]
    (link,) = item.xpath(".//a[contains(@href, '/history')]/@href")
    assert "бес" in desk.tree(link).text_content()
    assert tree.xpath("//mark[@class='noted']") == []


def test_a_note_is_changed_and_deleted_and_two_tabs_do_not_overwrite_each_other(desk: Desk) -> None:
    note = desk.write(words="бірінші")
    page = f"/notebook/notes/{note.uuid}"
    other_tab = desk.form(page, page)
    assert desk.post(page, page, words="екінші", tags="a").status_code == 303
    headers = {"content-type": "application/x-www-form-urlencoded"}
    late = desk.ask(page, "POST", content=urlencode({**other_tab, "words": "үшінші"}), headers=headers)
    assert late.status_code == 409
    assert "changed in another tab" in late.text
    assert "екінші" in late.text, "what the other tab wrote is shown"
    form = html.fromstring(late.text).xpath(f"//form[@action='{page}']")[0]
    assert dict(form.form_values())["words"].strip() == "үшінші"
    again = desk.ask(page, "POST", content=urlencode(dict(form.form_values())), headers=headers)
    assert (again.status_code, desk.notes()[0].words) == (303, "үшінші")
    delete = desk.form(page, f"{page}/delete")
    for _ in range(2):
        assert desk.ask(f"{page}/delete", "POST", content=urlencode(delete), headers=headers).status_code == 303
    assert desk.ask(page).status_code == 404


def test_articles_are_collected_described_taken_out_and_taken_away(desk: Desk) -> None:
    assert desk.post(desk.page, "/notebook/collect", name="Су; тасқын").status_code == 303
    with open_notebook(desk.folder) as book:
        (group,) = list_collections(book)
    page = f"/notebook/collections/{group.uuid}"
    assert desk.post("/article/2", "/notebook/collect", collection=group.uuid).status_code == 303
    assert desk.tree(page).xpath("//ul[@class='articles']//a/text()") == ["Өзен тасыды", "Мектеп"]
    assert "Су; тасқын" in desk.tree(desk.page).text_content()
    assert desk.post(page, page, name="Жаңа атау", about="Түсінік").status_code == 303
    assert "Түсінік" in desk.tree(page).text_content()
    rows = desk.ask(f"{page}.jsonl").text.splitlines()
    assert [json.loads(row)["title"] for row in rows] == ["Өзен тасыды", "Мектеп"]
    assert desk.ask(f"{page}.csv").text.count("https://tan.example/") >= 2
    embargo_article(desk.db, desk.article, until=NEXT_YEAR)
    shown = desk.tree(page).text_content()
    assert "Өзен тасыды" not in shown
    assert "/flood/" not in shown
    assert len(desk.ask(f"{page}.jsonl").text.splitlines()) == 1
    assert "under an embargo" in shown
    remove = desk.tree(page).xpath(f"//form[@action='{page}/remove']")[0]
    headers = {"content-type": "application/x-www-form-urlencoded"}
    desk.ask(f"{page}/remove", "POST", content=urlencode(dict(remove.form_values())), headers=headers)
    assert desk.tree(page).xpath("count(//ul[@class='articles']/li)") == 1
    desk.post("/notebook", "/notebook/collections", name="Екінші")
    assert desk.post(page, page, name="Екінші").status_code == 400, "a name belongs to one collection"
    assert desk.post(page, f"{page}/delete").status_code == 303
    assert desk.ask(page).status_code == 404


def test_a_search_is_saved_and_found_again(desk: Desk) -> None:
    assert desk.post("/search?q=өзен&site=tan&page=1&lang=kk", "/notebook/searches", name="Өзен").status_code == 303
    (link,) = desk.tree("/notebook").xpath("//a[text()='Өзен']/@href")
    assert link == "/search?q=%D3%A9%D0%B7%D0%B5%D0%BD&site=tan"
    assert "Өзен тасыды" in desk.tree(link).text_content()
    with open_notebook(desk.folder) as book:
        (search,) = list_searches(book)
    assert desk.post("/notebook", f"/notebook/searches/{search.uuid}/delete").status_code == 303
    assert desk.tree("/notebook").xpath("//a[text()='Өзен']") == []


def test_the_notebook_is_taken_away_and_brought_back(desk: Desk) -> None:
    note = desk.write(quotation=QUOTED, words="сөз", tags="а")
    exported = {form: desk.ask(f"/notebook/export.{form}").content for form in ("json", "csv")}
    (desk.folder / "notes.db").unlink()
    for data in exported.values():
        token = desk.form("/notebook", "/notebook/import")["csrftoken"]
        response = desk.ask("/notebook/import", "POST", data={"csrftoken": token}, files={"file": ("n", data)})
        assert response.status_code == 200, response.text
        assert desk.notes() == [note]
    response = desk.ask("/notebook/import", "POST", data={"csrftoken": token}, files={"file": ("n", b"\xff\x00")})
    assert (response.status_code, "no notebook" in response.text) == (400, True)


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:9"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"referer": "https://evil.example/page"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_of_another_site_writes_nothing_even_with_our_token(desk: Desk, headers: dict[str, str]) -> None:
    fields = urlencode({**desk.form(desk.page, "/notebook/notes"), "words": "жау"})
    more = {"content-type": "application/x-www-form-urlencoded", **headers}
    assert desk.ask("/notebook/notes", "POST", content=fields, headers=more).status_code == 403
    assert not desk.notes()
    assert not (desk.folder / "notes.db").exists()


def test_a_form_without_our_token_writes_nothing_and_keeps_what_was_typed(desk: Desk) -> None:
    desk.write(words="бар")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for token in ({}, {"csrftoken": ""}, {"csrftoken": "a" * 64}, {"csrftoken": "ә"}):
        fields = {**token, "article": str(desk.article), "uuid": "x", "words": "ұзақ жазылған сөз"}
        response = desk.ask("/notebook/notes", "POST", content=urlencode(fields), headers=headers)
        assert (response.status_code, "ұзақ жазылған сөз" in response.text) == (400, True)
        for action in ("collect", "collections", "searches", "import", f"notes/{desk.notes()[0].uuid}/delete"):
            response = desk.ask(f"/notebook/{action}", "POST", content=urlencode(fields), headers=headers)
            assert response.status_code == 403, action
    assert [note.words for note in desk.notes()] == ["бар"]


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"host": "192.168.1.5:8001"}, {"x-forwarded-for": "1.2.3.4"}, {"via": "1.1 x"}],
)
def test_notes_are_open_on_this_computer_only(desk: Desk, headers: dict[str, str]) -> None:
    note = desk.write(quotation=QUOTED, words="жеке сөз")
    for path in ("/notebook", f"/notebook/notes/{note.uuid}", "/notebook/export.json", "/notebook/export.csv"):
        response = desk.ask(path, headers=headers)
        assert (response.status_code, "жеке" in response.text) == (403, False), path
    response = desk.ask(desk.page, headers=headers)
    assert (response.status_code, "жеке" in response.text, "csrftoken" in response.text) == (200, False, False)
    assert not is_private({"host": "localhost"}, ("10.0.0.7", 1))


def test_a_room_may_have_no_notebook(desk: Desk) -> None:
    desk.write(words="жеке сөз")
    room = make_datasette(desk.folder, notes=False)
    public = Desk(desk.folder, desk.db, room, desk.article)
    assert public.ask("/notebook").status_code == 403
    page = public.ask(desk.page).text
    assert "жеке сөз" not in page
    assert 'href="/notebook"' not in page
    room.executor.shutdown()


def shown(desk: Desk, note: Note) -> str:
    paths = ["/notebook", f"/notebook/notes/{note.uuid}", "/notebook/export.json", "/notebook/export.csv", desk.page]
    return "".join(desk.ask(path).text for path in paths)


@pytest.mark.parametrize("how", ["embargo", "forget"])
def test_a_note_on_what_is_withheld_keeps_its_words_and_loses_the_quotation_at_once(desk: Desk, how: str) -> None:
    note = desk.write(quotation=QUOTED, words="Менің сөзім")
    assert all(text in shown(desk, note) for text in (QUOTED, "Өзен тасыды", "Менің сөзім"))
    if how == "embargo":
        embargo_article(desk.db, desk.article, until=NEXT_YEAR)
    else:
        with lock_archive(desk.folder):
            forget(desk.db, desk.folder, article=desk.article, site="tan", url="https://tan.example/flood/", reason="x")
    text = shown(desk, note)
    assert "Менің сөзім" in text
    assert [word for word in (QUOTED, "Өзен тасыды", note.passage.before, note.passage.after) if word in text] == []
    assert ("/flood/" in text) == (how == "forget")
    response = desk.post(f"/notebook/notes/{note.uuid}", f"/notebook/notes/{note.uuid}", words="Кейінгі сөз")
    assert (response.status_code, desk.notes()[0].words) == (303, "Кейінгі сөз")
    if how == "embargo":
        assert desk.notes()[0].passage == note.passage, "which comes back when the embargo ends"


def test_a_notebook_that_cannot_be_read_is_said_so_and_articles_stay_readable(desk: Desk) -> None:
    desk.write(words="бар")
    (desk.folder / "notes.db").write_bytes(b"no database" * 100)
    assert desk.ask("/notebook").status_code == 503
    page = desk.ask(desk.page)
    assert (page.status_code, "is damaged" in page.text, QUOTED[-8:] in page.text) == (200, True, True)


def test_a_read_only_archive_shows_notes_and_no_forms(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write(words="бар сөз")
    fields = {**desk.form(desk.page, "/notebook/notes"), "words": "кеш"}
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **o: mode != os.W_OK and access(path, mode, **o))
    for path in (desk.page, "/notebook"):
        tree = desk.tree(path)
        assert "бар сөз" in tree.text_content()
        assert "Notes cannot be kept here" in tree.text_content()
        assert tree.xpath("//form[@method='post']") == []
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = desk.ask("/notebook/notes", "POST", content=urlencode(fields), headers=headers)
    assert (response.status_code, "read-only" in response.text, "кеш" in response.text) == (400, True, True)


def test_pages_read_in_three_languages_and_nothing_on_them_runs(desk: Desk) -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    note = desk.write(words=attack, tags=attack, quotation=QUOTED)
    desk.post(desk.page, "/notebook/collect", name=attack)
    desk.post("/search?q=a", "/notebook/searches", name=attack)
    with open_notebook(desk.folder) as book:
        (group,) = list_collections(book)
    for path in ("/notebook", f"/notebook/notes/{note.uuid}", f"/notebook/collections/{group.uuid}", desk.page):
        for language in ("kk", "ru", "en"):
            response = desk.ask(path, headers={"accept-language": language})
            tree = html.fromstring(response.text)
            assert tree.get("lang") == language
            assert tree.xpath("count(//h1)") == 1
            assert path == desk.page or tree.xpath("//script") == []
            assert tree.xpath("//img[@onerror]") == []
            ids = tree.xpath("//@id")
            assert len(ids) == len(set(ids)), path
            for field in tree.xpath("//main//*[self::input or self::textarea or self::select][not(@type='hidden')]"):
                assert tree.xpath(f"//label[@for='{field.get('id')}']"), (path, field.get("name"))
        assert path == desk.page or "script-src" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/notebook/notes/x", "/notebook/notes/" + "0" * 36, "/notebook/collections/" + "0" * 36,
                                  "/notebook/collect", "/notebook/nothing", "/notebook/export.xml"])  # fmt: skip
def test_what_is_not_there_is_said_so(desk: Desk, path: str) -> None:
    assert desk.ask(path).status_code == 404


def test_odd_forms_are_no_failure(desk: Desk) -> None:
    token = desk.form(desk.page, "/notebook/notes")["csrftoken"]
    urlencoded = "application/x-www-form-urlencoded"
    bodies: list[tuple[str, bytes]] = [
        (urlencoded, f"csrftoken={token}&article=1&uuid=%00&words=%ff%00%f0&tags=%22".encode()),
        (urlencoded, f"csrftoken={token}&article=1&uuid=a&quotation={'%D0%B0' * 30000}".encode()),
        (urlencoded, f"csrftoken={token}&article=²".encode()),
        (urlencoded, b"%" * 1000),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
        ("text/plain", b"\xff" * 100),
        ("", b"\x00"),
    ]
    for content_type, body in bodies:
        for path in ("/notebook/notes", "/notebook/import", "/notebook/searches", "/notebook/collections"):
            response = desk.ask(path, "POST", content=body, headers={"content-type": content_type})
            assert response.status_code in (200, 303, 400, 403, 404), (content_type, body[:30], path)
    assert read_form(b"a=1&a=2&b=", urlencoded) == {"a": ["1", "2"], "b": [""]}
    assert desk.ask("/notebook/import", "POST", content=b"a" * (21 << 20)).status_code == 413


def test_texts_in_the_notebook_are_not_in_the_tables_of_the_archive(desk: Desk) -> None:
    desk.write(words="жеке сөз", quotation=QUOTED)
    tables = re.findall(r'href="(/archive/\w+)"', desk.ask("/archive").text)
    assert tables
    assert "notes" not in "".join(tables)
    assert "жеке сөз" not in "".join(desk.ask(f"{path}.json").text for path in ("/archive/articles", "/api/articles"))
