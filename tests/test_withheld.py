"""What readers may not see: no word of an article under an embargo, or taken down, on any page and in any export."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import html
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from sqlite_utils import Database

from newsarchive.browse.app import make_datasette
from newsarchive.browse.metadata import DESCRIPTIONS
from newsarchive.browse.rules import OPEN, rule_of
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.cli import cli
from newsarchive.database import (
    finish_run,
    lock_archive,
    open_archive,
    save_article,
    save_capture,
    save_site,
    start_run,
)
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.export import FORMATS, export, release
from newsarchive.items import Article, Author, Hints, Image
from newsarchive.search import search, suggest
from newsarchive.sites import Site
from newsarchive.takedown import forget
from newsarchive.text.search_text import make_search_text

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Datasette leaves a coroutine behind where it refuses a query."""

SITE = Site(name="a", url="https://a.kz/", title="Ауыл", language="kk", timezone="Asia/Almaty")
NEXT_YEAR = datetime.date(datetime.datetime.now(datetime.UTC).year + 1, 1, 1)
TEXT = ("title", "earlier", "lead", "body", "author", "written", "alt", "caption", "credit", "category", "tag", "hint",
        "refused")  # fmt: skip
ADDRESSES = ("page", "alias", "picture", "shown", "message", "gone", "reason")
"""Markers of what stays after a takedown: addresses, and what a person wrote of them."""


def mark(name: str) -> str:
    """A word that stands in one field alone."""
    return f"zq{name}xj"


def secret(title: str) -> Article:
    picture = Image(
        url=f"https://a.kz/img/{mark('picture')}.jpg",
        shown=f"https://a.kz/img/{mark('shown')}-300.jpg",
        alt=mark("alt"),
        caption=mark("caption"),
        credit=mark("credit"),
        lead=True,
    )
    return Article(
        url=f"https://a.kz/{mark('page')}/",
        site="a",
        title=f"Ауыл {mark(title)}",
        lead=f"Ауылда {mark('lead')} болды.",
        body=f"Ауылда {mark('body')} өтті.",
        markdown=f"# Ауыл {mark(title)}\n\nАуылда {mark('body')} өтті.",
        language="kk",
        published="2025-02-08T05:00:00Z",
        authors=(Author(name=mark("author"), as_written=mark("written")),),
        images=(picture,),
        categories=(mark("category"),),
        tags=(mark("tag"),),
    )


def usual(number: int) -> Article:
    return Article(
        url=f"https://a.kz/{number}/",
        site="a",
        title=f"Ауыл жаңалығы {number}",
        body="Ауылда жаңа үй салынды.",
        markdown="Ауылда жаңа үй салынды.",
        language="kk",
        published=f"2025-02-{number:02}T05:00:00Z",
        authors=(Author(name="Айдос Бек", as_written="Айдос БЕК"),),
        images=(Image(url=f"https://a.kz/img/{number}.jpg"),),
        categories=("Қоғам",),
        tags=("ауыл",),
    )


def store(db: Database, writer: CaptureWriter, article: Article, *urls: str, time: str = "2025-03-01T00:00:00Z") -> int:
    body = article.markdown.encode()
    captures = [
        save_capture(
            db,
            writer.write(
                RecordedResponse(url=url, status=200, headers=[], body=body, request=b"GET / HTTP/1.1\r\n\r\n")
            ),
            None,
        )
        for url in (article.url, *urls)
    ]
    names = [author.name for author in article.authors]
    search_text = make_search_text(
        title=article.title, lead=article.lead, body=article.body, authors=names, language="kk"
    )
    origin = Provenance(time=time, hints=Hints(title=article.title), captures=(captures[0],))
    saved = save_article(db, article, site=SITE, urls=[article.url, *urls], provenance=origin, search_text=search_text)
    return saved.article


@dataclass
class Kept:
    """An archive with three articles, the last full of marked words; the site of each word is a field of its own."""

    folder: Path
    db: Database
    secret: int


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    folder = tmp_path / "archive"
    db = open_archive(folder)
    save_site(db, SITE)
    writer = CaptureWriter(folder / "warc", "a-1")
    for number in (1, 2):
        store(db, writer, usual(number))
    store(db, writer, secret("earlier"), f"http://a.kz/?p={mark('alias')}")
    time = "2025-03-02T00:00:00Z"
    number = store(
        db, writer, replace(secret("title"), body=f"Ауылда {mark('body')} өтті, кейін бәрі тарады."), time=time
    )
    for url in (f"https://a.kz/img/{mark('picture')}.jpg", f"https://a.kz/img/{mark('shown')}-300.jpg"):
        save_capture(
            db,
            writer.write(
                RecordedResponse(url=url, status=200, headers=[("Content-Type", "image/jpeg")], body=url.encode())
            ),
            None,
        )
    writer.close()
    db.conn.execute("update articles set gone = ?, gone_reason = 'HTTP 404' where id = ?", (time, number))
    db.conn.execute("update urls set hints = json_object('title', ?) where article = ?", (mark("hint"), number))
    db.conn.execute(
        "insert into reextractions (revision, extractor, options_digest, profile_digest, outcome, reason)"
        " select id, 'x', '', '', 'failed', ? from revisions where article = ?", (mark("refused"), number)
    )  # fmt: skip
    run = start_run(db, "crawl", "a")
    finish_run(db, run, reason="finished", message=f"https://a.kz/{mark('page')}/ fails: {mark('message')}", counts={})
    db.conn.commit()
    yield Kept(folder, db, number)
    db.close()


