"""Commands that read a collection: the answers of one archive that holds the articles of all its shards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import newsarchive as package
from newsarchive.collection import Collection, is_collection
from newsarchive.database import open_archive
from newsarchive.database.embargoes import embargo_article
from tests.conftest import Run
from tests.test_collection import publish
from tests.test_search_several import articles, store

OTHERS = [each for each in articles() if each[0].name != "arqa"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what `collected` gives is kept once it was made."""
    return tmp_path_factory.mktemp("made") / "kept"


@pytest.fixture
def collected(folder: Path, tmp_path: Path, crawl: Callable[..., str], made: Path) -> Path:
    """A collection of three shards in `folder`, and beside it the same articles in one archive, `one`."""
    one = tmp_path / "one"
    if made.exists():
        shutil.copytree(made, tmp_path, dirs_exist_ok=True)
        return one
    crawl()
    shutil.move(folder, one)
    collect(folder, {"paper": one})
    for name in ("bastau", "vesti"):
        store(tmp_path / name, [each for each in OTHERS if each[0].name == name])
        collect(folder, {name: tmp_path / name})
    store(one, OTHERS)
    shutil.copytree(tmp_path, made)
    return one


def collect(folder: Path, archives: dict[str, Path]) -> None:
    """Publish archives as shards of the collection in a folder."""
    collection = Collection.open(folder) if is_collection(folder) else Collection.create(folder)
    for name, archive in archives.items():
        publish(collection.shard(name), archive)


@pytest.fixture
def both(collected: Path, newsarchive: Run) -> Callable[..., tuple[str, str]]:
    """Run a command on the collection and on the one archive; return what both printed."""

    def run(*arguments: str, code: int = 0) -> tuple[str, str]:
        ran = [newsarchive(*first, *arguments, code=code) for first in ((), ("--archive", str(collected)))]
        return ran[0].stdout, ran[1].stdout

    return run


def without_ids(text: str, *names: str) -> list[dict[str, Any]]:
    found = json.loads(text)
    return [{key: value for key, value in row.items() if key not in ("id", "article", *names)} for row in found]


def test_search_prints_what_one_archive_prints(both: Callable[..., tuple[str, str]]) -> None:
    for arguments in (
        ("search", "мектеп су", "--json"),
        ("search", "школа", "--order", "newest", "--json", "--limit", "50"),
        ("search", "су", "--kwic", "--json"),
        ("search", "су", "--over", "month", "--json"),
    ):
        several, one = both(*arguments)
        assert without_ids(several) == without_ids(one)
        assert json.loads(several)


def test_an_article_is_named_by_its_url_or_its_site_and_number(collected: Path, newsarchive: Run) -> None:
    article = OTHERS[0][1]
    printed = newsarchive("search", "су OR школа", "--limit", "3").stdout
    name = printed.split()[0]
    site, number = name.split("/")
    assert number.isdigit()
    assert newsarchive("show", name).stdout
    for command in (["show"], ["history"], ["diff"], ["cite"], ["show", "--evidence"]):
        assert (
            newsarchive(*command, article.url).stdout
            == newsarchive("--archive", str(collected), *command, article.url).stdout
        )
    refused = newsarchive("show", "1", code=1).stderr
    assert "SITE/1" in refused
    for missing in ("https://nothing.example/1", f"{site}/999999", "nosite/1", "/1"):
        assert f"no article {missing} in this collection" in newsarchive("show", missing, code=1).stderr


def test_exports_are_those_of_one_archive(collected: Path, newsarchive: Run, tmp_path: Path) -> None:
    def exported(*arguments: str, name: str = "out") -> tuple[Path, Path]:
        several, one = tmp_path / f"several-{name}", tmp_path / f"one-{name}"
        newsarchive("export", *arguments, str(several))
        newsarchive("--archive", str(collected), "export", *arguments, str(one))
        return several, one

    several, one = exported("--canonical", "-o")
    assert several.read_bytes() == one.read_bytes()
    assert len(several.read_text().splitlines()) > len(OTHERS)
    several, one = exported("--format", "jsonl", "-o")
    rows = [[json.loads(line) for line in file.read_text().splitlines()] for file in (several, one)]
    assert [{**row, "id": 0} for row in rows[0]] == [{**row, "id": 0} for row in rows[1]]
    several, one = exported("--format", "warc", "-o", name="warc")
    assert [file.read_bytes() for file in sorted(several.iterdir())] == [
        file.read_bytes() for file in sorted(one.iterdir())
    ]
    several, one = exported("--format", "wacz", "-o", name="x.wacz")
    assert several.read_bytes() == one.read_bytes()
    several, one = exported("--release", name="release")
    assert (several / "README.md").read_text() == (one / "README.md").read_text()
    keys = [
        resource["schema"]["primaryKey"]
        for resource in json.loads((several / "datapackage.json").read_text())["resources"]
    ]
    assert keys == [["site", "id"], ["site", "id"]]
    several, _ = exported("--format", "markdown", "-o", name="markdown")
    assert len(list(several.rglob("*.md"))) == len(rows[0])
    several, _ = exported("--format", "tei", "-o", name="tei")
    ids = [line.split('xml:id="')[1].split('"')[0] for line in several.read_text().splitlines() if 'xml:id="' in line]
    assert len(set(ids)) == len(ids) == len(rows[0])


