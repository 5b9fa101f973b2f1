"""What compares and counts the texts of a collection: the answers of one archive that holds everything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from newsarchive.cli import cli
from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection
from newsarchive.collection.parting import split_archive
from newsarchive.corpus.collocations import collocations
from newsarchive.database import open_archive, save_article
from newsarchive.database.embargoes import embargo_article, lift_embargo
from newsarchive.database.removal import remove_article
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article
from newsarchive.reprints import update_reprints
from newsarchive.search.several import Reading
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text
from tests.test_browse_collection import entries, links, visiting, words
from tests.test_collection import publish
from tests.test_search_several import SITES, articles, store

ARQA, BASTAU, VESTI = SITES
Run = Callable[..., Result]
LONG = (
    "Нұра өзенінің бойындағы жаңа көпір биыл күзде ашылады. Құрылысқа облыс бюджетінен үш миллиард теңге бөлінді."
    " «Көпір екі ауылдың балаларын мектепке жақын жолмен апарады, сондықтан біз оны күттік», – деді ауыл әкімі Асан Бек."
    " Бұрын тұрғындар өзеннен қайықпен өтетін, ал көктемде жол мүлде жабылатын. Жұмысты қалалық мекеме жүргізеді."
)
KAZAKH = "Кеше Қасым Тоқаев Астанаға келді. Жиынға Ерлан Қошанов пен 120 адам қатысты. Оған 45 млн теңге бөлінді."
RUSSIAN = "Вчера Касым Токаев приехал в Астану. В собрании были Ерлан Кошанов и 120 человек. Выделили 45 млн тенге."
START = datetime(2025, 3, 1, tzinfo=UTC)


def article(site: Site, number: int, title: str, body: str, **more: Any) -> tuple[Site, Article]:
    published = f"{START + timedelta(minutes=977 * number):%Y-%m-%dT%H:%M:%SZ}"
    fields = {"language": site.language, "published": published, **more}
    return site, Article(url=f"{site.url}x{number}/", site=site.name, title=title, body=body, **fields)


SPECIAL = [
    article(BASTAU, 1, "Көпір ашылады", LONG),
    article(ARQA, 2, "Жаңа көпір", LONG[: LONG.index(" Жұмысты")]),
    article(VESTI, 3, "Көпір туралы", "Бізге жеткен хабар. " + LONG, language="kk"),
    article(ARQA, 4, "Тасқын", "Ауылда су тасыды. Әкім екі жүз үйді көшірді."),
    article(ARQA, 6, "Тоқаев Астанада", KAZAKH),
    article(VESTI, 7, "Токаев в Астане", RUSSIAN),
    article(VESTI, 5, "Новый мост", "Мост через реку построит мэрия. Аким сказал о сроках."),
]
EDITED = {
    SPECIAL[3][1].url: "Ауылда су тасыды. Әкім үш жүз үйді көшірді.",
    SPECIAL[6][1].url: "Мост через реку построит область. Аким сказал о сроках.",
}


def edit(folder: Path) -> None:
    db = open_archive(folder)
    with db.atomic():
        for day, (site, first) in enumerate(SPECIAL, 1):
            if body := EDITED.get(first.url):
                after = replace(first, body=body)
                text = make_search_text(title=after.title, lead="", body=body, authors=[], language=after.language)
                made = Provenance(time=f"2025-04-0{day}T06:00:00Z")
                save_article(db, after, site=site, urls=[after.url], provenance=made, search_text=text)
    db.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three sites, and the collection that it was split into."""
    folder = tmp_path_factory.mktemp("corpus")
    store(folder / "one", [*articles(), *SPECIAL])
    edit(folder / "one")
    db = open_archive(folder / "one")
    update_reprints(db)
    db.close()
    split_archive(folder / "one", Collection.create(folder / "collection"), progress=lambda *_: None)
    for site in SITES:
        change(folder / "collection", site.name, update_reprints)
    return folder