def get(room: Datasette, path: str) -> Any:
    async def ask() -> Any:
        return await room.client.get(path, headers={"accept-language": "en"})

    return asyncio.run(ask())


def linked(text: str) -> Iterator[str]:
    """The pages of the room that a page links to, without queries: those are many and alike."""
    for href in re.findall(r'href="([^"]+)"', text):
        parts = urlsplit(html.unescape(href))
        if not parts.netloc and not parts.scheme and parts.path.startswith("/") and "/static/" not in parts.path:
            yield parts.path


def asked() -> list[str]:
    """Pages that no link leads to."""
    tables = [f"/archive/{name}{form}?_size=max{more}" for name in DESCRIPTIONS
              for form, more in (("", ""), (".json", "&_labels=on&_shape=objects"), (".csv", "&_labels=on"))]  # fmt: skip
    through = '{"table":"article_tags","column":"article","value":"3"}'
    return [
        "/", "/archive", "/archive.json", "/-/databases.json", "/-/metadata.json", "/-/settings", "/-/threads.json",
        *tables,
        *(f"/{page}{form}" for page in ("search", "trends", "concordance", "compare", "changes", "deletions", "coverage",
                                        "authors", "categories", "tags") for form in ("?q=ауыл", ".json?q=ауыл&a_q=ауыл", ".csv?q=ауыл")),
        "/api/articles?text=true", "/api/search?q=ауыл&facets=true", "/api/trends?q=ауыл&by=day", "/api/changes",
        "/api/concordance?q=ауыл", "/api/collocations?q=ауыл&by=forms", "/api/reprints?within=true", "/api/articles/3/reprints",
        "/api/deletions", "/api/sites", "/api/coverage?site=a", "/api/authors", "/api/categories", "/api/tags",
        *(f"/api/articles/3{more}" for more in ("", "/revisions", "/revisions/1", "/differences")),
        *(f"/feeds/{name}.atom" for name in ("articles", "changes", "headlines", "deletions")), "/unapi?id=3",
        "/search?q=ауыл&order=oldest", "/compare?a_q=ауылда&b_q=жаңа", "/articles.csv?by=day",
        f"/archive/tags.json?_through={through}", f"/archive/authors.json?_through={through}",
        "/archive/articles.json?_search=ауылда", "/archive/articles.json?_facet=title&_facet=url&_facet_array=url",
        "/archive/urls.json?_facet=url&_facet=hints", "/archive/runs.json?_facet=message",
        "/archive/captures.json?_facet=url", "/archive/article_images.json?_facet=caption&_facet=image&_labels=on",
        "/archive/articles.json?_where=1", "/archive.json?sql=select+*+from+articles", "/archive.csv?sql=select+*+from+archive",
        "/archive/articles_fts.json", "/archive/stems_words.json", "/archive/stems_places.json", "/archive/seals.json",
    ]  # fmt: skip


def seen(room: Datasette, marks: list[str]) -> dict[str, list[str]]:
    """By page of the room the marked words that it shows, every page that a link leads to among them."""
    waiting, known, found = asked(), set[str](), dict[str, list[str]]()
    while waiting:
        path = waiting.pop(0)
        if path in known:
            continue
        known.add(path)
        response = get(room, path)
        assert response.status_code < 500, path
        text = unquote(response.text)
        if shown := [word for word in marks if word in text]:
            found[path] = shown
        if "html" in response.headers["content-type"]:
            waiting += linked(response.text)
        assert len(known) < 600
    assert len(known) > 120
    return found


def exported(kept: Kept, place: Path) -> bytes:
    """All that any export writes, unpacked."""
    for name in FORMATS:
        export(kept.db, place / f"all.{name}", format=name)
    release(kept.db, place / "release")
    found = b""
    for path in place.rglob("*"):
        found += str(path).encode()
        if path.is_file():
            found += plain(path.name, path.read_bytes())
    return found


def plain(name: str, data: bytes) -> bytes:
    if name.endswith(".gz"):
        return gzip.decompress(data)
    if name.endswith(".wacz"):
        with zipfile.ZipFile(BytesIO(data)) as packed:
            return b"".join(inner.encode() + plain(inner, packed.read(inner)) for inner in packed.namelist())
    return data


