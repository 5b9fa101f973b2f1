"""The reading room: what each page shows, in which language, and that nothing an article says can run."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from datasette.app import Datasette  # type: ignore[import-untyped]
from lxml import html
from sqlite_utils import Database

from newsarchive.browse import RoomError, serve
from newsarchive.browse.app import make_datasette
from newsarchive.browse.copying import POLICY as COPYING
from newsarchive.browse.copying import SCRIPT
from newsarchive.browse.figures import line_figure
from newsarchive.browse.languages import load_texts
from newsarchive.browse.metadata import DESCRIPTIONS, HIDDEN, QUERIES
from newsarchive.browse.plots import Point
from newsarchive.browse.web import HERE
from newsarchive.database import open_archive, read_archive, save_article, save_capture, save_site, start_run
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Author, Capture, Image
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

TAN = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
VEST = Site(name="vest", title="Весть", url="https://vest.example/", language="ru", timezone="Asia/Almaty")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f0005000201a5f645400000000049454e44ae426082"
)


def store(db: Database, article: Article, site: Site, time: str = "2025-03-01T02:00:00Z") -> int:
    capture = save_capture(
        db,
        Capture(
            url=article.url,
            time=time,
            status=200,
            sha256=hashlib.sha256(article.url.encode()).hexdigest(),
            warc=f"{site.name}-20250301.warc.gz",
            offset=abs(hash((article.url, time))) % 10**9,
            length=512,
            content_type="text/html",
        ),
        None,
    )
    search_text = make_search_text(
        title=article.title,
        lead=article.lead,
        body=article.body,
        authors=[a.name for a in article.authors],
        language=article.language,
    )
    provenance = Provenance(time=time, captures=(capture,), extractor="newsarchive test")
    return save_article(
        db, article, site=site, urls=[article.url], provenance=provenance, search_text=search_text, source="sitemap"
    ).article


def make_article(slug: str, title: str, body: str, **fields: Any) -> Article:
    site = fields.pop("site", TAN)
    values: dict[str, Any] = {
        "language": site.language,
        "published": "2025-02-18T20:30:00Z",
        "markdown": f"# {title}\n\n{body}\n",
        **fields,
    }
    return Article(url=f"{site.url}{slug}/", site=site.name, title=title, body=body, **values)


ATTACK = make_article(
    "attack",
    'Қауіп <script>alert("title")</script>',
    "Мәтін <img src=x onerror=alert(1)>",
    lead="<b onmouseover=alert(1)>лид</b>",
    authors=(Author(name='<svg onload="alert(1)">', as_written="x"),),
    categories=('"><script>alert(2)</script>',),
    tags=("</a><script>alert(3)</script>",),
    markdown="\n\n".join(
        [
            "# Қауіп",
            "<script>alert(4)</script>",
            "[басыңыз](javascript:alert(5)) [тағы](data:text/html;base64,PHNjcmlwdD4=) [жақсы](https://tan.example/x)",
            '![алт" onerror="alert(6)](https://evil.example/x.png)',
            "![](//evil.example/y.png)",
            "<iframe src=https://evil.example></iframe>",
        ]
    ),
    images=(Image(url="javascript:alert(7)", shown="javascript:alert(7)", caption='"><script>alert(8)</script>'),),
    evidence={"<script>": "<script>alert(9)</script>"},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive under a path that a careless address would break."""
    folder = tmp_path_factory.mktemp("room") / "my archive #1 100%?"
    db = open_archive(folder)
    for site in (TAN, VEST):
        save_site(db, site)
    start_run(db, "crawl", "tan")
    flood = make_article(
        "flood",
        "Өзен тасыды",
        "Нұра өзені тасып, екі үйді су басты.\n\nТұрғындар көшірілді.",
        lead="Ауданда төтенше жағдай жарияланды.",
        authors=(Author(name="Аида Рахымқұлова", as_written="Аида РАХЫМҚҰЛОВА"),),
        categories=("Қоғам",),
        tags=("су тасқыны",),
        markdown="# Өзен тасыды\n\nАуданда төтенше жағдай жарияланды.\n\n![Өзен](https://tan.example/i/river-300x200.png)"
        "\n\nНұра өзені тасып, екі үйді су басты.\n\n![](https://tan.example/i/house.png)\n\nТұрғындар көшірілді.",
        images=(
            Image(
                url="https://tan.example/i/river.png",
                shown="https://tan.example/i/river-300x200.png",
                alt="Өзен",
                caption="Нұра өзені",
                credit="Фото: Б. Сәт",
                lead=True,
            ),
            Image(
                url="https://tan.example/i/house.png", shown="https://tan.example/i/house.png", caption="Су басқан үй"
            ),
        ),
        evidence={"title": "json-ld", "authors": "by-line"},
    )
    store(db, flood, TAN)
    edited = replace(
        flood, title="Нұра өзені тасыды", body=flood.body.replace("екі үйді", "бес үйді"), markdown=flood.markdown
    )
    store(db, edited, TAN, "2025-03-02T02:00:00Z")
    store(db, make_article("school", "Жаңа мектеп ашылды", "Мектепте жүз бала оқиды.", published="2025-01-10"), TAN)
    gone = store(
        db,
        make_article("voda", "Вода ушла", "Река вошла в берега.", site=VEST, published="2024-12-31T20:00:00Z"),
        VEST,
    )
    store(db, ATTACK, TAN)
    with db.atomic():
        db.conn.execute("update articles set gone = '2025-03-05T00:00:00Z', gone_reason = '410' where id = ?", (gone,))
        sha256 = hashlib.sha256(PIXEL).hexdigest()
        db.conn.execute(
            "update images set sha256 = ?, type = 'image/png', width = 1, height = 1, state = 'kept'"
            " where url = 'https://tan.example/i/river.png'",
            (sha256,),
        )
        db.conn.execute(
            "insert into urls (site, url, key, source, first_listed, last_listed, day, state) values ('tan',"
            " 'https://tan.example/lost/', 'lost', 'sitemap', '2025-03-01', '2025-03-01', '2025-02-19', 'failed')"
        )
    (folder / "images" / f"{sha256}.png").write_bytes(PIXEL)
    db.close()
    return folder


