"""Other spellings of names: which are found, which everyday words are not, and that nothing counts by them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article
from newsarchive.search import count_hits, hits_over, kwic, other_spellings, search
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
PAIRS = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "name_pairs.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An archive in which each spelling of the pairs is printed once within a sentence and once at its beginning."""
    db = open_archive(tmp_path_factory.mktemp("names"))
    save_site(db, SITE)
    with db.atomic():
        for number, word in enumerate(sorted({word for _, word, _ in PAIRS})):
            body = f"Кеше ауданда {word} туралы айтылды.\n\n{word.capitalize()} жайлы келесі нөмірде жазамыз."
            article = Article(
                url=f"https://tan.example/{number}/", site="tan", title="Хабар", body=body, language="kk",
                published="2025-02-18",
            )  # fmt: skip
            search_text = make_search_text(title="Хабар", lead="", body=body, authors=[], language="kk")
            provenance = Provenance(time="2025-03-01T00:00:00Z")
            save_article(db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text)
    yield db
    db.close()


def test_names_are_found_in_their_other_spelling_and_everyday_words_are_not(db: Database) -> None:
    given, right, wrong, missed = 0, 0, [], []
    for query, word, same in PAIRS:
        found = {s.query.casefold() for s in other_spellings(db, query)}
        hit = any(word.casefold() in spelled.replace("(", " ").replace(")", " ").split() for spelled in found)
        given += hit
        right += hit and same == "1"
        if hit and same == "0":
            wrong.append((query, word))
        if not hit and same == "1":
            missed.append((query, word))
    print(wrong, missed)
    assert len(PAIRS) >= 100
    assert right / given >= 0.95, wrong
    assert right / sum(same == "1" for *_, same in PAIRS) >= 0.9, missed


def test_nothing_counts_by_another_spelling(db: Database) -> None:
    for query in ("Токаев", "Кокшетау Касым"):
        assert other_spellings(db, query) or " " in query
        assert count_hits(db, query) == 0
        assert search(db, query) == []
        assert list(kwic(db, query)) == []
        assert sum(period.hits for period in hits_over(db, query)) == 0


@pytest.mark.parametrize(
    ("query", "spelled"),
    [
        ("Токаевтың", ["Тоқаев"]),
        ("ТОКАЕВ", ["ТОҚАЕВ"]),
        ("«Токаев туралы»", ["«Тоқаев туралы»"]),
        ("ауданда токаев -Касым", ["ауданда тоқаев -Касым"]),
        ("title:Токаев", []),
        ("Токаев OR Касым", ["Тоқаев OR Қасым"]),
        ("Тока*", []),
        ("Tokaev", []),
        ("", []),
    ],
)
def test_the_rest_of_a_query_stays_as_it_is(db: Database, query: str, spelled: list[str]) -> None:
    found = [spelling.query for spelling in other_spellings(db, query)]
    assert [q.replace("Тоқаева", "Тоқаев").replace("ТОҚАЕВА", "ТОҚАЕВ") for q in found] == spelled