def test_the_words_can_be_seen_where_nothing_forbids_it(kept: Kept, tmp_path: Path) -> None:
    """What the tests below look for is there to be found."""
    room = make_datasette(kept.folder)
    text = unquote("".join(get(room, f"/archive/{table}.json?_size=max").text for table in DESCRIPTIONS))
    assert [
        word for word in map(mark, (*TEXT, "page", "alias", "picture", "shown", "message")) if word not in text
    ] == []
    assert mark("body").encode() in exported(kept, tmp_path / "out")


def test_no_word_of_an_article_under_an_embargo_is_seen(kept: Kept, tmp_path: Path) -> None:
    embargo_article(kept.db, kept.secret, until=NEXT_YEAR, reason=mark("reason"))
    marks = [mark(name) for name in (*TEXT, *ADDRESSES)]
    assert seen(make_datasette(kept.folder), marks) == {}
    text = exported(kept, tmp_path / "out").decode("utf-8", "replace")
    assert [word for word in marks if word in text] == []
    assert search(kept.db, mark("body")) == []
    assert suggest(kept.db, mark("body")[:5]) == ""
    for command in (["cite", str(kept.secret)], ["timemap", f"https://a.kz/{mark('page')}/"]):
        done = CliRunner().invoke(cli, ["--archive", str(kept.folder), *command])
        assert (done.exit_code, done.stdout) == (1, "")
        assert "under an embargo until" in done.stderr
    for command in (["status", "--json"], ["search", "ауыл", "--json"]):
        said = CliRunner().invoke(cli, ["--archive", str(kept.folder), *command]).output
        assert [word for word in marks if word in said] == []


def test_no_word_of_what_was_taken_down_is_seen(kept: Kept, tmp_path: Path) -> None:
    url = f"https://a.kz/{mark('page')}/"
    with lock_archive(kept.folder):
        forget(kept.db, kept.folder, article=kept.secret, site="a", url=url, reason=mark("reason"))
    marks = [mark(name) for name in TEXT]
    assert seen(make_datasette(kept.folder), marks) == {}
    text = exported(kept, tmp_path / "out").decode("utf-8", "replace")
    assert [word for word in map(mark, (*TEXT, *ADDRESSES)) if word in text] == []
    left = b"".join(plain(p.name, p.read_bytes()) for p in kept.folder.rglob("*") if p.is_file())
    assert [word for word in marks if word.encode() in left] == []


def test_every_table_is_open_has_a_rule_or_is_closed(kept: Kept) -> None:
    """And a table is open only where nothing in it leads to an article: those are few, and told by name."""
    tables = {
        name
        for (name,) in kept.db.conn.execute("select lower(name) from sqlite_master where type in ('table', 'view')")
    }
    opened = {name for name in tables if rule_of(kept.db.conn, name) == ""}
    assert opened == OPEN
    for name in opened:
        links = kept.db.conn.execute('select "table" from pragma_foreign_key_list(?)', (name,)).fetchall()
        assert {parent for (parent,) in links} <= {"sites"}
    assert set(DESCRIPTIONS) - {name for name in tables if rule_of(kept.db.conn, name) is not None} == {
        "stems_in_order"
    }


def test_a_table_of_tomorrow_is_filtered_or_closed(kept: Kept) -> None:
    """A link to an article is known by the schema, through other tables too; what has none is closed."""
    kept.db.conn.executescript(
        f"""
        create table notes (id integer primary key, article integer references articles(id), note text);
        create table remarks (id integer primary key, revision integer references revisions(id), remark text);
        create table replies (id integer primary key, remark integer references remarks, reply text);
        create table lives (id integer primary key, author integer references authors(id), life text);
        create table loose (id integer primary key, word text);
        insert into notes select id, id, 'note {mark("body")}' from articles where id = {kept.secret};
        insert into notes select id, id, 'usual' from articles where id = 1;
        insert into remarks select id, id, '{mark("body")}' from revisions where article = {kept.secret};
        insert into remarks select id, id, 'usual' from revisions where article = 1;
        insert into replies select id, id, '{mark("body")}' from remarks where remark <> 'usual';
        insert into replies select id, id, 'usual' from remarks where remark = 'usual';
        insert into lives select id, id, 'usual' from authors where name <> '{mark("author")}';
        insert into lives select id, id, '{mark("body")}' from authors where name = '{mark("author")}';
        insert into loose values (1, '{mark("body")}');
        """
    )
    embargo_article(kept.db, kept.secret, until=NEXT_YEAR)
    room = make_datasette(kept.folder)
    for name in ("notes", "remarks", "replies", "lives"):
        response = get(room, f"/archive/{name}.json?_shape=array")
        assert [row[name[:-1].replace("replie", "reply").replace("live", "life")] for row in response.json()] == [
            "usual"
        ]
    for form in ("", ".json", ".csv"):
        response = get(room, f"/archive/loose{form}")
        assert (response.status_code, mark("body") in response.text) == (403, False)