@pytest.fixture(scope="module")
def room(folder: Path) -> Iterator[Datasette]:
    datasette = make_datasette(folder)
    asyncio.run(datasette.invoke_startup())
    yield datasette
    for database in datasette.databases.values():
        database.close()
    datasette.executor.shutdown()


def get(room: Datasette, path: str, *, accept: str = "en", cookie: str = "") -> Any:
    headers = {"accept-language": accept, **({"cookie": cookie} if cookie else {})}

    async def ask() -> Any:
        return await room.client.get(path, headers=headers)

    return asyncio.run(ask())


def tree_of(response: Any) -> Any:
    return html.fromstring(response.text)


def text_of(response: Any) -> str:
    return " ".join(" ".join(tree_of(response).find("body").itertext()).split())


def number_of(folder: Path, slug: str) -> int:
    db = read_archive(folder)
    try:
        return int(db.conn.execute("select id from articles where url like ?", (f"%/{slug}/",)).fetchone()[0])
    finally:
        db.close()


def pages(folder: Path) -> list[str]:
    flood = number_of(folder, "flood")
    return [
        "/",
        "/search",
        "/search?q=өзен",
        "/concordance?q=өзен",
        "/trends",
        "/trends?q=өзен&q=мектеп&by=day&apart=1",
        "/compare?a_q=өзен",
        f"/article/{flood}",
        f"/article/{number_of(folder, 'attack')}",
        f"/article/{flood}/history",
        "/changes",
        "/deletions",
        "/coverage",
        "/authors",
        "/authors/1",
        "/categories",
        "/categories/1",
        "/tags",
        "/tags/1",
        "/no-such-page",
    ]


def test_front_page_tells_of_sites_and_what_happened(room: Datasette) -> None:
    response = get(room, "/")
    text = text_of(response)
    assert response.status_code == 200
    assert "Таң 3 10 January 2025 19 February 2025 0" in text
    assert "Весть 1 1 January 2025" in text
    assert "Нұра өзені тасыды" in text
    assert "Вода ушла" in text
    assert "<svg" in response.text


def test_front_page_is_a_newspaper_and_tells_what_the_week_wrote_about(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, TAN)
    for n in range(40):
        body = "Ауданда қысқы отын дайындалды, жол жөнделді. " * 3
        store(db, make_article(f"usual-{n}", f"Отын {n}", body, published=f"2025-01-{n % 28 + 1:02}"), TAN)
    for n in range(8):
        body = "Нұра өзені тасып, тасқын ауылға жетті. " * 3
        article = make_article(f"flood-{n}", f"Тасқын {n}", body, lead="Төтенше жағдай.", published="2025-02-18",
                               images=(Image(url=f"https://tan.example/{n}.png", alt="Өзен"),))  # fmt: skip
        store(db, article, TAN)
    sha256 = hashlib.sha256(PIXEL).hexdigest()
    with db.atomic():
        db.conn.execute("update images set sha256 = ?, type = 'image/png' where url like '%/7.png'", (sha256,))
    (tmp_path / "images" / f"{sha256}.png").write_bytes(PIXEL)
    week = make_datasette(tmp_path)
    asyncio.run(week.invoke_startup())
    tree = tree_of(get(week, "/"))
    words = {li.xpath("string(a)") for li in tree.xpath("//ul[@class='cloud']/li")}
    assert "тасқын" in words
    assert not words & {"отын", "жол", "ауданда"}
    (link,) = tree.xpath("//ul[@class='cloud']/li/a[. = 'тасқын']/@href")
    assert "8 articles found" in text_of(get(week, link))
    (comparison,) = tree.xpath("//section[@aria-labelledby='words']//a[starts-with(@href, '/compare')]/@href")
    assert "тасқын" in text_of(get(week, comparison))
    assert tree.xpath("//article//img/@src") == [f"/picture/{sha256}"]
    assert "Төтенше жағдай." in tree.xpath("string(//article[1])")
    for number in range(41, 49):
        embargo_article(db, number, until=date(2999, 1, 1))
    db.close()
    hidden = get(week, "/").text
    assert "тасқын" not in hidden.casefold()
    assert "Төтенше" not in hidden