def change(folder: Path, name: str, work: Callable[[Database], object]) -> None:
    """Publish a generation of a shard with what `work` does."""
    shard = Collection.open(folder).shard(name)
    latest = shard.open_latest()
    assert latest
    with TemporaryDirectory() as scratch:
        shutil.copytree(latest, f"{scratch}/archive")
        db = open_archive(Path(scratch, "archive"))
        work(db)
        db.close()
        publish(shard, Path(scratch, "archive"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command on an archive or a collection."""
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))

    def run(archive: Path, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, ["--archive", str(archive), *arguments])
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return run


@pytest.fixture
def both(folder: Path, run: Run) -> Callable[..., tuple[str, str]]:
    """Runs a command on the collection and on the archive; returns what they print, without what is said."""

    def both(*arguments: str, code: int = 0) -> tuple[str, str]:
        several, one = (run(folder / name, *arguments, code=code) for name in ("collection", "one"))
        assert one.stdout
        return several.stdout, one.stdout

    return both


COUNTS = [
    ("collocations", "су"),
    ("collocations", "мектеп", "--by", "forms", "--order", "log_dice", "--least", "1", "--limit", "200"),
    ("collocations", "школа", "--site", "vesti", "--least", "1"),
    ("ngrams",),
    ("ngrams", "су", "-n", "3", "--by", "stems", "--limit", "100"),
    ("ngrams", "су", "--over", "month"),
    ("ngrams", "школа", "--over", "year", "--since", "2024-05"),
    ("keywords", "көпір", "--limit", "500"),
    ("keywords", "", "--since", "2024-06", "--by", "forms"),
    ("keywords", "мектеп", "--against", "школа", "--order", "log_ratio"),
    ("keywords", "", "--site", "arqa", "--against-site", "bastau"),
]


@pytest.mark.parametrize("arguments", COUNTS, ids=" ".join)
def test_words_are_counted_over_all_shards(both: Callable[..., tuple[str, str]], arguments: tuple[str, ...]) -> None:
    for form in ("--json", "--csv"):
        if form == "--json" or "--over" not in arguments:
            several, one = both(*arguments, form)
            assert several == one
    assert len(several) > 60


def test_the_newest_articles_of_all_shards_are_counted(folder: Path, reading: Callable[[str], Reading]) -> None:
    for most in (1, 7, 40, 10_000):
        several, one = (collocations(reading(name), "су", most=most, least=1) for name in ("collection", "one"))
        assert (several.collocates, several.forms) == (one.collocates, one.forms)
        assert several.frame.as_data() == one.frame.as_data()
    assert several.frame.selected == len(articles()) + len(SPECIAL)


@pytest.fixture
def reading(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Reading]:
    """Opens the archive or the collection for reading."""
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    return lambda name: Archive(folder=folder / name, address=str(folder / name)).reading()


def test_edits_are_found_in_all_shards_newest_first(both: Callable[..., tuple[str, str]]) -> None:
    for arguments in (
        ("edits", '"екі жүз" OR мэрия'), ("edits", "үш OR область", "--added"), ("edits", "мэрия", "--site", "arqa"),
        ("edits", "екі OR мэрия", "--limit", "1"),
    ):  # fmt: skip
        several, one = (json.loads(text) for text in both(*arguments, "--json"))
        assert [{**row, "article": 0} for row in several] == [{**row, "article": 0} for row in one]
    assert several[0]["site"] == "vesti"
    for query in ('removed:"екі жүз"', "added:область", "removed:мэрия аким", "су -removed:екі"):
        several, one = (json.loads(text) for text in both("search", query, "--order", "newest", "--json"))
        assert [row["url"] for row in several] == [row["url"] for row in one]
        assert several


def test_citations_are_verified_in_the_shard_that_has_them(
    folder: Path, run: Run, both: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    edited, same = SPECIAL[6][1].url, SPECIAL[0][1].url
    notes = [run(folder / "one", "cite", url).stdout for url in (edited, same)]
    old = run(folder / "collection", "cite", edited, "--revision", "1").stdout
    file = tmp_path / "citations.txt"
    file.write_text("\n\n".join([*notes, old]), encoding="utf-8")
    several, one = (json.loads(text) for text in both("verify", str(file), "--json"))
    assert [row["state"] for row in several] == ["same", "same", "edited"]
    assert [{**row, "article": 0} for row in several] == [{**row, "article": 0} for row in one]
    for wrong in ("https://nothing.example/ 1:" + "0" * 64, f"{edited} 1:{'0' * 64}"):
        several, one = (json.loads(text) for text in both("verify", wrong, "--json", code=1))
        assert [row["state"] for row in several] == [row["state"] for row in one]
    Collection.create(tmp_path / "empty")
    assert run(tmp_path / "empty", "verify", wrong, code=1).stdout.startswith("unknown")


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def test_reprints_are_found_over_all_newspapers(folder: Path, run: Run, both: Callable[..., tuple[str, str]]) -> None:
    first, cut, last = (SPECIAL[number][1].url for number in range(3))
    for arguments in ((), ("--within",), ("--site", "arqa"), ("--within", "--limit", "1")):
        several, one = (json.loads(text) for text in both("reprints", "--json", *arguments))
        assert [[without(row, "article", "group") for row in group] for group in several] == [
            [without(row, "article", "group") for row in group] for group in one
        ]
    assert [row["url"] for row in several[0]] == [first, cut, last]
    for url in (first, cut, last):
        several, one = (json.loads(text) for text in both("reprints", url, "--json"))
        assert [without(row, "article") for row in several["articles"]] == [
            without(row, "article") for row in one["articles"]
        ]
        told = [[[each["state"] for each in row["articles"]] for row in found["sentences"]] for found in (several, one)]
        assert told[0] == told[1]
        assert "lacks" in told[0][-1]
    printed = run(folder / "collection", "reprints", cut, "--sentences").stdout
    assert all(f"{name}/" in printed for name in ("arqa", "bastau", "vesti"))
    assert run(folder / "collection", "reprints", SPECIAL[3][1].url).stderr.count("has no reprints")


def test_quotations_are_found_over_all_newspapers(both: Callable[..., tuple[str, str]]) -> None:
    for arguments in ((), ("--within",), ("--site", "arqa"), ("--site", "nobody"), ("--limit", "1")):
        several, one = both("quotations", "--json", *arguments)
        assert several == one
    assert "балаларын" in several
    for number in range(3):
        several, one = (json.loads(text) for text in both("quotations", SPECIAL[number][1].url, "--json"))
        uses = [[without(use, "article") for use in found[0]["uses"]] for found in (several, one)]
        assert uses[0] == uses[1]
        assert [use["is_reprint"] for use in uses[0]] == [False, True, True]


def test_translations_are_found_over_all_newspapers(
    both: Callable[..., tuple[str, str]], folder: Path, run: Run, tmp_path: Path
) -> None:
    def plain(pair: dict[str, Any]) -> dict[str, Any]:
        return {**pair, "kk": without(pair["kk"], "article"), "ru": without(pair["ru"], "article")}

    kazakh, russian = SPECIAL[4][1].url, SPECIAL[5][1].url
    for arguments in ((), (kazakh,), (russian,), ("--since", "2025-03-05")):
        several, one = (json.loads(text) for text in both("translations", *arguments, "--json"))
        assert list(map(plain, several)) == list(map(plain, one))
        assert arguments[1:] or (kazakh, russian) in {(pair["kk"]["url"], pair["ru"]["url"]) for pair in several}
    files = [tmp_path / name for name in ("collection", "one")]
    for file in files:
        run(folder / file.name, "translations", kazakh, "--format", "tmx", "-o", str(file))
    assert files[0].read_bytes() == files[1].read_bytes()
    assert kazakh.encode() in files[0].read_bytes()
    assert "arqa/" in run(folder / "collection", "translations", kazakh).stdout


def _remove(db: Database, article: int) -> None:
    with db.atomic():
        remove_article(db, article)


def test_what_shards_lose_is_in_no_group(folder: Path, run: Run, tmp_path: Path) -> None:
    collection = tmp_path / "collection"
    split_archive(folder / "one", Collection.create(collection), progress=lambda *_: None)  # not compared in its shard
    first, cut, last = (SPECIAL[number][1].url for number in range(3))

    def members(url: str) -> list[str]:
        return [row["url"] for row in json.loads(run(collection, "reprints", url, "--json").stdout)["articles"]]

    assert members(last) == [first, cut, last]
    assert "not compared yet" in run(collection, "quotations").stderr

    def number(db: Database, url: str) -> int:
        return int(db.conn.execute("select id from articles where url = ?", (url,)).fetchone()[0])

    change(collection, "arqa", lambda db: embargo_article(db, number(db, cut), until=date(2999, 1, 1)))
    assert members(last) == [first, last]
    assert cut not in run(collection, "reprints", "--json").stdout
    assert cut not in run(collection, "quotations", first, "--json").stdout
    assert "embargo" in run(collection, "reprints", cut, code=1).stderr
    change(collection, "arqa", lambda db: lift_embargo(db, number(db, cut)))
    assert members(last) == [first, cut, last]
    change(collection, "bastau", lambda db: _remove(db, number(db, first)))
    assert members(last) == [cut, last]


def test_an_update_compares_in_and_over_the_shards(run: Run, tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "collection")
    store(tmp_path / "two", SPECIAL[1:2])
    publish(collection.shard("arqa"), tmp_path / "two")
    said = run(tmp_path / "collection", "reprints", "--update").stderr
    assert "1 article compared with those of all newspapers." in said
    assert "not compared yet" not in run(tmp_path / "collection", "quotations").stderr


def test_the_room_shows_what_newspapers_share(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    get, one = (visiting(folder / name) for name in ("collection", "one"))
    for path in ("/", "/reprints", "/reprints?within=1&site=arqa", "/quotations", "/quotations?site=vesti"):
        assert words(get(path)) == words(one(path))
    ours, single = (entries(room("/feeds/changes.atom")) for room in (get, one))
    assert [entry[:2] for entry in ours] == [entry[:2] for entry in single]
    assert len(ours) == len(EDITED)
    for _, title, path in ours:
        assert title in get(path).text
    (group,) = (link for link in links(get("/reprints")) if "/reprints/" in link)
    assert group.startswith("/site/bastau/reprints/")
    shared = get(group)
    inside = {link for link in links(shared) if "/article/" in link and link.endswith("/quotations") is False}
    assert {link.split("/")[2] for link in inside} == {"arqa", "bastau", "vesti"}
    assert group in links(get(next(link for link in inside if "bastau" in link)))
    for link in (*inside, f"{group}.csv", f"{group}.json", *(f"{link}/quotations" for link in inside)):
        get(link)
    (quotation,) = (link for link in links(get("/quotations")) if "/quotations/" in link)
    assert {link.split("/")[2] for link in links(get(quotation)) if "/article/" in link} == {"arqa", "bastau", "vesti"}
    for path in (
        "/site/nobody/reprints/1",
        "/site/arqa/reprints/99999",
        "/site/arqa/article/99999/quotations",
        "/reprints/1",
    ):
        get(path, 404)