def test_sql_and_partitioned_exports(
    both: Callable[..., tuple[str, str]],
    folder: Path,
    newsarchive: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    for form in ("--json", "--csv"):
        several, one = both("sql", "select site, count(*) as n from archive group by 1 order by 1", form)
        assert several == one
        assert "vesti" in several
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), "sql", "select 1 as one", "--csv"]
    started = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (started.stdout.split(), started.stderr) == (["one", "1"], "")  # DuckDB reports no leaks at exit
    assert "Catalog Error" in newsarchive("sql", "select * from nothing", code=2).stderr
    for _ in range(2):
        said = newsarchive("export", "--format", "parquet", "--partitioned", "-o", str(tmp_path / "out")).stderr
        assert f"articles in {tmp_path / 'out'}" in said
    assert {path.parent.parent.name for path in (tmp_path / "out").rglob("*.parquet")} == {
        "site=bastau", "site=paper", "site=vesti"}  # fmt: skip
    for wrong in (["--partitioned"], ["--partitioned", "--format", "parquet", "-o", "-"]):
        assert "--partitioned works only" in newsarchive("export", *wrong, code=2).stderr


def test_a_takedown_takes_the_text_out_of_the_files_of_sql(
    collected: Path, folder: Path, newsarchive: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))

    def kept() -> set[str]:
        return {path.parent.parent.name for path in (tmp_path / "scratch").rglob("*.parquet")}

    every = {"site=bastau", "site=paper", "site=vesti"}
    newsarchive("sql", "select count(*) from archive")
    assert kept() == every
    left = next((tmp_path / "scratch").rglob("*.parquet")).with_name("0123.parquet")  # by a killed export
    left.write_text("text")
    url = next(article.url for site, article in OTHERS if site.name == "vesti")
    newsarchive("forget", url, "--reason", "court order", "--yes")
    assert kept() == every - {"site=vesti"}
    assert not left.exists()
    rows = newsarchive("sql", f"select count(*) as n from archive where url = '{url}'", "--json")
    assert json.loads(rows.stdout) == [{"n": 0}]
    assert kept() == every
    # A takedown elsewhere, or one that was killed before it came to these files: the next command deletes them.
    store(tmp_path / "bastau", [])
    db = open_archive(tmp_path / "bastau")
    embargo_article(db, 1, until=date(2999, 1, 1))
    db.close()
    collect(folder, {"bastau": tmp_path / "bastau"})
    newsarchive("search", "су")
    assert kept() == every - {"site=bastau"}


def test_an_export_never_overwrites_the_collection(collected: Path, newsarchive: Run, folder: Path) -> None:
    for target in (folder / "collection.toml", folder / "shards" / "x.jsonl"):
        assert "belongs to" in newsarchive("export", "-o", str(target), code=1).stderr


def test_python_reads_a_collection(collected: Path, folder: Path) -> None:
    with package.open(folder) as several, package.open(collected) as one:
        assert several.count() == one.count()
        assert [hit.url for hit in several.search("су")] == [hit.url for hit in one.search("су")]
        assert [each.url for each in several.articles("су")] == [each.url for each in one.articles("су")]
        url = OTHERS[0][1].url
        assert several.article(url).revisions[0].digest == one.article(url).revisions[0].digest
        for wrong in (1, "https://nothing.example/"):
            with pytest.raises(package.ArticleNotFound):
                several.article(wrong)
        with pytest.raises(package.ArchiveError, match="no single database"):
            _ = several.db


def test_a_query_reads_the_newest_generations(collected: Path, folder: Path, newsarchive: Run, tmp_path: Path) -> None:
    with package.open(folder) as archive:
        hit = archive.search("школа OR река OR дети", limit=1)[0]
        going_on = archive.articles()
        next(going_on)
        db = open_archive(tmp_path / "vesti")
        embargo_article(db, hit.id, until=date(2999, 1, 1))
        db.close()
        collect(folder, {"vesti": tmp_path / "vesti"})
        assert hit.url not in {each.url for each in archive.search("школа OR река OR дети", limit=1000)}
        assert sum(1 for _ in going_on) > 0  # goes on with what it had
        with pytest.raises(package.ArticleNotFound):
            archive.article(hit.url)
    assert "under an embargo" in newsarchive("cite", hit.url, code=1).stderr
    for arguments in (["export", "-o", "-"], ["export", "--canonical", "-o", "-"], ["search", hit.title, "--json"]):
        assert hit.url not in newsarchive(*arguments).stdout