def test_the_archive_says_what_it_is_by_its_figures(room: Datasette, folder: Path) -> None:
    text = text_of(get(room, "/about"))
    assert "from 1 January 2025 to 19 February 2025" in text
    assert "Newspapers 2" in text
    assert "Edits after publication 1" in text
    assert "Articles deleted from their sites 1" in text
    assert "addresses not fetched: 1, still due: 0" in text
    assert re.search(r"4 articles, 2025-01-01 – 2025-02-19\. newsarchive \d", text)


def test_every_page_reads_in_three_languages(room: Datasette, folder: Path) -> None:
    for path in pages(folder):
        for language in ("kk", "ru", "en"):
            tree = tree_of(get(room, path, accept=language))
            assert tree.get("lang") == language, path
            assert tree.xpath("count(//h1)") == 1, path
            assert tree.xpath("//main[@id='content']"), path


def test_language_is_the_one_asked_for_then_remembered_then_the_browsers(room: Datasette) -> None:
    asked = get(room, "/?lang=ru", accept="kk")
    assert '<html lang="ru"' in asked.text
    assert "lang=ru" in asked.headers["set-cookie"]
    assert '<html lang="ru"' in get(room, "/", accept="kk", cookie="lang=ru").text
    assert '<html lang="kk"' in get(room, "/", accept="kk-KZ,ru;q=0.5").text
    assert '<html lang="en"' in get(room, "/", accept="de", cookie="lang=xx").text


def test_every_text_of_the_interface_exists_in_every_language_and_is_used() -> None:
    texts = load_texts()
    sources = "".join(p.read_text() for p in [*HERE.rglob("*.py"), *HERE.glob("templates/*.html")])
    plain = {key for key in texts if "." not in key}
    assert [key for key in plain if set(texts[key]) != {"kk", "ru", "en"}] == []
    counted = {key.split(".")[0] for key in texts if "." in key}
    for key in counted:
        forms = {lang for name, text in texts.items() if name.startswith(f"{key}.") for lang in text}
        assert forms == {"kk", "ru", "en"}
    prefixes = re.findall(r"""t\(["'](\w+_)["'] ~""", sources) + re.findall(r'text\(f"(\w+_)\{', sources)
    named = set(re.findall(r"""["'](\w+)["']""", sources))
    unused = [k for k in plain | counted if k not in named and not k.startswith((*prefixes, "share_", "hits_"))]
    assert unused == []


def test_russian_counts_agree_with_their_nouns(room: Datasette) -> None:
    assert "Найдено 4 статьи" not in text_of(get(room, "/search", accept="ru"))
    assert "Найдены 4 статьи" in text_of(get(room, "/search", accept="ru"))
    assert "4 мақала табылды" in text_of(get(room, "/search", accept="kk"))


def test_search_finds_other_forms_and_marks_them(room: Datasette) -> None:
    response = get(room, "/search?q=өзендер")
    assert "1 article found" in text_of(response)
    assert "<mark>өзені</mark>" in response.text
    assert "Қоғам" in text_of(response)


def test_search_facets_narrow_and_can_be_taken_back(room: Datasette) -> None:
    tree = tree_of(get(room, "/search"))
    link = tree.xpath("//aside//a[text()='Весть']/@href")[0]
    narrowed = tree_of(get(room, link))
    assert "1 article found" in narrowed.text_content()
    back = narrowed.xpath("//ul[@class='chosen']//a/@href")[0]
    assert "4 articles found" in text_of(get(room, back))


def test_search_result_as_csv_and_json_is_the_same(room: Datasette) -> None:
    response = get(room, "/search.csv?q=өзен")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    found = get(room, "/search.json?q=өзен").json()
    assert [row["title"] for row in rows] == [hit["title"] for hit in found["hits"]] == ["Нұра өзені тасыды"]
    assert found["count"] == 1
    assert {"period": "2025-02", "hits": 1, "articles": 2, "share": 0.5} in found["months"]
    assert "«өзені»" in rows[0]["snippet"]