NONSENSE = ("", "x", "-1", "1e9", "0", "9" * 30, "~", "%00", "%F0%9F%98%80", "{", "[]", "{}", '{"table":"tags"}', "null", "'", '"', "a,b",
            "..", "%FF", ",", "~2C", "$", "max", "1,2,3")  # fmt: skip
PARAMETERS = ("_next", "_sort", "_sort_desc", "_size", "_through", "_facet", "_facet_array", "_facet_date", "_facet_size",
              "_where", "_col", "_nocol", "_search", "_search_title", "_searchmode", "_labels", "_shape", "_json",
              "_json_infinity", "_nl", "_stream", "_dl", "_ttl", "_nofacet", "_nocount", "_nosuggest", "_trace", "_extra",
              "_fields", "_facet_xxx", "_timelimit", "id", "id__gt", "id__in", "title__arraycontains", "url__date",
              "_filter_column", "_filter_op", "_filter_value", "sql")  # fmt: skip


@pytest.mark.parametrize(("first", "table"), list(enumerate(["articles", "tags", "archive"])))
def test_nonsense_in_a_query_is_the_readers_mistake(first: int, table: str, kept: Kept) -> None:
    """Each table gets every parameter with two values, which no other table gets."""
    room = make_datasette(kept.folder)
    failed = []
    for number, name in enumerate(PARAMETERS):
        for value in NONSENSE[(number + first) % 12 :: 12]:
            form = ("", ".json", ".csv")[(number + len(value)) % 3]
            path = f"/archive/{table}{form}?{name}={value}"
            if get(room, path).status_code >= 500:
                failed.append(path)
    assert failed == []


def test_nonsense_is_answered_by_400_and_names_no_program(kept: Kept) -> None:
    room = make_datasette(kept.folder)
    for query in ("_next=x,y,z", "_sort=nothing", "_through=%7B", "_size=x", "_through=[]", "_where=)"):
        for form in ("", ".json", ".csv"):
            response = get(room, f"/archive/articles{form}?{query}")
            assert response.status_code == 400, (query, form)
            assert "Traceback" not in response.text


OUR_PAGES = ("/search", "/trends", "/concordance", "/compare", "/changes", "/deletions", "/coverage", "/authors", "/tags", "/tags/1",
             "/article/1", "/article/1/history", "/articles.csv", "/")  # fmt: skip
OUR_PARAMETERS = ("q", "page", "since", "until", "site", "author", "order", "by", "words", "year", "from", "to", "kind", "a_q",
                  "lang")  # fmt: skip


@pytest.mark.parametrize("path", OUR_PAGES)
def test_nonsense_is_no_failure_of_our_pages(path: str, kept: Kept) -> None:
    """Every page gets every parameter with four values, and over the pages every parameter gets all values."""
    room, first = make_datasette(kept.folder), OUR_PAGES.index(path)
    asked = [f"{path}?{n}={v}" for k, n in enumerate(OUR_PARAMETERS) for v in NONSENSE[(first + k) % 6 :: 6]]
    assert len(asked) == 60
    assert [address for address in asked if get(room, address).status_code >= 500] == []


def test_control_characters_of_old_archives_break_no_page(kept: Kept, tmp_path: Path) -> None:
    bad = "те\x07г\x1b[31m\x0c\x9f\ufffe\x00"
    writer = CaptureWriter(kept.folder / "warc", "a-2")
    names = (Author(name=f"а{bad}", as_written=f"а{bad}"),)
    article = replace(usual(3), url="https://a.kz/bad/", title=bad, tags=(bad,), categories=(bad,), authors=names)
    number = store(kept.db, writer, article)
    kept.db.conn.execute("update sites set title = ?", (bad,))
    kept.db.conn.commit()
    writer.close()
    room = make_datasette(kept.folder)
    rows = [(t, i) for t in ("tags", "categories", "authors") for (i,) in kept.db.conn.execute(f"select id from {t}")]
    paths = [f"/{table}/{i}{form}" for table, i in rows for form in ("", ".csv")]
    more = [
        f"/article/{number}",
        f"/article/{number}.json",
        f"/article/{number}/history",
        "/search?q=ауылда",
        "/trends?q=ауылда&apart=1",
    ]
    for path in (*paths, *more, "/", "/tags", "/coverage", "/changes"):
        assert get(room, path).status_code == 200, path
    exported(kept, tmp_path / "out")
    assert json.loads(get(room, f"/article/{number}.json").text)["tags"] == [bad]
