"""The concordance: pages of any number of lines, sorting by words, and links to the place in the article."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import date
from typing import Any

import pytest
from lxml import html

from newsarchive.browse import concordance
from newsarchive.browse.app import make_datasette
from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
NEIGHBOURS = ["яблоко", "әже", "аға", "тау", "ұшақ", "ине", "ірімшік", "құс", "кеме", "шаш"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("concordance")
    db = open_archive(folder)
    save_site(db, SITE)
    for n, word in enumerate(NEIGHBOURS):
        body = f"Бірінші абзац.\n\nЕкі {word} өзен бар, тағы бір {word} өзені.\n\n- тізім бір\n- тізім өзенде\n\nСоңы өзен."
        article = Article(
            url=f"https://tan.example/{n}/", site="tan", title=f"{n}-хабар", lead="Кіріспе сөз.", body=body,
            markdown=f"# {n}-хабар\n\nКіріспе сөз.\n\nБірінші **абзац**.\n\nЕкі [{word}](https://tan.example/) өзен бар, тағы"
            f" бір {word} өзені.\n\n- тізім бір\n- тізім өзенде\n\nСоңы өзен.",
            language="kk", published=f"2025-01-{n + 1:02}",
        )  # fmt: skip
        search_text = make_search_text(title=article.title, lead=article.lead, body=body, authors=[], language="kk")
        provenance = Provenance(time="2025-03-01T00:00:00Z")
        save_article(db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text)
    db.close()
    datasette = make_datasette(folder)
    asyncio.run(datasette.invoke_startup())
    return datasette


def get(room: Any, path: str) -> Any:
    async def ask() -> Any:
        return await room.client.get(path)

    return asyncio.run(ask())


def lines_of(room: Any, path: str) -> tuple[list[tuple[str, ...]], str]:
    tree = html.fromstring(get(room, path).text)
    found = [tuple(td.text_content() for td in tr.xpath("td")) for tr in tree.xpath("//table//tr[td]")]
    return found, next(iter(tree.xpath("//a[@rel='next']/@href")), "")


@pytest.mark.parametrize("order", ["newest", "oldest", "left1", "right2"])
def test_pages_have_every_line_once(room: Any, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    whole, _ = lines_of(room, f"/concordance?q=өзен&sort={order}")
    assert len(whole) == 40
    monkeypatch.setattr(concordance, "SHOWN", 7)
    paged, link = [], f"/concordance?q=өзен&sort={order}"
    while link:
        found, link = lines_of(room, link)
        paged += found
    assert paged == whole
    days = [line[3] for line in whole]
    if order in ("newest", "oldest"):
        assert days == sorted(days, reverse=order == "newest")


def test_lines_are_sorted_by_a_word_in_the_order_of_the_kazakh_alphabet(room: Any) -> None:
    lines, _ = lines_of(room, '/concordance?q="өзен"&sort=left1')
    sorted_words = [line[0].split()[-1] for line in lines if line[0].split()[-1] in NEIGHBOURS]
    assert sorted_words == ["аға", "әже", "ине", "кеме", "құс", "тау", "ұшақ", "шаш", "ірімшік", "яблоко"]
    lines, _ = lines_of(room, '/concordance?q="өзен"&sort=right3&words=1')
    assert [line[2].split()[2] for line in lines if len(line[2].split()) > 2] == ["бір"] * 10


def test_each_line_leads_to_its_paragraph(room: Any) -> None:
    tree = html.fromstring(get(room, "/concordance?q=өзен&sort=oldest").text)
    links = tree.xpath("//td[@class='keyword']/a/@href")[:4]
    assert [link.partition("#")[2] for link in links] == ["p3", "p3", "p4", "p5"]
    article = html.fromstring(get(room, links[0].partition("#")[0]).text)
    texts = {element.get("id"): element.text_content() for element in article.xpath("//*[starts-with(@id, 'p')]")}
    assert texts["p1"] == "Кіріспе сөз."
    assert texts["p2"] == "Бірінші абзац."
    assert texts["p3"].startswith("Екі яблоко өзен")
    assert texts["p5"] == "Соңы өзен."
    assert "тізім" in texts["p4"]


def test_the_file_has_all_lines_and_columns_and_nothing_hidden(room: Any) -> None:
    answer = get(room, "/concordance.csv?q=өзен&sort=left1&words=3")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 40
    assert list(rows[0]) == concordance.COLUMNS
    assert {"day", "site", "title", "paragraph"} <= set(rows[0])
    db = open_archive(room.room.folder)
    embargo_article(db, 1, until=date(2999, 1, 1))
    db.close()
    for path in ("/concordance.csv?q=өзен", "/concordance.json?q=өзен&sort=left2", "/concordance?q=өзен"):
        assert "яблоко" not in get(room, path).text
    assert get(room, "/concordance.csv?q=" + "(" * 20).status_code == 400
    assert get(room, "/concordance?q=өзен&after=99-x&sort=zz&page=-1").status_code == 200
