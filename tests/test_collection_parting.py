"""An archive becomes a collection and an archive again: the same articles, revisions, captures and takedowns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.collection import Collection, CollectionError
from newsarchive.collection.parting import merge_collection, split_archive
from newsarchive.collection.rows import APART, COMPUTED, REFERENCES
from newsarchive.database import open_archive, read_archive
from newsarchive.demo import Newspaper
from newsarchive.export import export
from newsarchive.fixity import check_archive
from newsarchive.sites import load_sites
from tests.conftest import Run

GONE = "suraq-zhauap-salyq"


def nothing(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the archive of two newspapers is kept once it was made."""
    return tmp_path_factory.mktemp("two") / "archive"


@pytest.fixture
def two(
    crawl: Callable[..., str],
    paper: Newspaper,
    newsarchive: Run,
    folder: Path,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """An archive of two newspapers with an edit, a takedown, an embargo, and a recording with pages of both."""
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    if kept.exists():
        return Path(shutil.copytree(kept, folder))
    crawl("-s", "DOWNLOAD_DELAY=0")
    stories = [story for story in paper.posts() if story.kind == "post"][:4]
    paper.edit(stories[0].slug, title="Тақырыбы кейін өзгертілген хабар")
    crawl("-s", "DOWNLOAD_DELAY=0")
    urls = [f"{paper.url}{story.slug}/" for story in stories]
    others = [url.replace("127.0.0.1", "localhost") for url in urls]
    newsarchive("fetch", urls[1], *others[:3])
    newsarchive("forget", f"{paper.url}{GONE}/", "--reason", "court order")
    newsarchive("embargo", urls[2], "--until", "2099-01-01")
    shutil.copytree(folder, kept)
    return folder


def canonical(folder: Path, target: Path) -> bytes:
    export(read_archive(folder), target, format="jsonl", canonical=True)
    return target.read_bytes()


def test_every_table_is_copied_or_computed_again(tmp_path: Path) -> None:
    db = open_archive(tmp_path / "archive")
    sql = (
        "select name from pragma_table_list where schema = 'main' and type = 'table'"
        " and name not like 'sqlite\\_%' escape '\\' and name not like '\\_%' escape '\\'"
    )
    tables = {name for (name,) in db.conn.execute(sql)}
    assert tables == {*REFERENCES, *COMPUTED, *APART}
    for table in REFERENCES:
        keys = db.conn.execute('select "from", "table" from pragma_foreign_key_list(?)', (table,)).fetchall()
        assert {key for key in keys if key[1] != "sites"} <= set(REFERENCES[table].items()), table


def test_there_and_back_gives_the_same_canonical_export(two: Path, tmp_path: Path) -> None:
    before = canonical(two, tmp_path / "before.jsonl")
    collection = Collection.create(tmp_path / "collection")
    assert split_archive(two, collection, progress=nothing) == ["localhost", "paper"]
    assert canonical(two, tmp_path / "again.jsonl") == before, "the archive was changed"
    for shard in collection.shards():
        folder = shard.open_latest()
        assert folder is not None
        report = check_archive(folder, sites=load_sites(folder / "sites"))
        assert report.problems == []
        assert {row["site"] for row in read_archive(folder).query("select site from articles")} == {shard.name}
    merged = merge_collection(collection, tmp_path / "merged", progress=nothing)
    assert merged.shards == 2
    assert canonical(tmp_path / "merged", tmp_path / "after.jsonl") == before
    assert check_archive(tmp_path / "merged", sites=load_sites(tmp_path / "merged" / "sites")).problems == []
    for table in ("embargoes", "forgotten", "articles", "revisions", "reextractions", "sightings", "urls", "stems"):
        counts = [read_archive(place)[table].count for place in (two, tmp_path / "merged")]
        assert counts[0] == counts[1], table
    open_archive(tmp_path / "merged").close()


def test_a_shard_has_no_text_of_another_newspaper(two: Path, tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "collection")
    split_archive(two, collection, progress=nothing)
    folder = collection.shard("localhost").open_latest()
    assert folder is not None
    assert len(list((folder / "warc").iterdir())) == 1
    captures = read_archive(folder).query("select url from captures")
    assert {row["url"].partition("//")[2].partition(":")[0] for row in captures} == {"localhost"}


def test_an_interrupted_split_is_finished_by_the_next(two: Path, tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "collection")

    def interrupted(_what: str, done: int, _total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        split_archive(two, collection, progress=interrupted)
    assert [shard.name for shard in collection.shards()] == ["localhost"]
    split_archive(two, collection, progress=nothing)
    merge_collection(collection, tmp_path / "merged", progress=nothing)
    assert canonical(tmp_path / "merged", tmp_path / "b") == canonical(two, tmp_path / "a")


def test_shards_that_contradict_each_other_are_not_merged(two: Path, tmp_path: Path, newsarchive: Run) -> None:
    collection = Collection.create(tmp_path / "collection")
    split_archive(two, collection, progress=nothing)
    shutil.copytree(Path(collection.address) / "shards" / "paper", Path(collection.address) / "shards" / "twice")
    with pytest.raises(CollectionError, match="is an article of paper and of paper"):
        merge_collection(collection, tmp_path / "merged", progress=nothing)
    assert not (tmp_path / "merged").exists()
    assert not list(tmp_path.glob(".merged*"))


def test_the_commands_say_what_they_made(two: Path, tmp_path: Path, newsarchive: Run) -> None:
    said = newsarchive("collection", "split", str(two), str(tmp_path / "c")).stderr
    assert said.endswith(f"2 shards in {tmp_path / 'c'}; {two} is unchanged.\n")
    said = newsarchive("collection", "merge", str(tmp_path / "c"), str(tmp_path / "m")).stderr
    assert said.endswith(f"of 2 shards in {tmp_path / 'm'}\n")
    assert "is not empty" in newsarchive("collection", "merge", str(tmp_path / "c"), str(tmp_path / "m"), code=1).stderr
