"""The reading room over a collection: its pages, the rooms of its newspapers, and what an embargo takes out of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from lxml import etree, html

from newsarchive.browse import make_app
from newsarchive.collection import Collection
from newsarchive.database import open_archive, read_archive
from newsarchive.database.embargoes import embargo_article
from tests.test_collection import publish
from tests.test_search_several import SITES, articles, store

SOME = [each for number, each in enumerate(articles()) if number % 4 == 0]
Get = Callable[..., httpx.Response]
ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = (
    "/",
    "/search?q=су",
    "/search?order=oldest&site=vesti",
    "/concordance?q=су",
    "/trends?q=су&q=школа",
    "/compare?a_site=arqa&b_site=bastau",
    "/changes",
    "/deletions",
    "/coverage?site=vesti",
    "/authors",
    "/categories",
    "/tags?q=су",
    "/about",
    "/collocations?q=су",
    "/ngrams?q=су&over=month",
    "/keywords?q=мектеп",
    "/edits?q=су",
    "/quotations",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of three shards, and beside it their archives and one with everything."""
    folder = tmp_path_factory.mktemp("room")
    collection = Collection.create(folder / "collection")
    store(folder / "one", SOME)
    for site in SITES:
        store(folder / site.name, [each for each in SOME if each[0] == site])
        publish(collection.shard(site.name), folder / site.name)
    return folder


