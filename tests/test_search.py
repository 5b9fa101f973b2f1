"""Search over a small archive: what finds what, in which order, and how a hit looks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Author
from newsarchive.search import FilterError, count_hits, facets, hits_over, kwic, plain, query_notices, search, suggest
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITES = {
    "tan": Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty"),
    "vest": Site(name="vest", title="Весть", url="https://vest.example/", language="ru", timezone="UTC"),
}


def add(db: Database, slug: str, title: str, body: str, **fields: object) -> int:
    site = SITES[str(fields.pop("site", "tan"))]
    authors = tuple(Author(name=name, as_written=name) for name in fields.pop("authors", ()))  # type: ignore[attr-defined]
    fields.setdefault("language", site.language)
    article = Article(url=f"{site.url}{slug}/", site=site.name, title=title, body=body, authors=authors, **fields)  # type: ignore[arg-type]
    search_text = make_search_text(
        title=title, lead=article.lead, body=body, authors=[a.name for a in authors], language=article.language
    )
    saved = save_article(
        db,
        article,
        site=site,
        urls=[article.url],
        provenance=Provenance(time="2025-03-01T00:00:00Z"),
        search_text=search_text,
    )
    return saved.article


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_archive(tmp_path)
    for site in SITES.values():
        save_site(db, site)
    yield db
    db.close()


@pytest.fixture
def news(db: Database) -> dict[str, int]:
    return {
        "school": add(
            db,
            "school",
            "Жаңа мектеп ашылды",
            "Ауданда үш жүз орындық мектеп бой көтерді.\n\nБалалар қуанып жүр.",
            published="2025-02-18T09:00:00Z",
            authors=["Аида Рахымқұлова"],
            categories=("Білім",),
            tags=("мектеп", "құрылыс"),
        ),
        "pupils": add(
            db,
            "pupils",
            "Оқушылар жарысы",
            "Қаладағы мектептерден жүзге жуық оқушы келді. Жарыс екі күнге созылды.",
            published="2025-01-10T09:00:00Z",
            authors=["Ерлан Сәдуақас"],
            categories=("Спорт",),
        ),
        "river": add(
            db,
            "river",
            "Нұра өзені тасыды",
            "Су деңгейі көтерілді, Нұра өзенінің арнасы кеңіді. Тұрғындар көшірілді.",
            published="2024-04-02",
            categories=("Оқиға",),
        ),
        "latin": add(
            db,
            "latin",
            "Qala jańalyqtary",
            "Oblys ortalyǵynda kitaphana ashyldy.",
            language="kk-Latn",
            published="2024-05-05T00:00:00Z",
        ),
        "typed": add(
            db, "typed", "Пiкiр", "Оқырман пiкiрi мен маман\u00ad\u0434ық туралы.", published="2023-06-01T00:00:00Z"
        ),
        "russian": add(
            db,
            "russian",
            "В школах ремонт",
            "Ремонт идёт в десяти школах города, сообщили в акимате.",
            site="vest",
            published="2024-07-01T20:30:00Z",
        ),
    }


def found(db: Database, query: str, **options: object) -> list[int]:
    return [hit.id for hit in search(db, query, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("мектеп", ["school", "pupils"]),
        ("мектептерінің", ["school", "pupils"]),
        ("мектепте оқушылар", ["pupils"]),
        ("«Нұра өзені»", ["river"]),
        ('"өзені Нұра"', []),
        ('"мектептің"', []),
        ("мектеп -оқушы", ["school"]),
        ("оқу*", ["pupils"]),
        ("title:мектеп", ["school"]),
        ("title:(мектеп OR өзен)", ["school", "river"]),
        ("author:сәдуақас", ["pupils"]),
        ("author:Рахымқұлова мектеп", ["school"]),
        ("кітапхана", ["latin"]),
        ("кітапханаға", ["latin"]),
        ("jańalyq", ["latin"]),
        ("jylqy OR жаңалықтар", ["latin"]),
        ("пікір", ["typed"]),
        ("пiкiр", ["typed"]),
        ("мамандық", ["typed"]),
        ("mektep", ["school", "pupils"]),
        ("школа", ["russian"]),
        ("өзен OR школы", ["river", "russian"]),
        ("(өзен OR мектеп) -тасыды", ["school", "pupils"]),
        ("tag:мектеп", ["school"]),
        ("tag:құрылыстың", ["school"]),
        ("tag:құр*", ["school"]),
        ("tag:оқушы", []),
        ("Тег:мектеп", ["school"]),
        ("category:спорт", ["pupils"]),
        ("рубрика:спорт OR category:оқиға", ["pupils", "river"]),
        ("category:(спорт OR оқиға) -тасыды", ["pupils"]),
        ("мектеп -category:спорт", ["school"]),
        ("мектеп (category:спорт OR құрылыс)", ["pupils"]),
        ("өзен OR (мектеп category:спорт)", ["pupils", "river"]),
        ("-tag:мектеп -language:ru", ["pupils", "river", "latin", "typed"]),
        ("site:vest", ["russian"]),
        ("site:Весть ремонт", ["russian"]),
        ("lang:kk мектеп", ["school", "pupils"]),
        ("title: мектеп", ["school"]),
        ("body:мектеп", ["school", "pupils"]),
        ("қаладағы NEAR/2 мектеп", ["pupils"]),
        ("мектеп NEAR/1 қаладағы", ["pupils"]),
        ("мектеп NEAR/2 оқушы", []),
        ("мектеп NEAR/4 оқушы", ["pupils"]),
        ("мектеп NEAR оқушы -жарыс", []),
        ("оқу* near/4 мектептерден", ["pupils"]),
        ("(өзен OR мектеп) NEAR/1 (қаладағы OR нұра)", ["pupils", "river"]),
        ("«су деңгейі» NEAR/2 «Нұра өзенінің»", ["river"]),
        ("title:(нұра NEAR/1 өзен)", ["river"]),
        ("title:су NEAR/3 деңгей", []),
        ("қаладағы NEAR/1 мектеп NEAR/5 оқушы", ["pupils"]),
        ("қаладағы NEAR/1 мектеп NEAR/2 оқушы", []),
        ("NEAR(қаладағы мектеп, 2)", ["pupils"]),
        ("мектеп -(қаладағы NEAR/2 мектеп)", ["school"]),
        ("су OR (қаладағы NEAR/2 мектеп)", ["pupils", "river"]),
        ("қаладағы NEAR/99999999999999999999 жарыс", ["pupils"]),
        ("NEAR/3 мектеп", ["school", "pupils"]),
        ("мектеп NEAR/3", ["school", "pupils"]),
        ('ремонт "идёт в десяти', ["russian"]),
        ("blurb:ремонт", ["russian"]),
    ],
)
def test_a_query_finds(db: Database, news: dict[str, int], query: str, names: list[str]) -> None:
    assert sorted(found(db, query)) == sorted(news[name] for name in names)
    assert count_hits(db, query) == len(names)


def test_the_very_word_comes_before_other_forms_of_it(db: Database) -> None:
    forms = add(db, "forms", "Тақырып", "мектебі мектебі мектебі мектебі", published="2025-01-01")
    word = add(
        db, "word", "Тақырып", "Бұл мәтінде мектеп бір-ақ рет кездеседі, қалғаны басқа жай.", published="2020-01-01"
    )
    assert [(hit.id, hit.matched) for hit in search(db, "мектеп")] == [(word, "word"), (forms, "stem")]


@pytest.mark.parametrize(
    "query",
    ['"', '""', "*", "-", "--", "()", "((", "a:b:c", "title:", "title:*", "NEAR(", "a AND", "OR", "NOT", "a NOT", "^а",
     "{x}", "'", "а'б", "\\", "\x00", "title:(", "-(", '-"', "а + б", "rowid:1", "мект* *", "%", "«", "ǂ", "a | b", "😀",
     "tag:", "tag:'", "site:'x", "language:\"a'b", "tag:* NEAR/2 а", "NEAR", "NEAR/0", "а NEAR/0 б", "NEAR()",
     "NEAR(а, 3)", "(а NEAR/2 б) NEAR/3 (в OR tag:г)", "-а NEAR/2 б", "title:tag:су", "tag:title:су", "а NEAR/2 (-б)"],
)  # fmt: skip
def test_no_query_is_an_error(db: Database, news: dict[str, int], query: str) -> None:
    search(db, query)
    count_hits(db, query)
    facets(db, query)
    list(kwic(db, query))
    for order in ("newest", "oldest"):
        search(db, query, order=order)


@pytest.mark.parametrize(
    "query",
    ["(" * 10 + "өзен" + ")" * 10, "((өзен б) OR в -" * 5 + "г" + ")" * 5, "(а OR " * 10 + "в" + ")" * 10,
     "title:(а (б OR title:(в -author:(г author:(ы -(жа* \"бір екі\" 5-сынып))))))", "(а -(б OR мектепке е*" * 5 + "))" * 5,
     " ".join(f"-(сөз{i} OR басқа{i} title:жер{i}* қала{i})" for i in range(70)), " OR ".join(f"сөз{i}" for i in range(300)),
     " ".join(f"мектепке{i}" for i in range(300)), "-".join(f"сөз{i}" for i in range(300)), "а" * 20_000, ") " * 3000],
)  # fmt: skip
def test_the_largest_queries_that_are_read_can_be_run(db: Database, news: dict[str, int], query: str) -> None:
    search(db, query)
    search(db, query, order="newest")
    list(kwic(db, query))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("(" * 11 + "өзен" + ")" * 11, "11 levels of parentheses; at most 10"),
        ("(" * 50_000, "50000 levels of parentheses"),
        (" ".join(["өзен"] * 301), "301 words; at most 300"),
        ('"' + "өзен " * 301, "301 words"),
        ("а" + " NEAR/2 а" * 6, "6 NEAR operators; at most 5"),
        ("tag:а " * 21, "21 categories, tags, sites and languages; at most 20"),
        ("өзен-" * 301, "301 words"),
    ],
)
def test_absurd_queries_are_refused_with_a_sentence(db: Database, query: str, sentence: str) -> None:
    for ask in (search, count_hits, facets, hits_over):
        with pytest.raises(FilterError, match=sentence):
            ask(db, query)


def test_any_combination_of_the_syntax_is_a_query(db: Database, news: dict[str, int]) -> None:
    pieces = ["мектеп", "су*", '"', "«Нұра", "»", "(", ")", "-", " ", "OR", "NOT", "NEAR/2", "NEAR(", ",", "tag:", "title:",
              "site:", "foo:", ":", "*", "'", "\x00", "ǂ", "5", "қала", " AND ", "category:(", "/", "\u0301", "😀"]  # fmt: skip
    chance, refused = random.Random(20), []
    for _ in range(300):
        query = "".join(chance.choices(pieces, k=chance.randint(1, 12)))
        try:
            hits = search(db, query, order=chance.choice(("rank", "newest")))
            assert len(hits) == min(20, count_hits(db, query)), query
            list(kwic(db, query, limit=3))
        except FilterError as error:
            refused.append(str(error))
        query_notices(query)
    assert all(sentence.endswith("allowed.") for sentence in refused)


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("blurb:су", ["field"]),
        ("tag:су title:өзен Астана:қала 18:30 https://tan.example/су", []),
        ("газет:таң", ["field"]),
        ('су "өзен жол', ["quote"]),
        ("«су", ["quote"]),
        ('"су" «өзен» „жол“ ""', []),
        ("мек*п", ["star"]),
        ("мек*", []),
    ],
)
def test_what_a_query_may_not_mean_is_told(query: str, kinds: list[str]) -> None:
    assert [notice.kind for notice in query_notices(query)] == kinds


def test_words_that_are_everywhere_are_compared_with_their_neighbours_only(db: Database) -> None:
    add(db, "long", "Тақырып", "су ал жол да " * 3000, published="2020-01-01")
    thousands = []
    db.conn.set_progress_handler(lambda: thousands.append(1) and None, 1000)
    assert count_hits(db, "су NEAR/2 жол") == 1
    assert count_hits(db, "су NEAR/1 жол") == 0
    db.conn.set_progress_handler(None, 0)
    assert len(thousands) < 5000, "every position was compared with every other"


def test_only_places_where_words_are_near_each_other_are_in_a_concordance(db: Database, news: dict[str, int]) -> None:
    add(
        db, "far", "Тақырып", "Мектеп ашылды. Бір, екі, үш. Қаладағы мектеп жаңа, ал ауыл ескі.", published="2020-01-01"
    )
    lines = [line.keyword for line in kwic(db, "қаладағы NEAR/1 мектеп", order="oldest")]
    assert lines == ["Қаладағы", "мектеп", "Қаладағы", "мектептерден"]


def test_what_is_left_out_within_parentheses_is_left_out(db: Database, news: dict[str, int]) -> None:
    assert set(found(db, "(мектеп OR өзен) (-тасыды)")) == set(found(db, "(мектеп OR өзен) -тасыды"))


def test_a_query_that_only_leaves_out_gives_all_others(db: Database, news: dict[str, int]) -> None:
    assert set(found(db, "-мектеп")) == set(news.values()) - {news["school"], news["pupils"]}


def test_an_empty_query_lists_articles_newest_first(db: Database, news: dict[str, int]) -> None:
    assert found(db, "", limit=2) == [news["school"], news["pupils"]]
    assert found(db, "", order="oldest", limit=1) == [news["typed"]]


def test_a_snippet_marks_the_form_that_stands_in_the_text(db: Database, news: dict[str, int]) -> None:
    hits = {hit.id: hit for hit in search(db, "мектеп")}
    assert plain(hits[news["pupils"]].snippet, before="[", after="]").startswith("Қаладағы [мектептерден] жүзге")
    assert plain(hits[news["school"]].title_parts, before="[", after="]") == "Жаңа [мектеп] ашылды"


def test_a_snippet_marks_words_with_soft_hyphens_and_in_latin_script(db: Database, news: dict[str, int]) -> None:
    assert "[маман\u00ad\u0434ық]" in plain(search(db, "мамандық")[0].snippet, before="[", after="]")
    assert "[kitaphana]" in plain(search(db, "кітапхана")[0].snippet, before="[", after="]")


def test_a_phrase_is_marked_as_a_whole(db: Database, news: dict[str, int]) -> None:
    (hit,) = search(db, '"су деңгейі"')
    assert [part.text for part in hit.snippet if part.marked] == ["Су деңгейі"]


def test_a_long_text_is_cut_around_its_hits(db: Database) -> None:
    add(db, "long", "Ұзақ", " ".join(["сөз"] * 500 + ["теңіз", "толқыны"] + ["сөз"] * 500), published="2025-01-01")
    text = plain(search(db, "теңіз толқын")[0].snippet, before="[", after="]")
    assert "[теңіз] [толқыны]" in text
    assert text.startswith("… сөз")
    assert text.endswith("сөз …")
    assert len(text) < 250


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"site": "vest"}, ["russian"]),
        ({"author": "аида рахымқұлова"}, ["school"]),
        ({"category": "Спорт"}, ["pupils"]),
        ({"tag": "құрылыс"}, ["school"]),
        ({"language": "ru"}, ["russian"]),
        ({"since": "2025"}, ["school", "pupils"]),
        ({"until": "2023"}, ["typed"]),
        ({"since": "2024-04", "until": "2024-05"}, ["river", "latin"]),
        ({"since": "2025-02-18", "until": "2025-02-18"}, ["school"]),
        ({"author": "Жоқ Адам"}, []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("few", [0, 300])
def test_filters_narrow(
    db: Database,
    news: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    filters: dict[str, str],
    names: list[str],
    few: int,
) -> None:
    monkeypatch.setattr("newsarchive.search.conditions.FEW", few)
    assert sorted(found(db, "", **filters)) == sorted(news[name] for name in names)
    assert sorted(found(db, "мектеп OR школа OR өзен OR кітапхана OR пікір", **filters)) == sorted(
        news[name] for name in names
    )


@pytest.mark.parametrize("day", ["2025-13", "кеше", "2025-02-30", "18.02.2025", "0000"])
def test_a_wrong_day_is_named(db: Database, day: str) -> None:
    with pytest.raises(FilterError, match=day):
        search(db, "", since=day)


def test_a_wrong_order_is_named(db: Database) -> None:
    with pytest.raises(FilterError, match="rank, newest or oldest"):
        search(db, "су", order="date")


def test_the_day_of_the_site_counts_not_that_of_utc(db: Database) -> None:
    late = add(db, "late", "Түнгі хабар", "Мәтін", published="2025-02-18T20:30:00Z")
    assert found(db, "хабар", since="2025-02-19", until="2025-02-19") == [late]


def test_newest_and_oldest_follow_the_time_of_publication(db: Database) -> None:
    times = ["2025-01-02T10:00:00Z", "2025-01-02T09:00:00Z", "2024-12-31", "2025-01-02T10:00:01Z"]
    ids = [add(db, f"n{i}", "Хабар", "Мәтін", published=time) for i, time in enumerate(times)]
    assert found(db, "хабар", order="newest") == [ids[3], ids[0], ids[1], ids[2]]
    assert found(db, "хабар", order="oldest", limit=2, offset=1) == [ids[1], ids[0]]


def test_articles_of_the_same_second_are_all_found(db: Database) -> None:
    ids = {add(db, f"same{i}", "Хабар", f"Мәтін {i}", published="2025-01-02") for i in range(70)}
    assert set(found(db, "хабар", order="newest", limit=100)) == ids


def test_a_new_revision_is_found_by_its_new_words_and_day(db: Database) -> None:
    first = add(db, "rev", "Бірінші", "Ескі сөйлем", published="2025-01-02")
    assert add(db, "rev", "Екінші", "Жаңа сөйлем", published="2020-01-02") == first
    assert found(db, "ескі") == []
    assert found(db, "жаңа", until="2020") == [first]
    db.conn.execute("insert into stems_fts(stems_fts) values ('integrity-check')")


def test_deleted_articles_are_found_and_marked(db: Database, news: dict[str, int]) -> None:
    db.conn.execute("update articles set gone = '2025-03-02T00:00:00Z' where id = ?", [news["river"]])
    assert search(db, "өзен")[0].gone == "2025-03-02T00:00:00Z"


def test_pages_of_hits_do_not_overlap(db: Database) -> None:
    ids = [add(db, f"p{i}", "Хабар", "сөз " * (i + 1), published=f"2025-01-{i + 1:02}") for i in range(25)]
    pages = [found(db, "хабар сөз", limit=10, offset=offset) for offset in (0, 10, 20)]
    assert sorted(article for page in pages for article in page) == sorted(ids)


def test_ranking_stays_whole_where_more_is_found_than_is_ranked(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsarchive.search.hits.RANKED", 5)
    ids = [add(db, f"c{i}", "Мәтін", "сөз " * (i % 3 + 1), published=f"2025-01-{i + 1:02}") for i in range(25)]
    titled = add(db, "titled", "Сөз", "Басқа", published="2001-01-01")
    ranked = found(db, "сөз", limit=100)
    assert ranked[0] == titled
    assert sorted(ranked[1:]) == sorted(ids)
    assert found(db, "сөз", limit=10, offset=7) == ranked[7:17]


def test_left_out_words_are_left_out_of_what_the_title_finds(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsarchive.search.hits.RANKED", 1)
    wanted = [add(db, f"x{i}", "Сөз", "Мәтін", published=f"2025-01-0{i + 1}") for i in range(4)]
    add(db, "other", "Сөз", "Басқа мәтін", published="2025-02-01")
    assert sorted(found(db, "сөз -басқа")) == wanted


@pytest.mark.parametrize(("most", "many"), [(400, 100_000), (10_000, 0), (3, 0)])
def test_a_prefix_of_many_words_finds_all_of_them(
    db: Database, monkeypatch: pytest.MonkeyPatch, most: int, many: int
) -> None:
    monkeypatch.setattr("newsarchive.search.selection.MOST_WORDS", most)
    monkeypatch.setattr("newsarchive.search.selection.MANY_ARTICLES", many)
    texts = [" ".join(f"сан{i}{j}ыншы" for j in range(20)) for i in range(30)]
    ids = [add(db, f"w{i}", "Тізім", text, published="2025-01-01") for i, text in enumerate(texts)]
    assert sorted(found(db, "сан*", limit=100)) == sorted(ids)
    assert "[сан00ыншы]" in plain(search(db, "сан*", order="oldest")[0].snippet, before="[", after="]")


def test_prefixes_are_suggested_for_what_is_not_found(db: Database, news: dict[str, int]) -> None:
    assert found(db, "мекте жары") == []
    assert suggest(db, "мекте жары") == "мекте* жары*"
    assert suggest(db, "жоқтықтан") == ""


def test_facets_count_values_among_hits(db: Database, news: dict[str, int]) -> None:
    result = facets(db, "мектеп OR школа")
    assert [tuple(f) for f in result["site"]] == [("tan", 2), ("vest", 1)]
    assert [tuple(f) for f in result["year"]] == [("2024", 1), ("2025", 2)]
    assert [tuple(f) for f in result["category"]] == [("Білім", 1), ("Спорт", 1)]
    assert [tuple(f) for f in result["language"]] == [("kk", 2), ("ru", 1)]
    assert {f.value for f in result["author"]} == {"Аида Рахымқұлова", "Ерлан Сәдуақас"}


def test_hits_over_time_have_their_share_of_all_articles(db: Database, news: dict[str, int]) -> None:
    rows = hits_over(db, "мектеп", by="year")
    assert [tuple(row) for row in rows] == [("2023", 0, 1, 0.0), ("2024", 0, 3, 0.0), ("2025", 2, 2, 1.0)]
    assert [row.period for row in hits_over(db, "мектеп", by="month", site="tan", since="2025")] == [
        "2025-01",
        "2025-02",
    ]
    assert hits_over(db, "өзен", by="day", until="2024-04")[-1].period == "2024-04-02"


def test_an_unknown_period_is_named(db: Database) -> None:
    with pytest.raises(FilterError, match="day, month or year"):
        hits_over(db, "су", by="week")


def test_keywords_stand_in_their_context(db: Database, news: dict[str, int]) -> None:
    lines = [(line.left, line.keyword, line.right) for line in kwic(db, "мектеп", words=2)]
    assert lines == [("жүз орындық", "мектеп", "бой көтерді."), ("Қаладағы", "мектептерден", "жүзге жуық")]


def test_keywords_in_context_stop_at_the_limit(db: Database, news: dict[str, int]) -> None:
    assert len(list(kwic(db, "мектеп", limit=1))) == 1


def test_a_word_in_the_headline_weighs_more_than_in_the_text(db: Database) -> None:
    """And a name among the authors lies between: the weights are those of title, authors and text, in this order."""
    rest = "Ауданда биыл жаңа жол салынды, тұрғындар риза болды. " * 3
    add(db, "text", "Жол", f"Тасқын келді. {rest}", published="2025-03-03")
    add(db, "headline", "Тасқын", f"Су келді. {rest}", published="2025-03-01")
    add(db, "author", "Жол", f"Су келді. {rest}", authors=["Тасқын"], published="2025-03-02")
    found = [hit.url.rsplit("/", 2)[1] for hit in search(db, "тасқын")]
    assert found == ["headline", "author", "text"]


def test_what_ranks_the_same_comes_newest_first(db: Database) -> None:
    for day in (3, 1, 2):
        add(db, f"day-{day}", "Тасқын келді", "Су деңгейі көтерілді.", published=f"2025-03-0{day}T05:00:00Z")
    hits = search(db, "тасқын")
    assert len({hit.score for hit in hits}) == 1
    assert [hit.day for hit in hits] == ["2025-03-03", "2025-03-02", "2025-03-01"]
    assert [hit.day for hit in search(db, "тасқын", limit=1, offset=1)] == ["2025-03-02"]
