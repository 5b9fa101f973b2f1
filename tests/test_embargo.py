"""Embargoes: hidden from search, browse and export for a time, nothing removed."""

from __future__ import annotations

import asyncio
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from sqlite_utils import Database

from newsarchive.browse.app import make_datasette
from newsarchive.browse.metadata import DESCRIPTIONS
from newsarchive.cli import cli
from newsarchive.database import open_archive, read_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article, lift_embargo, list_embargoes
from newsarchive.database.revisions import Provenance
from newsarchive.export import export
from newsarchive.items import Article, Author, Hints, Image
from newsarchive.search import count_hits, facets, hits_over, kwic, search
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="a", url="https://a.kz/", title="Ауыл", language="kk", timezone="Asia/Almaty")
WORD = "қоныстойы"
NEXT_YEAR = datetime.date(datetime.datetime.now(datetime.UTC).year + 1, 1, 1)


def store(db: Database, number: int, title: str, body: str) -> int:
    article = Article(
        url=f"https://a.kz/{number}/",
        site="a",
        title=title,
        body=body,
        markdown=f"# {title}\n\n{body}",
        language="kk",
        published=f"2025-02-{number:02}T05:00:00Z",
        authors=(Author(name=f"Автор {number}", as_written=f"Автор {number}"),),
        images=(Image(url=f"https://a.kz/{number}.jpg", caption=f"{title} суреті"),),
        tags=("тег",),
    )
    search_text = make_search_text(title=title, lead="", body=body, authors=[article.authors[0].name], language="kk")
    provenance = Provenance(time="2025-03-01T00:00:00Z", hints=Hints(title=title))
    return save_article(
        db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text
    ).article


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    save_site(archive, SITE)
    for number in range(1, 6):
        store(archive, number, f"Хабар {number}", "Ауылда жаңа үй салынды.")
    store(archive, 6, "Құпия той", f"Ауылда {WORD} өтті.")
    archive.conn.execute("update urls set hints = json_object('title', 'Құпия той') where url like '%/6/'")
    archive.conn.execute("update images set sha256 = ?, type = 'image/jpeg' where url like '%/6.jpg'", ("6" * 64,))
    (tmp_path / "images" / f"{'6' * 64}.jpg").write_bytes(b"x")
    archive.conn.commit()
    return archive


def test_a_hidden_article_is_in_no_search_and_no_export(db: Database, tmp_path: Path) -> None:
    assert count_hits(db, WORD) == 1
    embargo_article(db, 6, until=NEXT_YEAR, reason="сот")
    assert search(db, WORD) == search(db, "Құпия") == list(kwic(db, WORD)) == []
    assert (count_hits(db, WORD), count_hits(db, ""), count_hits(db, "-үй")) == (0, 5, 0)
    assert [h.id for h in search(db, order="newest")] == [5, 4, 3, 2, 1]
    assert facets(db, "", fields=("site",))["site"][0].hits == 5
    assert sum(period.articles for period in hits_over(db, "ауылда")) == 5
    export(db, tmp_path / "all.jsonl", format="jsonl")
    assert WORD not in (tmp_path / "all.jsonl").read_text(encoding="utf-8")
    assert len((tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()) == 5
    assert db.conn.execute("select count(*) from articles").fetchone() == (6,)
    assert lift_embargo(db, 6)
    assert not lift_embargo(db, 6)
    assert count_hits(db, WORD) == 1


def test_an_embargo_ends_by_itself_at_midnight_of_the_site(db: Database) -> None:
    assert embargo_article(db, 6, until=datetime.date(2099, 6, 1)) == "2099-05-31T19:00:00Z"
    assert [row["article"] for row in list_embargoes(db)] == [6]
    db.conn.execute("update embargoes set until = '2025-01-01T00:00:00Z'")
    db.conn.commit()
    assert (count_hits(db, WORD), list_embargoes(db)) == (1, [])


@pytest.fixture
def room(db: Database, tmp_path: Path) -> Datasette:
    embargo_article(db, 6, until=NEXT_YEAR)
    return make_datasette(tmp_path)


def get(room: Datasette, path: str) -> Any:
    async def ask() -> Any:
        return await room.client.get(path, headers={"accept-language": "en"}, follow_redirects=True)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "path",
    ["/", "/articles.csv", "/search?q=", "/search.json?q=", "/search.csv?q=", f"/concordance.json?q={WORD}", "/authors",
     "/trends.json?q=той", "/changes", "/deletions", "/coverage", "/tags/1", "/archive", "/article/1"],
)  # fmt: skip
def test_our_pages_do_not_show_it(path: str, room: Datasette) -> None:
    response = get(room, path)
    assert response.status_code == 200
    assert "Құпия той" not in response.text
    assert f"Ауылда {WORD}" not in response.text