def visiting(archive: Path) -> Get:
    """Return what requests pages of the room over an archive or a collection."""
    app = make_app(archive, notes=False)

    def get(path: str, code: int = 200, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.get(path, **options)

        response = asyncio.run(ask())
        assert response.status_code == code, response.text[-3000:]
        return response

    return get


@pytest.fixture(scope="module")
def get(folder: Path) -> Get:
    return visiting(folder / "collection")


@pytest.fixture(scope="module")
def one(folder: Path) -> Get:
    return visiting(folder / "one")


def words(page: httpx.Response) -> list[str]:
    """The words of a page without its list of feeds, which each newspaper of a collection has, and numbers in plots."""
    tree = html.fromstring(page.text)
    for part in tree.xpath(
        "//svg | //style | //script | //header | //footer | //section[contains(@class, 'take')] | //p[@class='downloads']"
    ):
        part.drop_tree()
    return str(tree.find("body").text_content()).split()


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_those_of_one_archive(get: Get, one: Get, path: str) -> None:
    assert words(get(path)) == words(one(path))


@pytest.mark.parametrize("path", ["/search.json?q=су", "/changes.json", "/concordance.json?q=су", "/articles.csv"])
def test_downloads_are_those_of_one_archive(get: Get, one: Get, path: str) -> None:
    several, single = (re.sub(r'"(id|article)": \d+', "", page(path).text) for page in (get, one))
    assert several == single


def links(page: httpx.Response) -> set[str]:
    return {link for link in html.fromstring(page.text).xpath("//@href | //@action | //@src") if link.startswith("/")}


def test_every_link_leads_somewhere(get: Get) -> None:
    """From every page of the collection and of one newspaper, to one page of each kind that they lead to."""
    kinds: set[str] = set()
    todo = ["/", "/site/vesti/", *PAGES]
    first = len(todo)
    for number, path in enumerate(todo):  # it grows
        page = get(path)
        if number >= first or "text/html" not in page.headers["content-type"]:
            continue
        for link in sorted(links(page)):
            kind = re.sub(r"\d+|=[^&]*|#.*", "", link)
            if kind not in kinds:
                kinds.add(kind)
                todo.append(link.partition("#")[0])
    assert len(todo) > 40


def entries(page: httpx.Response) -> list[tuple[str, str, str]]:
    """Return the ID, the title and the path of each entry of a feed."""
    found = etree.fromstring(page.content).iter(f"{ATOM}entry")
    paths = "substring-after(*[local-name() = 'link'][@rel = 'alternate']/@href, '//localhost')"
    return [(each.findtext(f"{ATOM}id"), each.findtext(f"{ATOM}title"), str(each.xpath(paths))) for each in found]


@pytest.mark.parametrize("query", ["", "q=су&", "site=vesti&"])
def test_feeds_have_the_entries_of_one_archive(get: Get, one: Get, query: str) -> None:
    path = f"/feeds/articles.atom?{query}limit=500"
    ours, single = entries(get(path)), entries(one(path))
    assert sorted(entry[:2] for entry in ours) == sorted(entry[:2] for entry in single) != []
    assert len(entries(get(f"/feeds/articles.atom?{query}limit=2"))) == 2
    for _, title, page in ours[:2]:
        assert title in get(page).text


def test_an_article_is_in_the_room_of_its_newspaper(get: Get) -> None:
    hit = html.fromstring(get("/search?q=су").text).xpath("//ol[contains(@class, 'hits-list')]//a/@href")[0]
    assert re.fullmatch(r"/site/(arqa|bastau)/article/\d+", hit)
    page = get(hit)
    site = hit.split("/")[2]
    inside = links(page)
    assert f"/site/{site}/archive/articles/{hit.rpartition('/')[2]}" in inside
    assert {"/", "/search", "/archive", "/authors"} <= inside  # the header is that of the collection
    assert not {link for link in inside if re.match(r"/article/|/authors/\d|/tags/\d", link)}
    assert {link for link in inside if "lang=" in link and not link.startswith("/site/")} == set()
    get(f"{hit}/history")
    get(f"{hit}/cite/bibtex")
    assert get(f"{hit}.json").json()["site"] == site


def test_a_permanent_link_leads_to_the_article(get: Get, one: Get) -> None:
    for site, article in SOME[:3]:
        for room in (get, one):
            path = f"/article?url={quote(article.url, safe='')}"
            to = room(path, 302).headers["location"]
            assert article.url in room(to).text
            assert to.startswith(f"/site/{site.name}/article/" if room is get else "/article/")
            assert f"http://localhost{path}" in html.fromstring(room(to).text).xpath("//dd/a/@href")
    get("/article?url=https%3A%2F%2Fnothing.example%2F", 404)
    get("/article", 404)


def test_the_tables_are_those_of_each_newspaper(get: Get) -> None:
    found = links(get("/archive"))
    assert {f"/site/{site.name}/archive" for site in SITES} <= found
    page = get("/site/vesti/archive/archive")
    assert {link for link in links(page) if link.startswith("/archive/")} == set()
    rows = get("/site/vesti/archive.json?sql=select+distinct+site+from+articles&_shape=arrays").json()["rows"]
    assert rows == [["vesti"]]
    assert get("/site/vesti/api/articles").json()["items"]


@pytest.mark.parametrize(
    "path",
    ["/site/nothing/", "/site/..%2F..%2Fx/", "/site/", "/site//", "/article/1", "/api/articles/1", "/feeds/articles.atom?site=nothing",
     "/picture/" + "0" * 64, "/authors/1", "/site/vesti/article/999999", "/site/%00/"],
)  # fmt: skip
def test_what_is_not_there_is_said(get: Get, path: str) -> None:
    get(path, 404, follow_redirects=True)


def test_an_embargo_and_a_new_article_count_from_the_next_request(folder: Path, tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "collection")
    vesti = [each for each in articles() if each[0].name == "vesti"]
    store(tmp_path / "vesti", vesti[:4])
    publish(collection.shard("vesti"), tmp_path / "vesti")
    get = visiting(tmp_path / "collection")
    secret = vesti[3][1]
    number = (
        read_archive(tmp_path / "vesti").execute("select id from articles where url = ?", [secret.url]).fetchone()[0]
    )
    path = f"/site/vesti/article/{number}"
    shown = ("/", "/search", "/site/vesti/", "/site/vesti/archive/articles", "/concordance?q=школа OR река", "/authors")
    for page in (path, *shown[:4]):
        assert secret.title in get(page).text
    store(tmp_path / "vesti", vesti[4:5])
    publish(collection.shard("vesti"), tmp_path / "vesti")
    assert vesti[4][1].title in get("/").text
    db = open_archive(tmp_path / "vesti")
    embargo_article(db, number, until=date(2999, 1, 1))
    db.close()
    publish(collection.shard("vesti"), tmp_path / "vesti")
    for page in (
        *shown,
        "/search.json",
        "/search.csv",
        "/feeds/articles.atom",
        "/concordance.csv?q=школа OR река OR дети",
    ):
        answer = get(page).text
        assert secret.title not in answer
        assert secret.url not in answer
    get(path, 404)
    get(f"/article?url={quote(secret.url, safe='')}", 404)
    assert get("/site/vesti/archive.json?sql=select+1", 403)


def test_a_collection_without_shards_has_a_room(tmp_path: Path) -> None:
    Collection.create(tmp_path / "empty")
    get = visiting(tmp_path / "empty")
    for page in (
        "/",
        "/search?q=су",
        "/trends?q=су",
        "/authors",
        "/changes",
        "/coverage",
        "/archive",
        "/compare?a_q=су",
    ):
        get(page)
