"""Search over several archives: the answers of one archive that holds all their articles."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from newsarchive.database import open_archive, read_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Author
from newsarchive.search import FilterError, count_hits, facets, hits_over, kwic, other_spellings, search, suggest
from newsarchive.search.expressions import Expression
from newsarchive.search.several import Archives, Part
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITES = [
    Site(name=name, title=name, url=f"https://{name}.example/", language=language, timezone=zone)
    for name, language, zone in (("arqa", "kk", "Asia/Almaty"), ("bastau", "kk", "UTC"), ("vesti", "ru", "UTC"))
]
WORDS = {
    language: text.split()
    for language, text in {
        "kk": "мектеп мектептің мектепте оқушы оқушылар су судың жол жолдың ауыл ауылда қала қалада өзен өзенінің"
        " жаңа үй көпір көпірдің тасқын егін екі үш балалар әкім",
        "ru": "школа школы река реки дорога дороги новый мост село села паводок урожай аким дети детей",
    }.items()
}
NAMES = ("Аида Бек", "Ерлан Сәду", "Иван Петров")
ARTICLES = 160


def articles() -> list[tuple[Site, Article]]:
    """Articles of three sites of unequal size, each with a time of its own."""
    chance, start, made = random.Random(11), datetime(2024, 1, 1, tzinfo=UTC), []
    for number in range(ARTICLES):
        site = chance.choices(SITES, weights=(6, 3, 1))[0]
        words = WORDS[site.language]
        weights = [1 / (rank + 1) for rank in range(len(words))]
        body = " ".join(chance.choices(words, weights, k=chance.randint(15, 90)))
        made.append(
            (
                site,
                Article(
                    url=f"{site.url}{number}/",
                    site=site.name,
                    title=" ".join(chance.choices(words, k=4)).capitalize(),
                    body=body,
                    language=site.language,
                    authors=(Author(name=(name := chance.choice(NAMES)), as_written=name),),
                    categories=(chance.choice(("Білім", "Спорт")),),
                    tags=(chance.choice(words),),
                    published=f"{start + timedelta(minutes=2171 * number):%Y-%m-%dT%H:%M:%SZ}",
                ),
            )
        )
    return made


def store(folder: Path, found: list[tuple[Site, Article]]) -> None:
    db = open_archive(folder)
    for site in {site.name: site for site, _ in found}.values():
        save_site(db, site)
    with db.atomic():
        for site, article in found:
            text = make_search_text(
                title=article.title,
                lead=article.lead,
                body=article.body,
                authors=[author.name for author in article.authors],
                language=article.language,
            )
            provenance = Provenance(time="2025-03-01T00:00:00Z")
            save_article(db, article, site=site, urls=[article.url], provenance=provenance, search_text=text)
    db.close()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, found = tmp_path_factory.mktemp("several"), articles()
    store(folder / "one", found)
    for site in SITES:
        store(folder / site.name, [each for each in found if each[0] == site])
    return folder


@pytest.fixture(scope="module")
def one(stored: Path) -> Iterator[Database]:
    db = read_archive(stored / "one")
    yield db
    db.close()


def several_of(stored: Path) -> Archives:
    parts = [stored / site.name for site in SITES]
    return Archives(Part(folder.name, folder, read_archive(folder, any_thread=True)) for folder in reversed(parts))


@pytest.fixture(scope="module")
def several(stored: Path) -> Iterator[Archives]:
    with several_of(stored) as archives:
        yield archives


def queries() -> list[str]:
    chance, made = random.Random(5), []
    every = [*WORDS["kk"], *WORDS["ru"]]
    shapes = (
        "{0}", "{0} {1}", "{0} OR {1}", '"{0} {1}"', "{0} -{1}", "{0}*", "title:{0}", "({0} OR {1}) {2}", "{0}-{1}",
        "title:{0} {1}", "{0} -title:{1}", "title:({0} OR {1}) -{2}", "({0} {1}) OR {2}", "{0} {0}", "-{0}", "{0} -({1} {2})",
        '"{0} {1}" OR ({2} -{3})', "author:Аида {0}", "{0} OR ({1} author:Иван)", "{0} zzz", "{0} OR zzz",
        "{0} NEAR/2 үй", "tag:{0}", "site:vesti {0}", "{0} OR category:Спорт", "{0} -tag:{1}",
    )  # fmt: skip
    for number in range(126):
        language = chance.choice((WORDS["kk"], WORDS["kk"], WORDS["ru"], every))
        made.append(shapes[number % len(shapes)].format(*chance.choices(language, k=4)))
    return made


def shown(hits: list[Any]) -> list[dict[str, Any]]:
    """Hits without the numbers that an archive gives its articles, and their scores without the last digits."""
    return [{**asdict(hit), "id": 0, "score": round(hit.score, 4)} for hit in hits]


@pytest.mark.parametrize(
    ("ranked", "many", "step"), [(10_000, 100_000, 1), (30, 1, 4), (7, 100_000, 4)], ids=["all", "batches", "small"]
)
def test_ranked_hits_are_those_of_one_archive(
    one: Database, several: Archives, monkeypatch: pytest.MonkeyPatch, ranked: int, many: int, step: int
) -> None:
    monkeypatch.setattr("newsarchive.search.hits.RANKED", ranked)
    monkeypatch.setattr("newsarchive.search.selection.MANY_ARTICLES", many)
    monkeypatch.setattr("newsarchive.search.several.places.FEW", 5)
    asked = queries()[::step]
    different = [query for query in asked if shown(search(several, query)) != shown(search(one, query))]
    # SQLite 3.40 loses a phrase of the very article at which the excluded part of an expression ends, in rare cases.
    assert len(different) <= len(asked) / 50, different
    for query in ("су", "мектеп OR жол", "школа"):
        assert shown(search(several, query, limit=300)) == shown(search(one, query, limit=300))
        assert shown(search(several, query, offset=15)) == shown(search(one, query, offset=15))


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_hits_by_date_are_those_of_one_archive(
    one: Database, several: Archives, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr("newsarchive.search.several.places.FEW", 5)
    for query in ("", "су", "мектеп -жол", "-су"):
        for offset in (0, 3, 60):
            found = search(several, query, order=order, limit=30, offset=offset)
            assert shown(found) == shown(search(one, query, order=order, limit=30, offset=offset))


FILTERS: list[dict[str, str]] = [
    {},
    {"site": "arqa"},
    {"author": "Аида Бек"},
    {"author": "АИДА БЕК"},
    {"category": "Спорт", "since": "2024-02"},
    {"tag": "су", "until": "2024-05-01"},
    {"language": "ru"},
    {"site": "nothing"},
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_counts_are_those_of_one_archive(
    one: Database, several: Archives, monkeypatch: pytest.MonkeyPatch, filters: Any
) -> None:
    for query in ("", "су", "мектеп OR школа", "zzz"):
        assert shown(search(several, query, **filters)) == shown(search(one, query, **filters))
        assert count_hits(several, query, **filters) == count_hits(one, query, **filters)
        for by in ("day", "month", "year"):
            assert hits_over(several, query, by=by, **filters) == hits_over(one, query, by=by, **filters)
        for most in (50_000, 20):
            monkeypatch.setattr("newsarchive.search.counts.COUNTED", most)
            fields = ("site", "year", "category", "author", "language", "tag")
            assert facets(several, query, fields=fields, **filters) == facets(one, query, fields=fields, **filters)


def test_lines_and_suggestions_are_those_of_one_archive(one: Database, several: Archives) -> None:
    def lines(db: Any, **options: Any) -> list[Any]:
        return [line._replace(article=0) for line in kwic(db, "су OR реки", **options)]

    assert lines(several) == lines(one)
    assert lines(several, order="oldest", limit=17, words=2) == lines(one, order="oldest", limit=17, words=2)
    assert suggest(several, "мекте") == suggest(one, "мекте") == "мекте*"
    assert suggest(several, "ыыы") == ""
    assert other_spellings(several, "Ерлан Саду") == other_spellings(one, "Ерлан Саду")
    assert other_spellings(several, "Саду")[0].query == "Сәду"


def test_equal_hits_are_in_the_order_of_their_archives(tmp_path: Path) -> None:
    article = {"title": "Су", "body": "Су келді.", "language": "kk", "published": "2024-01-01T00:00:00Z"}
    for site in SITES:
        store(tmp_path / site.name, [(site, Article(url=f"{site.url}1/", site=site.name, **article))])  # type: ignore[arg-type]
    with several_of(tmp_path) as archives:
        for order in ("rank", "newest"):
            assert [hit.site for hit in search(archives, "су", order=order)] == ["vesti", "bastau", "arqa"]
        assert [hit.site for hit in search(archives, "су", order="oldest")] == ["arqa", "bastau", "vesti"]


def test_an_embargo_counts_from_the_next_query(stored: Path, tmp_path: Path) -> None:
    found = [each for each in articles() if each[0].name == "vesti"]
    store(tmp_path / "arqa", found[:3])
    store(tmp_path / "bastau", [])
    store(tmp_path / "vesti", found[3:])
    with several_of(tmp_path) as archives:
        before = count_hits(archives)
        newest = search(archives, "", order="newest", limit=1)[0]
        db = open_archive(tmp_path / "vesti")
        embargo_article(db, newest.id, until=date(2999, 1, 1))
        db.close()
        assert count_hits(archives) == before - 1
        assert newest.url not in {hit.url for hit in search(archives, "", limit=1000)}
        assert newest.url not in {hit.url for hit in search(archives, "школа OR река OR дети", limit=1000)}
        assert sum(facet.hits for facet in facets(archives)["author"]) == before - 1
        assert sum(period.hits for period in hits_over(archives)) == before - 1


def test_a_name_that_one_archive_has_as_written_stands_for_itself(tmp_path: Path) -> None:
    for site, name in zip(SITES, ("Аида Бек", "АИДА БЕК", "Иван Петров"), strict=True):
        author = (Author(name=name, as_written=name),)
        store(
            tmp_path / site.name,
            [(site, Article(url=f"{site.url}1/", site=site.name, title="Су", body="Су келді.", authors=author))],
        )
    with several_of(tmp_path) as archives:
        assert [hit.site for hit in search(archives, author="Аида Бек")] == ["arqa"]
        assert sorted(hit.site for hit in search(archives, author="аида бек")) == ["arqa", "bastau"]


def test_no_archive_has_no_hits() -> None:
    with Archives([]) as archives:
        assert search(archives, "су") == []
        assert count_hits(archives) == 0
        assert list(kwic(archives, "су")) == []
        assert facets(archives)["site"] == []
        assert hits_over(archives, "су") == []
        assert suggest(archives, "су") == ""


def test_wrong_filters_are_refused(several: Archives) -> None:
    for wrong in ({"since": "gestern"}, {"until": "2024-13"}):
        with pytest.raises(FilterError):
            search(several, "су", **wrong)  # type: ignore[arg-type]
    with pytest.raises(FilterError, match="Unknown order"):
        search(several, "су", order="best")
    with pytest.raises(FilterError, match="Unknown period"):
        hits_over(several, "су", by="week")


@pytest.mark.parametrize(
    ("present", "counting"),
    [(0b0001, 0b0001), (0b0011, 0b0001), (0b0111, 0b0111), (0b0110, 0b0110), (0b1111, 0), (0b0010, 0)],
)
def test_phrases_count_where_their_part_matches(present: int, counting: int) -> None:
    expression = Expression.read('("a" OR ("b") AND ("c")) NOT ("d e" *)')
    assert expression.phrases == ['"a"', '"b"', '"c"', '"d e" *']
    assert expression.counting(present) == counting


def test_columns_limit_all_phrases_in_them() -> None:
    text = '{title} : ("a" OR ({title} : ("b")) AND ({authors} : ("c" *))) AND "d"'
    assert Expression.read(text).phrases == ['{title} : "a"', '{title} : "b"', "", '"d"']
