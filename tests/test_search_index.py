"""The search index knows what it was made with, and can be made anew; a lexicon is learned by a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import (
    PendingSearchTexts,
    index_is_current,
    open_archive,
    rebuild_index,
    save_article,
    save_site,
)
from newsarchive.database.index import TOGETHER
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Author
from newsarchive.kazakh.lexicon import choose_parse, read_lexicon
from newsarchive.search import search
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
OLD = ("ескі", "ескі", "ескі")


def make_archive(folder: Path, *, version: str) -> None:
    """An archive of 250 articles with search texts of another time."""
    db = open_archive(folder)
    save_site(db, SITE)
    for n in range(250):
        article = Article(
            url=f"https://tan.example/{n}/",
            site="tan",
            title=f"{n}-мектеп",
            lead="Қысқа лид",
            body="Балаларға сабақ өтті.",
            language="kk",
            published="2025-02-18",
            authors=(Author(name="Аида Бек", as_written="Аида БЕК"),),
        )
        provenance = Provenance(time="2025-03-01T00:00:00Z")
        save_article(db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=OLD)
    with db.atomic():
        db.conn.execute("update search_index set stems = ?", (version,))
    db.close()


def test_a_new_archive_has_an_index_of_this_version(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    assert index_is_current(db)
    db.close()


def test_the_index_made_anew_is_the_one_that_saving_makes(tmp_path: Path) -> None:
    make_archive(tmp_path, version="1-old")
    db = open_archive(tmp_path)
    assert not index_is_current(db)
    told: list[tuple[int, int]] = []
    assert rebuild_index(db, lambda done, total: told.append((done, total))) == 250
    assert told == [(100, 250), (200, 250), (250, 250)]
    assert index_is_current(db)
    wanted = make_search_text(
        title="7-мектеп", lead="Қысқа лид", body="Балаларға сабақ өтті.", authors=["Аида Бек"], language="kk"
    )
    assert db.conn.execute("select title, authors, body from stems where id = 8").fetchone() == wanted
    assert len(search(db, "баланың", limit=500)) == 250
    assert search(db, "ескі") == []
    db.close()


def save_waiting(db: Database, waiting: PendingSearchTexts, name: str, body: str, published: str) -> None:
    url = f"https://tan.example/{name}/"
    article = Article(url=url, site="tan", title=name, body=body, language="kk", published=published)
    search_text = make_search_text(title=name, lead="", body=body, authors=[], language="kk")
    provenance = Provenance(time="2025-03-01T00:00:00Z")
    save_article(db, article, site=SITE, urls=[url], provenance=provenance, search_text=search_text, waiting=waiting)


def test_search_texts_that_wait_are_written_together_in_their_latest_form(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, SITE)
    db.conn.commit()
    db.conn.execute("begin immediate")
    waiting = PendingSearchTexts(db)
    save_waiting(db, waiting, "a", "Өзенде мұз еріді.", "2025-02-20T08:00:00Z")
    save_waiting(db, waiting, "b", "Далада қар жатыр.", "2025-02-18T08:00:00Z")
    save_waiting(db, waiting, "a", "Өзенде тасқын басталды.", "2025-02-20T08:00:00Z")
    assert db["stems"].count == 0
    waiting.write()
    waiting.write()
    db.conn.commit()
    assert [hit.title for hit in search(db, "тасқынның")] == ["a"]
    assert [hit.title for hit in search(db, "қардың")] == ["b"]
    assert search(db, "мұздың") == []
    save_waiting(db, waiting, "b", "Далада қызғалдақ гүлдеді.", "2025-02-18T08:00:00Z")
    waiting.write()
    db.conn.commit()
    assert ([hit.title for hit in search(db, "қызғалдақтар")], search(db, "қардың")) == (["b"], [])
    for index in ("stems_fts", "articles_fts"):
        db.conn.execute(f"insert into {index}({index}) values ('integrity-check')")
    db.close()


def test_search_texts_do_not_wait_for_more_than_a_few_others(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, SITE)
    waiting = PendingSearchTexts(db)
    for n in range(2 * TOGETHER):
        save_waiting(db, waiting, f"x{n}", "Балаларға сабақ өтті.", f"2025-02-{28 - n}")
        waiting.write(at_least=TOGETHER)
        assert db["stems"].count == (n + 1) // TOGETHER * TOGETHER
    db.close()


def test_an_old_index_is_named_and_made_anew_by_a_command(folder: Path, newsarchive: Callable) -> None:
    make_archive(folder, version="1-old")
    before = newsarchive("search", "баланың", "--json")
    assert "newsarchive stems rebuild" in before.stderr
    assert "250 articles" in newsarchive("stems", "rebuild").stderr
    after = newsarchive("search", "баланың", "--json")
    assert after.stderr == ""
    assert (len(json.loads(before.stdout)), len(json.loads(after.stdout))) == (0, 20)


def test_a_lexicon_is_learned_from_any_text_by_a_command(tmp_path: Path, newsarchive: Callable) -> None:
    forms = (
        "балға",
        "балғасы",
        "балғалар",
        "балғаны",
        "балғаға",
        "балғадан",
        "балғамен",
        "қорап",
        "қорабы",
        "қораптар",
    )
    (tmp_path / "text.txt").write_text("\n".join(forms), encoding="utf-8")
    learn = ("stems", "learn", str(tmp_path / "text.txt"), "-o", str(tmp_path / "own.gz"), "--source", "Өз мәтініміз")
    assert "suffixes in" in newsarchive(*learn).stderr
    lexicon = read_lexicon(tmp_path / "own.gz")
    assert lexicon.source == "Өз мәтініміз"
    assert choose_parse(lexicon, "балғалардың").stem == "балға"
    newsarchive("stems", "learn", str(tmp_path / "none.txt"), "-o", str(tmp_path / "own.gz"), code=2)