def test_csv_is_plain_and_beside_it_in_a_form_whose_cells_do_not_run(folder: Path, tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, TAN)
    store(db, make_article("sum", "=1+1", "Мәтін"), TAN)
    db.close()
    room = make_datasette(tmp_path)
    guarded, plain = get(room, "/search.csv?spreadsheet=1"), get(room, "/search.csv")
    assert "'=1+1" in guarded.text
    assert guarded.content.startswith("\ufeffid,".encode())
    assert ",=1+1," in plain.text
    assert plain.content.startswith(b"id,")
    for page in ("/", "/search", "/trends?q=мәтін", "/concordance?q=мәтін", "/coverage"):
        links = tree_of(get(room, page)).xpath("//p[@class='downloads']/a[contains(@href, '.csv')]/@href")
        assert len(links) >= 2, page
        for one, other in zip(links[::2], links[1::2], strict=True):
            assert other in (f"{one}?spreadsheet=1", f"{one}&spreadsheet=1")
            assert not get(room, one).content.startswith("\ufeff".encode())
            assert get(room, other).content.startswith("\ufeff".encode())
    room.executor.shutdown()


def test_an_unreadable_day_is_the_readers_mistake(room: Datasette) -> None:
    response = get(room, "/search?since=yesterday", accept="kk")
    assert response.status_code == 400
    assert "Сұрау немесе сүзгі қате" in response.text


@pytest.mark.parametrize("query", ["(" * 3000, "%00", "-", '"', "*", "%27 or 1=1 --", "a%20" * 400, "title:", "🙂"])
@pytest.mark.parametrize("page", ["search?q=", "search.json?q=", "trends?q=", "compare?a_q=", "authors?q="])
def test_whatever_is_typed_gets_an_answer(room: Datasette, page: str, query: str) -> None:
    assert get(room, f"/{page}{query}").status_code in (200, 400)


def test_concordance_gives_each_place_with_the_words_around_it(room: Datasette) -> None:
    lines = get(room, "/concordance.json?q=үйлер&words=2").json()
    assert [(line["left"], line["keyword"], line["right"]) for line in lines] == [("тасып, бес", "үйді", "су басты.")]
    assert "үйді" in text_of(get(room, "/concordance?q=үйлер"))


def test_plots_have_their_figures_as_a_table_of_links_and_as_csv(room: Datasette) -> None:
    tree = tree_of(get(room, "/trends?q=өзен&q=мектеп&by=month"))
    assert len(tree.xpath("//figure[.//*[local-name()='svg']]")) == 2
    cells = tree.xpath("(//figure)[1]//tbody/tr[th='2025-02']/td//text()")
    assert [c.strip() for c in cells if c.strip()] == ["1", "0"]
    link = tree.xpath("(//figure)[1]//tbody/tr[th='2025-02']/td[1]/a/@href")[0]
    assert "Нұра өзені тасыды" in text_of(get(room, link))
    rows = list(csv.DictReader(io.StringIO(get(room, "/trends.csv?q=өзен&by=month").content.decode("utf-8-sig"))))
    assert {row["period"]: row["share"] for row in rows}["2025-02"] == "0.5"


@pytest.mark.parametrize(
    ("periods", "labels"),
    [
        (["2023", "2024", "2026"], ["2023", "2024", "2025", "2026"]),
        (["2024-11", "2025-02"], ["2024-11", "2024-12", "2025-01", "2025-02"]),
        (["2025-02-18", "2025-02-20"], ["2025-02-18", "2025-02-19", "2025-02-20"]),
        (["2025-02-18"], ["2025-02-18"]),
    ],
)
def test_plots_name_each_period_once_and_count_in_whole_steps(periods: list[str], labels: list[str]) -> None:
    points = [Point(period=p, series="", value=1, link=f"/search?since={p}") for p in periods]
    svg = html.fromstring(str(line_figure(points, "").plot))
    texts = svg.xpath("//*[local-name()='text']/text()")
    assert [text for text in texts if text.startswith("20")] == labels
    assert [text for text in texts if not text.startswith("20")] == ["0", "1"]
    assert svg.xpath("//*[local-name()='a']/@href") == [point.link for point in points]


def test_a_plot_of_the_same_figures_is_drawn_once() -> None:
    points = [Point(period="2031", series="", value=7, link="/search?since=2031")]
    assert line_figure(points, "").plot is line_figure([*points], "").plot
    assert "2032" in line_figure([replace(points[0], period="2032")], "").plot


def test_plots_carry_no_script_no_style_and_no_foreign_address(room: Datasette) -> None:
    svg = tree_of(get(room, "/trends?q=өзен")).xpath("//*[local-name()='svg']")[0]
    source = html.tostring(svg, encoding="unicode")
    assert "<script" not in source
    assert "style=" not in source
    assert {link for link in svg.xpath(".//@href") if not link.startswith("/search?")} == set()
    assert set(svg.xpath(".//*[local-name()='a']/@tabindex")) == {"-1"}


def test_trends_keep_sites_apart_when_asked(room: Datasette) -> None:
    found = get(room, "/trends.json?q=вода&by=year&apart=1").json()
    assert {(row["site"], row["hits"]) for row in found if row["hits"]} == {("vest", 1)}


def test_unknown_period_is_refused(room: Datasette) -> None:
    assert get(room, "/trends?q=a&by=century").status_code == 400


