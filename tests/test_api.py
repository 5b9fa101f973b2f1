"""The JSON interface: every answer fits its document, pages stay stable while the archive grows, errors are problems."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from datasette.app import Datasette  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from sqlite_utils import Database

from newsarchive.browse.api import ENDPOINTS
from newsarchive.browse.app import make_datasette
from newsarchive.database import open_archive, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.reprints import update_reprints
from tests.test_browse import TAN, VEST, folder, get, make_article, number_of, room, store  # noqa: F401
from tests.test_withheld import NEXT_YEAR

# ruff: noqa: F811


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    whole = {**schema, "components": document["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def ask(room: Datasette, path: str, method: str = "GET", **headers: str) -> Any:
    async def request() -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await room.client.request(method, path, headers=names)

    return asyncio.run(request())


@pytest.fixture(scope="module")
def document(room: Datasette) -> Any:
    return get(room, "/api/openapi.json").json()


def schema_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    template = next(e.path for e in ENDPOINTS if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", e.path), urlsplit(path).path))
    found = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return dict(found)


def follow(room: Datasette, path: str) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        parts = urlsplit(following)
        page = get(room, f"{parts.path}?{parts.query}").json()
        items += page["items"]
        following = page["next"]
        assert len(items) < 1000
    return items


def test_document_is_openapi_3_1_and_names_this_server(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": "http://localhost"}]
    assert {e.path for e in ENDPOINTS} == set(document["paths"])


def addresses(folder: Path) -> list[str]:
    flood = number_of(folder, "flood")
    return [
        "/api/articles",
        "/api/articles?text=true&order=archived&limit=1",
        "/api/articles?q=өзен&site=tan&since=2025&until=2025-12&language=kk&author=Аида Рахымқұлова",
        f"/api/articles/{flood}",
        f"/api/articles/{number_of(folder, 'attack')}",
        f"/api/articles/{flood}/revisions",
        f"/api/articles/{flood}/translation",
        f"/api/articles/{flood}/revisions?limit=1",
        f"/api/articles/{flood}/revisions/2",
        f"/api/articles/{flood}/differences",
        f"/api/articles/{flood}/differences?from=2&to=1",
        f"/api/articles/{number_of(folder, 'school')}/differences",
        "/api/search?q=өзендер&facets=true",
        "/api/search?order=oldest&limit=2",
        "/api/search?q=өзен&order=relevance",
        "/api/trends?q=өзен&q=мектеп&by=year",
        "/api/trends",
        "/api/concordance?q=өзен&words=3",
        "/api/concordance?q=өзен&order=oldest&limit=1",
        "/api/collocations?q=өзен&by=forms&order=log_dice",
        "/api/reprints?within=true",
        f"/api/articles/{flood}/reprints",
        "/api/changes",
        "/api/changes?field=title&kind=substantive&site=tan&since=2025-03",
        "/api/deletions",
        "/api/sites",
        "/api/coverage?site=tan",
        "/api/coverage?site=tan&limit=1&since=2025",
        "/api/authors",
        "/api/categories?q=ҚОҒАМ",
        "/api/tags?limit=1",
    ]


def test_every_answer_fits_the_document(room: Datasette, folder: Path, document: dict[str, Any]) -> None:
    asked = addresses(folder)
    for path in asked:
        response = get(room, path)
        assert response.status_code == 200, (path, response.text)
        assert response.headers["content-type"].startswith("application/json")
        errors = list(validator(document, schema_of(document, path)).iter_errors(response.json()))
        assert errors == [], (path, errors[:1])
    used = {tuple(schema_of(document, path).items()).__repr__() for path in asked}
    assert len(used) >= len({e.path for e in ENDPOINTS}) - 3, "each endpoint is asked"
    assert get(room, "/api/categories?q=ҚОҒАМ").json()["items"][0]["name"] == "Қоғам"


def test_the_article_has_what_its_page_has(room: Datasette, folder: Path) -> None:
    number = number_of(folder, "flood")
    article = get(room, f"/api/articles/{number}").json()
    assert article["title"] == "Нұра өзені тасыды"
    assert article["body"].startswith("Нұра өзені тасып, бес үйді")
    assert article["signed"] == [{"name": "Аида Рахымқұлова", "role": "author", "as_written": "Аида РАХЫМҚҰЛОВА"}]
    assert [bool(image["kept"]) for image in article["images"]] == [True, False]
    assert article["revision"] == 2
    assert urlsplit(article["page"]).path == f"/article/{number}"
    differences = get(room, f"/api/articles/{number}/differences").json()
    assert {"kind": "removed", "text": "екі"} in differences["fields"]["body"]
    assert [r["kind"] for r in follow(room, f"/api/articles/{number}/revisions?limit=1")] == ["first", "substantive"]


def test_search_counts_and_finds_as_the_page_does(room: Datasette) -> None:
    found = get(room, "/api/search?q=өзендер&facets=true").json()
    page = get(room, "/search.json?q=өзендер").json()
    assert (found["total"], [hit["id"] for hit in found["items"]]) == (1, [hit["id"] for hit in page["hits"]])
    assert "«өзені»" in found["items"][0]["snippet"]
    assert found["facets"]["site"] == [{"value": "tan", "hits": 1}]
    assert "facets" not in get(room, "/api/search?q=өзендер").json()


@pytest.mark.parametrize(
    ("path", "parameter", "words"),
    [
        ("/api/articles?sit=tan", "sit", "Unknown parameter “sit”; known are q, site"),
        ("/api/articles?site=tam", "site", "known sites: tan, vest"),
        ("/api/articles?limit=0", "limit", "from 1 to 1000"),
        ("/api/articles?limit=99999999999999999999", "limit", "from 1 to 1000"),
        ("/api/articles?limit=1&limit=2", "limit", "given 2 times"),
        ("/api/articles?order=best", "order", "newest, oldest or archived"),
        ("/api/articles?text=1", "text", "true or false"),
        ("/api/articles?cursor=x", "cursor", "Invalid cursor"),
        ("/api/articles?cursor=%F0%9F%99%82", "cursor", "Invalid cursor"),
        ("/api/articles?cursor=WzFd", "cursor", "Invalid cursor"),
        ("/api/search?order=relevance&cursor=WyJub25lIiwxXQ", "cursor", "Invalid cursor"),
        ("/api/coverage", "site", "is required"),
        ("/api/trends?q=a&q=b&q=c&q=d&q=e&q=f&q=g", "q", "at most 6"),
        ("/api/articles?since=yesterday", None, "Invalid day “yesterday”"),
        ("/api/changes?until=2025-13", None, "2025-13"),
        ("/api/sites?limit=1", "limit", "Unknown parameter"),
    ],
)
def test_invalid_requests_are_problems_that_say_what_to_do(
    room: Datasette, document: dict[str, Any], path: str, parameter: str | None, words: str
) -> None:
    response = get(room, path)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert list(validator(document, document["components"]["schemas"]["Problem"]).iter_errors(problem)) == []
    assert problem.get("parameter") == parameter
    assert words in problem["detail"]
    assert problem["status"] == 400


@pytest.mark.parametrize(
    "path",
    ["/api/nothing", "/api/articles/999", "/api/articles/999/revisions", "/api/articles/1/revisions/99",
     "/api/articles/1/differences?from=7", "/api/articles/99999999999999999999", "/api/articles/x"],
)  # fmt: skip
def test_what_is_missing_is_a_problem_too(room: Datasette, path: str) -> None:
    response = get(room, path, accept="kk")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    assert response.json()["type"] == "urn:newsarchive:problem:not-found"


def test_nothing_can_be_written(room: Datasette) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = ask(room, "/api/articles", method)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD"), method
        assert response.json()["status"] == 405
    assert ask(room, "/api/articles", "HEAD").status_code == 200


@pytest.mark.parametrize("query", ["%00", "-", '"', "*", "%27 or 1=1 --", "(" * 3000, "title:", "🙂", "NEAR/3"])
def test_whatever_is_asked_gets_an_answer(room: Datasette, query: str) -> None:
    for path in ("search?q=", "articles?order=archived&q=", "trends?q=", "tags?q=", "articles?author="):
        assert get(room, f"/api/{path}{query}").status_code in (200, 400)


def test_an_answer_is_not_sent_twice(room: Datasette) -> None:
    first = ask(room, "/api/articles")
    again = ask(room, "/api/articles", if_none_match=f'W/"x", {first.headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")
    assert ask(room, "/api/articles", if_none_match='"x"').status_code == 200


def test_lists_come_as_csv_with_the_next_page_in_a_header(room: Datasette) -> None:
    response = get(room, "/api/articles?format=csv&limit=3&order=oldest")
    found = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["title"] for row in found][:1] == ["Вода ушла"]
    match = re.fullmatch(r'<(.+)>; rel="next"', response.headers["link"])
    assert match
    rest = get(room, urlsplit(match[1]).path + "?" + urlsplit(match[1]).query)
    assert len(list(csv.DictReader(io.StringIO(rest.text)))) == 1
    assert "link" not in rest.headers


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[tuple[Database, Datasette]]:
    """An archive of ten articles, and its room."""
    db = open_archive(tmp_path)
    for site in (TAN, VEST):
        save_site(db, site)
    for number in range(10):
        day = f"2025-02-{number + 1:02}T05:00:00Z"
        store(db, make_article(f"old{number}", f"Ауыл {number}", f"Ауылда {number} үй бар.", published=day), TAN)
    room = make_datasette(tmp_path)
    yield db, room
    for database in room.databases.values():
        database.close()
    room.executor.shutdown()
    db.close()


@pytest.mark.parametrize("path", ["/api/articles?order=newest", "/api/articles?order=oldest",
                                  "/api/articles?order=archived", "/api/search?q=ауыл", "/api/articles?q=ауыл"])  # fmt: skip
def test_pages_neither_repeat_nor_skip_while_the_archive_grows(growing: tuple[Database, Datasette], path: str) -> None:
    db, room = growing
    before = {article["id"] for article in follow(room, path)}
    assert len(before) == 10
    seen: list[int] = []
    following: str | None = f"{path}&limit=3"
    grown = 0
    while following:
        parts = urlsplit(following)
        page = get(room, f"{parts.path}?{parts.query}").json()
        seen += [article["id"] for article in page["items"]]
        following = page["next"]
        for day in ("2025-01-01T05:00:00Z", "2025-02-05T07:00:00Z", "2025-03-01T05:00:00Z"):
            if grown < 12:
                store(db, make_article(f"new{grown}", "Ауыл", f"Ауылда жаңа {grown}.", published=day), TAN)
                grown += 1
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    if "archived" in path:
        assert len(seen) == 22, "and those that came meanwhile follow"


def test_edits_and_deletions_come_in_stable_pages(growing: tuple[Database, Datasette]) -> None:
    db, room = growing
    for number in range(5):
        edited = make_article(f"old{number}", f"Қала {number}", "Қалада үй бар.", published=f"2025-02-{number + 1:02}")
        store(db, edited, TAN, "2025-03-02T02:00:00Z")
    db.conn.execute("update articles set gone = '2025-03-05T00:00:00Z' where id > 4")
    db.conn.commit()
    for path, total in (("/api/changes?field=title&limit=2", 5), ("/api/deletions?limit=4", 6)):
        items = follow(room, path)
        assert len({item["article"] for item in items}) == len(items) == total


def test_what_is_withheld_is_in_no_answer_at_once(growing: tuple[Database, Datasette]) -> None:
    db, room = growing
    number = db.conn.execute("select id from articles where url like '%/old3/'").fetchone()[0]
    store(db, make_article("old3", "Zqсыры", "Zqсыры ашылды.", published="2025-02-04"), TAN, "2025-03-02T02:00:00Z")
    db.conn.execute("update articles set gone = '2025-03-05T00:00:00Z' where id = ?", [number])
    db.conn.commit()
    asked = [f"/api/articles/{number}{more}" for more in ("", "/revisions", "/revisions/1", "/differences")]
    lists = ["/api/articles?text=true", "/api/articles?order=archived", "/api/search?facets=true", "/api/changes",
             "/api/deletions", "/api/search?q=zqсыры", "/api/trends?by=day"]  # fmt: skip
    shown = "".join(get(room, path).text for path in lists)
    assert "Zqсыры" in shown
    assert get(room, asked[0]).status_code == 200
    embargo_article(db, number, until=NEXT_YEAR)
    assert [get(room, path).status_code for path in asked] == [404] * 4
    shown = "".join(get(room, path).text for path in lists)
    assert "Zqсыры" not in shown
    assert "old3" not in shown
    assert get(room, "/api/search").json()["total"] == 9
    assert get(room, "/api/sites").json()["items"][0]["articles"] == 9
    assert json.loads(get(room, "/api/search?q=zqсыры").text)["items"] == []


def test_a_fault_is_a_problem_without_a_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    db = open_archive(tmp_path)
    save_site(db, replace(TAN))
    room = make_datasette(tmp_path)
    db.conn.execute("drop view archive")
    db.conn.commit()
    db.close()
    store_error = ask(room, "/api/articles")
    assert store_error.status_code in (500, 503)
    assert store_error.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in store_error.text
    assert sqlite3.__name__ not in store_error.text
    room.executor.shutdown()


def test_pages_of_a_concordance_join_to_the_whole(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, TAN)
    for n in range(3):
        day = f"2025-02-1{n}T05:00:00Z"
        store(db, make_article(f"a{n}", "Су", "Өзен тасыды. Өзен қайтты. Бұл өзен терең.", published=day), TAN)
    whole = follow(make_datasette(tmp_path), "/api/concordance?q=өзен&limit=100")
    assert (len(whole), {line["day"] for line in whole}) == (9, {"2025-02-10", "2025-02-11", "2025-02-12"})
    for limit in (1, 2, 4):
        assert follow(make_datasette(tmp_path), f"/api/concordance?q=өзен&limit={limit}") == whole


def test_reprints_and_collocations_are_those_of_the_pages(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    body = " ".join(f"Сөйлем {n} ауылдағы су туралы жаңа хабарды {n * 7} рет айтады." for n in range(12))
    for site, day in ((TAN, "2025-02-18T05:00:00Z"), (VEST, "2025-02-18T09:00:00Z")):
        save_site(db, site)
        store(db, make_article("same", "Су", body, site=site, language="kk", published=day), site)
    room = make_datasette(tmp_path)
    update_reprints(db)
    (group,) = follow(room, "/api/reprints?limit=1")
    assert [article["site"] for article in group["articles"]] == ["tan", "vest"]
    found = get(room, f"/api/articles/{group['articles'][1]['article']}/reprints").json()
    assert (found["first"], found["order_known"]) == (group["articles"][0]["article"], True)
    page = get(room, "/api/collocations?q=су&limit=3").json()
    assert page["items"] == get(room, "/collocations.json?q=су&limit=3").json()["collocates"]
    assert (page["occurrences"], page["counted"]["articles"]) == (24, 2)
    assert get(room, "/api/collocations").status_code == get(room, "/api/concordance").status_code == 400
