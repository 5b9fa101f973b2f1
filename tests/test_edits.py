"""What newspapers once said and no longer say: `removed:` and `added:` in queries, and the passages."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from newsarchive.browse.app import make_datasette
from newsarchive.cli import cli
from newsarchive.corpus.edits import count_unread_edits, update_edits
from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.removal import remove_article
from newsarchive.database.revisions import Provenance, insert_reextracted
from newsarchive.items import Article
from newsarchive.search import count_hits, search
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="a", url="https://a.kz/", language="kk", timezone="Asia/Almaty")
PLANTED = int(os.environ.get("NEWSARCHIVE_EDITS", "30"))
"""So many removals are planted, among ten times as many other edits; the trial is 100."""


def article_of(number: int, body: str, title: str = "Хабар") -> Article:
    return Article(
        url=f"https://a.kz/{number}/", site="a", title=title, body=body, markdown=body, language="kk",
        published="2025-02-01T05:00:00Z",
    )  # fmt: skip


def publish(db: Database, number: int, *bodies: str, title: str = "Хабар") -> int:
    saved = 0
    for version, body in enumerate(bodies):
        article = article_of(number, body, title)
        text = make_search_text(title=title, lead="", body=body, authors=[], language="kk")
        provenance = Provenance(time=f"2025-02-0{version + 1}T06:00:00Z")
        saved = save_article(
            db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=text
        ).article
    return saved


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    save_site(archive, SITE)
    with archive.atomic():
        publish(archive, 1, "Көпірге екі миллиард теңге бөлінді.", "Көпірге үш миллиард теңге бөлінді.")
        publish(archive, 2, "Су тасыды. Жол жабылды.", "Жол жабылды. Су тасыды.")  # only moved
        publish(archive, 3, "Жол жабылды.", "Жол ашылды.", "Жол жабылды.")  # came back
        publish(archive, 4, "Көпірге екі миллиард теңге бөлінді.")  # never edited
    return archive


def numbers(db: Database, query: str) -> list[int]:
    return sorted(hit.id for hit in search(db, query))


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('removed:"екі миллиард"', [1]),
        ("removed:миллиард", []),
        ("removed:екі", [1]),
        ('removed:"су тасыды жол"', [2]),  # this sequence is gone, though each word stayed
        ("removed:жабылды", []),
        ("added:ашылды", [3]),
        ('added:"үш миллиард"', [1]),
        ("removed:екі added:үш", [1]),
        ("көпір -removed:екі", [4]),
        ("removed:ашылды", [3]),
        ("added:жабылды", [3]),
        ("алынған:екі", [1]),
        ("removed:(екі OR ашылды)", [1, 3]),
        ("removed:екінші", []),
        ("removed:мил*", []),
        ("removed:ек*", [1]),
        ("removed:", []),
    ],
)
def test_removed_and_added(query: str, found: list[int], stored: bool, db: Database) -> None:
    if stored:
        assert update_edits(db) == 3
    assert count_unread_edits(db) == (0 if stored else 3)
    if query == "removed:":
        assert count_hits(db, query) in (0, 4)
    else:
        assert numbers(db, query) == found


def test_reading_a_page_differently_is_no_edit(db: Database) -> None:
    update_edits(db)
    row = next(db.query("select * from revisions where article = 4"))
    insert_reextracted(
        db, row, row["id"], article_of(4, "Көпірге теңге бөлінді."), Provenance(time="2025-03-01T00:00:00Z")
    )
    assert numbers(db, 'removed:"екі миллиард"') == [1]


def test_planted_removals_are_found_and_no_others(tmp_path: Path) -> None:
    db, chance = open_archive(tmp_path), random.Random(7)
    save_site(db, SITE)
    vocabulary = [f"{a}{b}{c}" for a in "бкмт" for b in ("ала", "өре", "ұлы", "іне") for c in ("н", "қ", "р", "с")]
    planted = set()

    def sentence() -> str:
        return " ".join(chance.choices(vocabulary, k=9)).capitalize() + "."

    with db.atomic():
        for number in range(11 * PLANTED):
            sentences = [sentence() for _ in range(5)]
            said = [*sentences, "Министр отставкаға кетемін деді."]
            chance.shuffle(said)
            if number % 11 == 0:
                after = [s for s in said if "отставка" not in s]
            else:
                after = chance.choice([[sentence(), *said], said[::-1], [*said[:-1], said[-1] + " " + sentence()]])
            article = publish(db, number, " ".join(said), " ".join(after))
            planted |= {article} if number % 11 == 0 else set()
    assert {hit.id for hit in search(db, 'removed:"отставкаға кетемін"', limit=10_000)} == planted
    update_edits(db)
    assert {hit.id for hit in search(db, "removed:отставка", limit=10_000)} == planted


def test_what_is_withheld_is_not_found(db: Database, tmp_path: Path) -> None:
    update_edits(db)
    embargo_article(db, 1, until=datetime.date(2099, 1, 1))
    assert numbers(db, "removed:екі") == []
    assert json.loads(run(tmp_path, "edits", "екі", "--json")) == []
    assert "миллиард" not in get(tmp_path, "/edits?q=екі").text
    assert get(tmp_path, "/archive/edit_texts.json?_shape=array").json()[0]["revision"] > 2
    with db.atomic():
        remove_article(db, 1)
    assert not [row for row in db["edits"].rows if row["article"] == 1]
    assert not [row for row in db["edit_texts"].rows if "екі" in row["body"]]
    db.conn.execute("insert into edit_texts_fts(edit_texts_fts, rank) values ('integrity-check', 1)")
    assert db["unread_edits"].count == 0


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(cli, ["--archive", str(folder), *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def get(folder: Path, path: str) -> Any:
    room = make_datasette(folder)

    async def ask() -> Any:
        return await room.client.get(path)

    return asyncio.run(ask())


def test_the_command_and_the_page_show_the_passages(db: Database, tmp_path: Path) -> None:
    (passage,) = json.loads(run(tmp_path, "edits", '"екі миллиард"', "--json"))
    assert (passage["left"], passage["keyword"], passage["right"]) == ("Көпірге", "екі миллиард", "теңге бөлінді.")
    assert (passage["article"], passage["before"], passage["revision"]) == (1, 1, 2)
    assert passage["time"] == "2025-02-02T06:00:00Z"
    assert "[+ашылды+]" in run(tmp_path, "edits", "ашылды", "--added").replace("[+ашылды+].", "[+ашылды+]")
    page = get(tmp_path, "/edits?q=екі&lang=ru").text
    assert "<del>екі</del>" in page
    assert "/article/1/history?from=1&amp;to=2" in page
    assert get(tmp_path, "/edits.csv?q=үш&added=1").text.count("\r\n") == 2
    assert get(tmp_path, '/edits.json?q="').json() == []