def test_comparison_finds_what_stands_out(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    for site in (TAN, VEST):
        save_site(db, site)
    for n in range(20):
        author = Author(name="Бек Сәт", as_written="Бек Сәт")
        store(db, make_article(f"a{n}", "Су", "Өзендегі су тасыды, өзен арнасынан асты.", authors=(author,)), TAN)
        store(
            db, make_article(f"b{n}", "Футбол", "Футболшылар доп тепті, футбол ойнады.", site=VEST, language="kk"), VEST
        )
    db.close()
    room = make_datasette(tmp_path)
    found = get(room, "/compare.json?a_site=tan").json()
    words = {row["name"]: row for row in found if row["kind"] == "words"}
    assert {row["count_a"] for word, row in words.items() if word.startswith("өзен")} == {40}, (
        "its forms count together"
    )
    assert words["доп"]["stands_out_in"] == "b"
    # 20 articles each; a frequency of 0 counts as a half: log2(20 / 0.5) = 5.32, negative for the second result.
    assert (words["доп"]["log_ratio"] < 0 < words["су"]["log_ratio"], words["су"]["count_b"]) == (True, 0)
    authors = [row for row in found if row["kind"] == "authors"]
    assert [row["log_ratio"] for row in authors] == [5.32]
    assert "5.32" in text_of(get(room, "/compare?a_site=tan"))
    assert [(row["name"], row["count_a"], row["count_b"]) for row in authors] == [("Бек Сәт", 20, 0)]
    room.executor.shutdown()


def test_article_page_shows_the_whole_article_in_reading_order(room: Datasette, folder: Path) -> None:
    text = text_of(get(room, f"/article/{number_of(folder, 'flood')}"))
    order = ["Қоғам", "Нұра өзені тасыды", "Ауданда төтенше жағдай жарияланды.", "Аида Рахымқұлова"]
    order += [
        "19 February 2025, 01:30 (Almaty)",
        "Фото: Б. Сәт",
        "екі үйді су басты",
        "Су басқан үй",
        "Тұрғындар көшірілді.",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert text.count("Ауданда төтенше жағдай жарияланды.") == 1
    for part in ("https://tan.example/flood/", "tan-20250301.warc.gz", "by-line", "newsarchive test", "@"):
        assert part in text


def test_kept_pictures_come_from_the_archive_and_others_are_plain_links(room: Datasette, folder: Path) -> None:
    tree = tree_of(get(room, f"/article/{number_of(folder, 'flood')}"))
    assert tree.xpath("//img/@alt") == ["Өзен"]
    picture = get(room, tree.xpath("//img/@src")[0])
    assert picture.content == PIXEL
    assert picture.headers["content-type"] == "image/png"
    assert tree.xpath("//figure/a[@class='elsewhere']/@href") == ["https://tan.example/i/house.png"]
    assert get(room, "/picture/" + "0" * 64).status_code == 404


def test_history_shows_the_words_that_changed(room: Datasette, folder: Path) -> None:
    tree = tree_of(get(room, f"/article/{number_of(folder, 'flood')}/history?from=1&to=2"))
    assert "екі" in tree.xpath("//del/text()")
    assert "бес" in tree.xpath("//ins/text()")
    assert get(room, f"/article/{number_of(folder, 'flood')}/history?from=1&to=9").status_code == 404


def test_one_revision_is_not_compared_with_itself(room: Datasette, folder: Path) -> None:
    page = get(room, f"/article/{number_of(folder, 'school')}/history", accept="kk")
    assert tree_of(page).xpath("//main//form") == []
    assert "бір ғана нұсқасы бар: 2025 ж. 1 наурыз, 07:00 (Алматы)" in text_of(page)


def test_a_wrong_day_is_explained_in_the_language_of_the_page(room: Datasette) -> None:
    for accept, words in (("kk", "«2025-13» деген күн жоқ"), ("ru", "Нет такой даты: «2025-13»"), ("en", "not a date")):
        page = get(room, "/search?since=2025-13", accept=accept)
        assert (page.status_code, words in text_of(page)) == (400, True)
    problem = get(room, "/api/search?since=2025-13", accept="kk").json()
    assert "Invalid day" in problem["detail"], "programs are answered in English"


def test_an_article_without_revisions_has_no_history(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "bare")
    db = open_archive(tmp_path / "bare")
    with db.atomic():
        db.conn.execute(
            "insert into articles (id, site, url, key, first_seen, last_seen) values (900, 'tan', 'https://tan.example/b/',"
            " 'tan.example/b', '2025-03-01T00:00:00Z', '2025-03-01T00:00:00Z')"
        )
    db.close()
    room = make_datasette(tmp_path / "bare")
    assert get(room, "/article/900").status_code == 200
    assert get(room, "/article/900/history").status_code == 404


def test_article_can_be_taken_away_as_json_and_as_citations(room: Datasette, folder: Path) -> None:
    number = number_of(folder, "flood")
    assert get(room, f"/article/{number}.json").json()["authors"] == ["Аида Рахымқұлова"]
    assert get(room, f"/article/{number}/cite/bibtex").text.startswith("@")
    assert "Рахымқұлова" in get(room, f"/article/{number}/cite/ris").text
    assert json.loads(get(room, f"/article/{number}/cite/csl-json").text)
    assert get(room, f"/article/{number}/cite/parchment").status_code == 404


@pytest.mark.parametrize(
    "path", ["/article/999", "/article/99999999999999999999", "/authors/999", "/nothing", "/a.json"]
)
def test_missing_pages_say_so_in_our_style(room: Datasette, path: str) -> None:
    response = get(room, path, accept="kk")
    assert response.status_code == 404
    assert "Бет табылмады" in (response.json()["error"] if path.endswith(".json") else response.text)


def test_nothing_that_an_article_says_runs_or_loads(room: Datasette, folder: Path) -> None:
    articles = [f"/article/{number_of(folder, slug)}" for slug in ("flood", "attack")]
    for path in [*pages(folder), "/search?q=қауіп", "/archive/articles"]:
        tree = tree_of(get(room, path))
        if not path.startswith("/archive"):
            scripts = tree.xpath("//script[not(@type='application/ld+json')]")
            assert [script.text for script in scripts] == [SCRIPT] * (path in articles), path
            assert tree.xpath("//@style") == [], path
        assert [name for name in tree.xpath("//*/@*") if getattr(name, "attrname", "").startswith("on")] == [], path
        assert tree.xpath("//iframe | //object | //embed | //base | //body//link") == [], path
        loads = tree.xpath("//img/@src | //script/@src | //link[@rel='stylesheet']/@href")
        assert [address for address in loads if not address.startswith("/") or address.startswith("//")] == [], path
        links = tree.xpath("//a/@href | //form/@action")
        assert [link for link in links if not link.startswith(("/", "#", "http://", "https://", "?"))] == [], path


def test_raw_html_in_an_article_is_shown_as_text(room: Datasette, folder: Path) -> None:
    tree = tree_of(get(room, f"/article/{number_of(folder, 'attack')}"))
    prose = tree.xpath("//div[@class='prose']")[0]
    assert "<script>alert(4)</script>" in prose.text_content()
    assert prose.xpath(".//a[.='басыңыз']/@href") == []
    assert prose.xpath(".//a[.='жақсы']/@href") == ["https://tan.example/x"]
    assert set(prose.xpath(".//a/@rel")) == {"nofollow noopener noreferrer external"}


def test_every_answer_has_a_strict_policy(room: Datasette, folder: Path) -> None:
    for path in [*pages(folder), "/search.csv", "/search.json", "/-/room/room.css"]:
        headers = get(room, path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    for path in pages(folder):
        policy = get(room, path).headers["content-security-policy"]
        scripts = re.findall(r"script-src ([^;]+)", policy)
        allowed = [COPYING.removeprefix("script-src ")] if re.fullmatch(r"/article/\d+", path) else []
        assert scripts == allowed or path == "/no-such-page", path
    assert "'unsafe-inline'" not in get(room, "/").headers["content-security-policy"]
    for path in ("/archive", "/archive/articles", "/archive/edited_headlines"):
        policy = get(room, path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_changes_and_deletions_are_listed_and_downloaded(room: Datasette) -> None:
    changes = get(room, "/changes.json").json()
    assert [(c["old_title"], c["title"], c["fields"]) for c in changes] == [
        ("Өзен тасыды", "Нұра өзені тасыды", ["title", "body"])
    ]
    assert get(room, "/changes.json?kind=cosmetic").json() == []
    deletions = list(csv.DictReader(io.StringIO(get(room, "/deletions.csv").content.decode("utf-8-sig"))))
    assert [(d["title"], d["reason"]) for d in deletions] == [("Вода ушла", "410")]
    assert get(room, "/deletions.json?site=tan").json() == []


def test_coverage_calendar_marks_what_failed(room: Datasette) -> None:
    tree = tree_of(get(room, "/coverage?site=tan&year=2025"))
    cell = tree.xpath("//td[contains(@class, 'failed')]/a/@aria-label")
    assert len(cell) == 1
    assert cell[0].startswith("2025-02-19: 3 listed, 2 archived, 1 failed")
    assert len(tree.xpath("//table[@class='calendar']/tbody/tr/td")) == 365
    assert get(room, "/coverage?site=nowhere").status_code == 404


def test_what_was_listed_and_is_no_article_is_counted_as_such(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    with sqlite3.connect(copy / "archive.db") as db:
        db.execute("update urls set state = 'not_article' where url = 'https://tan.example/lost/'")
    copied = make_datasette(copy)
    asyncio.run(copied.invoke_startup())
    text = text_of(get(copied, "/coverage?site=tan&year=2025"))
    assert "not articles: 1." in text
    assert (
        "2025-02-19: 3 listed, 2 archived, 0 failed, 0 due, 1 not articles"
        in get(copied, "/coverage?site=tan&year=2025").text
    )
    assert "1 day on which not everything listed was archived" in text


@pytest.mark.parametrize(
    ("accept", "stamp"),
    [
        ("en-GB", "19 February 2025, 01:30 (Almaty)"),
        ("en-US,en;q=0.9", "19 February 2025, 01:30 (Almaty)"),
        ("ru-RU,en-GB", "19 февраля 2025 г., 01:30 (Алматы)"),
        ("kk", "2025 ж. 19 ақпан, 01:30 (Алматы)"),
    ],
)
def test_dates_are_in_the_language_of_the_page_and_all_times_in_one_zone(
    room: Datasette, folder: Path, accept: str, stamp: str
) -> None:
    response = get(room, f"/article/{number_of(folder, 'flood')}", accept=accept)
    assert stamp in text_of(response)
    shown = [element.text_content() for element in tree_of(response).xpath("//time")]
    assert {text.partition(" (")[2] for text in shown if ":" in text} == {stamp.partition(" (")[2]}
    (provenance,) = tree_of(response).xpath("//section[@aria-labelledby='provenance']")
    assert not re.search(r"\dT\d\d:", provenance.text_content())


def test_a_page_of_rows_shows_them_first_and_the_sql_box_begins_with_the_view_for_people(room: Datasette) -> None:
    tree = tree_of(get(room, "/archive/archive"))
    assert tree.xpath("//details[summary = 'Columns']/dl/dt")
    assert not tree.xpath("//dl[not(ancestor::details)]")
    (box,) = tree_of(get(room, "/archive")).xpath("//textarea[@name='sql']")
    assert box.text.startswith("select * from archive ")
    assert get(room, f"/archive.json?sql={box.text}&_shape=array").json()


def test_coverage_calendar_claims_nothing_of_days_after_the_last_crawl(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "later")
    db = open_archive(tmp_path / "later")
    with db.atomic():
        db.conn.execute("update runs set started = '2025-03-10T01:00:00Z', finished = null where site = 'tan'")
    db.close()
    calendar = tree_of(get(make_datasette(tmp_path / "later"), "/coverage?site=tan&year=2025"))
    days = calendar.xpath("//table[@class='calendar']/tbody/tr/td")
    assert [day.text_content().strip() for day in days[68:70]] == ["·", ""]


def test_coverage_says_what_is_usual_on_each_weekday(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "usual")
    db = open_archive(tmp_path / "usual")
    days = [(datetime.now(UTC) - timedelta(days=ago)).date() for ago in range(3, 70)]
    for day in days:
        for number in range(0 if day.weekday() == 6 else 4):
            row = {"site": "tan", "url": f"{day}-{number}", "key": f"{day}-{number}", "day": day.isoformat()}
            db["articles"].insert(row | {"first_seen": f"{day}T05:00:00Z", "last_seen": f"{day}T05:00:00Z"})
    db.close()
    room = make_datasette(tmp_path / "usual")
    assert "Monday 4, Tuesday 4" in tree_of(get(room, "/coverage?site=tan")).text_content()
    assert "воскресенье 0" in tree_of(get(room, "/coverage?site=tan&lang=ru")).text_content()


def test_names_lead_to_their_articles_whatever_the_case_of_letters(room: Datasette) -> None:
    found = get(room, "/authors.json?q=АИДА").json()
    assert [row["name"] for row in found] == ["Аида Рахымқұлова"]
    assert "Нұра өзені тасыды" in text_of(get(room, f"/authors/{found[0]['id']}"))
    assert [row["name"] for row in get(room, "/tags.json").json() if "су" in row["name"]] == ["су тасқыны"]


def test_every_table_and_column_is_described(folder: Path) -> None:
    db = read_archive(folder)
    try:
        names = [*db.table_names(), *db.view_names()]
        search_texts = re.compile(r"\w+_fts(_\w+)?")
        shown = {n for n in names if not search_texts.fullmatch(n) and n not in HIDDEN and not n.startswith("sqlite_")}
        columns = {n: {row[1] for row in db.conn.execute(f"pragma table_info([{n}])")} for n in shown}
    finally:
        db.close()
    assert {name: set(about["columns"]) for name, about in DESCRIPTIONS.items()} == columns
    assert all(about["description"] and all(about["columns"].values()) for about in DESCRIPTIONS.values())


@pytest.mark.parametrize("name", QUERIES)
def test_queries_of_a_researcher_run(room: Datasette, name: str) -> None:
    query = QUERIES[name]
    response = get(room, f"/archive/{name}.json?_shape=array&term=су")
    assert response.status_code == 200
    assert response.json(), "finds nothing in an archive that has it"
    assert query["title"]
    assert query["description"]


def test_queries_with_a_term_find_what_search_finds(room: Datasette) -> None:
    for term in ("өзеннің", "tag:тасқыны", "су NEAR/3 үй OR өзен"):
        wanted = {hit["url"] for hit in get(room, f"/search.json?q={term}").json()["hits"]}
        rows = get(room, f"/archive/words_around_a_term.json?_shape=array&term={term}").json()
        assert wanted
        assert {row["url"] for row in rows} == wanted
        assert all("«" in row["around"] for row in rows if ":" not in term)
    assert get(room, "/archive/words_around_a_term.json?term=" + "(" * 20).status_code == 400


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("blurb:өзен", "There is no field “blurb:”"),
        ('"өзен', "A quotation mark was not closed"),
        ("Рахимкулова", "These words were not found; shown below"),
        ("өзе", "Searching by the beginning of the words finds something"),
    ],
)
def test_the_search_page_says_what_a_query_may_not_mean(room: Datasette, query: str, sentence: str) -> None:
    page = get(room, f"/search?q={query}")
    assert sentence in text_of(page)


def test_there_are_ten_queries() -> None:
    assert len(QUERIES) == 10


def test_datasettes_own_pages_stay_and_carry_our_header(room: Datasette) -> None:
    for path in ("/archive", "/archive/articles", "/archive/archive", "/archive/articles/1", "/archive?sql=select+1"):
        response = get(room, path, accept="kk")
        assert response.status_code == 200, path
        assert "Мұрағаттан іздеу" in response.text, path
    assert get(room, "/archive?sql=drop+table+articles").status_code == 400
    fields = tree_of(get(room, "/archive/articles")).xpath("//form//select[starts-with(@name, '_filter')]")
    assert all(field.get("aria-label") for field in fields)


def test_nothing_can_be_written_through_the_room(room: Datasette) -> None:
    async def write() -> None:
        await room.get_database("archive").execute_write("delete from articles")

    with pytest.raises(sqlite3.OperationalError, match="read-only"):
        asyncio.run(write())


def test_pages_are_drawn_while_a_crawl_writes(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, TAN)
    store(db, make_article("one", "Бірінші", "Мәтін бір"), TAN)
    room = make_datasette(tmp_path)
    db.conn.execute("begin immediate")
    db.conn.execute("update articles set title = 'Жазылып жатыр'")
    assert "Бірінші" in text_of(get(room, "/"))
    assert get(room, "/archive/articles.json?_shape=array").json()[0]["title"] == "Бірінші"
    db.conn.commit()
    store(db, make_article("two", "Екінші", "Мәтін екі"), TAN)
    assert "Екінші" in text_of(get(room, "/"))
    db.close()
    room.executor.shutdown()


def test_serving_tells_its_address_answers_local_names_alone_and_ends_on_an_interrupt(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from newsarchive.browse import serve;"
        "serve(Path(sys.argv[1]), port=0, host='127.0.0.1', ready=lambda url: print(url, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert "Нұра өзені тасыды" in httpx.get(address).text
        assert httpx.get(address, headers={"host": "evil.example"}).status_code == 421
        with pytest.raises(RoomError, match="Cannot listen"):
            serve(folder, port=int(address.rstrip("/").rpartition(":")[2]), host="127.0.0.1")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def test_without_the_extra_the_room_says_what_to_install(folder: Path) -> None:
    program = (
        "import sys; sys.modules['datasette'] = None; from pathlib import Path; from newsarchive.browse import serve;"
        "serve(Path(sys.argv[1]), port=0, host='127.0.0.1')"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False)
    assert "RoomError: The reading room needs “datasette”; install newsarchive[browse]." in done.stderr


def test_an_empty_archive_says_so(tmp_path: Path) -> None:
    open_archive(tmp_path).close()
    room = make_datasette(tmp_path)
    for path in ("/", "/search", "/trends?q=a", "/compare?a_q=a", "/coverage", "/changes", "/deletions", "/authors"):
        assert get(room, path).status_code == 200, path
    assert "The archive is empty: crawl a site first." in text_of(get(room, "/"))
    room.executor.shutdown()


def test_plain_datasette_finds_tables_and_full_text_search(folder: Path, tmp_path: Path) -> None:
    copy = sqlite3.connect(tmp_path / "archive.db")
    source = sqlite3.connect(f"{(folder / 'archive.db').as_uri()}?mode=ro", uri=True)
    source.backup(copy)
    for connection in (source, copy):
        connection.close()
    plain = Datasette([str(tmp_path / "archive.db")])
    found = get(plain, "/archive/articles.json?_search=өзені&_shape=array").json()
    assert [row["title"] for row in found] == ["Нұра өзені тасыды"]
    assert get(plain, "/archive/archive.json?_shape=array&_facet=site").status_code == 200
    assert "newsarchive" not in get(plain, "/").text
    for database in plain.databases.values():
        database.close()
    plain.executor.shutdown()


def test_the_room_prepares_and_closes_its_connections_as_datasette_does(folder: Path) -> None:
    """Fails where an update of Datasette reads rows by another method, or no longer closes through `close`."""
    archive = make_datasette(folder).get_database("archive")
    row = asyncio.run(archive.execute("select 'a' || cast(x'd0' as text) as letters")).first()
    assert row["letters"] == "a\ufffd"
    connection = asyncio.run(archive.execute_fn(lambda connection: connection))
    archive.close()
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("select 1")
