"""What compares and counts the texts of a collection: the answers of one archive that holds everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsarchive.cli import cli
from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection
from newsarchive.collection.parting import split_archive
from newsarchive.corpus.collocations import collocations
from newsarchive.database import open_archive, save_article
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article
from newsarchive.search.several import Reading
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text
from tests.test_search_several import SITES, articles, store

ARQA, BASTAU, VESTI = SITES
Run = Callable[..., Result]
LONG = (
    "Нұра өзенінің бойындағы жаңа көпір биыл күзде ашылады. Құрылысқа облыс бюджетінен үш миллиард теңге бөлінді."
    " «Көпір екі ауылдың балаларын мектепке жақын жолмен апарады, сондықтан біз оны күттік», – деді ауыл әкімі Асан Бек."
    " Бұрын тұрғындар өзеннен қайықпен өтетін, ал көктемде жол мүлде жабылатын. Жұмысты қалалық мекеме жүргізеді."
)
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
    article(VESTI, 5, "Новый мост", "Мост через реку построит мэрия. Аким сказал о сроках."),
]
EDITED = {
    SPECIAL[3][1].url: "Ауылда су тасыды. Әкім үш жүз үйді көшірді.",
    SPECIAL[4][1].url: "Мост через реку построит область. Аким сказал о сроках.",
}


def edit(folder: Path) -> None:
    db = open_archive(folder)
    with db.atomic():
        for site, first in SPECIAL:
            if body := EDITED.get(first.url):
                after = replace(first, body=body)
                text = make_search_text(title=after.title, lead="", body=body, authors=[], language=after.language)
                made = Provenance(time="2025-04-02T06:00:00Z")
                save_article(db, after, site=site, urls=[after.url], provenance=made, search_text=text)
    db.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three sites, and the collection that it was split into."""
    folder = tmp_path_factory.mktemp("corpus")
    store(folder / "one", [*articles(), *SPECIAL])
    edit(folder / "one")
    split_archive(folder / "one", Collection.create(folder / "collection"), progress=lambda *_: None)
    return folder


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
    edited, same = SPECIAL[4][1].url, SPECIAL[0][1].url
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