@pytest.mark.parametrize(
    "path", ["/article/6", "/article/6.json", "/article/6/history", "/article/6/cite/bibtex", f"/picture/{'6' * 64}"]
)
def test_its_own_pages_are_not_there(path: str, room: Datasette) -> None:
    assert get(room, path).status_code == 404


@pytest.mark.parametrize("table", sorted(DESCRIPTIONS))
def test_tables_leave_it_out(table: str, room: Datasette) -> None:
    for path in (
        f"/archive/{table}?_size=max",
        f"/archive/{table}.json?_size=max",
        f"/archive/{table}.csv?_stream=on",
    ):
        response = get(room, path)
        assert response.status_code == (403 if table == "stems_in_order" else 200), path
        assert "Құпия" not in response.text
        assert WORD not in response.text


@pytest.mark.parametrize(
    "path",
    ["/archive/articles/6", "/archive/articles/6.json", "/archive/articles/~36", "/%61rchive/articles/6",
     "/archive/revisions/6", "/archive/ARTICLES.json", "/archive/articles_fts", "/archive/articles_fts.json", "/archive/stems_fts.json",
     "/archive/articles_fts_data.json", "/archive/stems_places.json", "/archive.json?sql=select+*+from+articles",
     "/archive?sql=select+*+from+main.articles", "/archive/articles.json?_where=1+or+1"],
)  # fmt: skip
def test_what_cannot_be_cut_is_closed(path: str, room: Datasette) -> None:
    response = get(room, path)
    assert response.status_code in (403, 404) or "Құпия" not in response.text
    assert "Құпия" not in response.text
    assert WORD not in response.text


def test_without_an_embargo_nothing_is_closed(room: Datasette, db: Database) -> None:
    lift_embargo(db, 6)
    assert get(room, "/archive/articles/6").status_code == 200
    assert get(room, "/archive.json?sql=select+title+from+articles+where+id=6").json()["rows"] == [["Құпия той"]]
    assert get(room, "/article/6").status_code == 200


def test_the_command_hides_lists_and_lifts(db: Database, tmp_path: Path) -> None:
    db.close()

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli, ["--archive", str(tmp_path), *arguments])
        assert done.exit_code == code, done.output
        return done.stdout

    assert json.loads(run("embargo", "--list", "--json")) == []
    run("embargo", "https://a.kz/6/", "--until", NEXT_YEAR.isoformat(), "--reason", "сот")
    (row,) = json.loads(run("embargo", "--list", "--json"))
    assert (row["article"], row["reason"], row["title"]) == (6, "сот", "Құпия той")
    assert "Құпия" not in run("search", WORD, "--json")
    run("embargo", "6", "--until", "2020-01-01", code=2)
    run("embargo", "6", code=2)
    run("embargo", "6", "--lift")
    run("embargo", "6", "--lift", code=1)
    reasons = [row["reason"] for row in read_archive(tmp_path).query("select * from runs where command = 'embargo'")]
    assert reasons == ["finished", "finished"]
