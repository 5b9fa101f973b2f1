"""Commands on a collection: the ordinary ones, on the shards that they concern."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.collection import Collection
from newsarchive.collection.scratch import scratch_folder
from newsarchive.collection.tasks import Held, ShardTask, TaskResult, run_task
from newsarchive.database import open_archive, read_archive
from newsarchive.demo import Newspaper
from tests.conftest import Run

TEXT = "Кеңесші Ләззат Омардың жауабын".encode()


@pytest.fixture
def collection(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """An empty collection, on which `newsarchive` works."""
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    return Collection.create(folder)


@pytest.fixture(scope="module")
def first_crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first crawl of the newspaper is kept, from which the other tests begin."""
    return tmp_path_factory.mktemp("first") / "collection"


@pytest.fixture
def crawled(collection: Collection, paper: Newspaper, newsarchive: Run, first_crawl: Path) -> Collection:
    """A collection with the sample newspaper, whose profile is in the collection's own folder."""
    if first_crawl.exists():
        shutil.copytree(first_crawl, collection.address, dirs_exist_ok=True)
        return collection
    profiles = Path(collection.address) / "sites"
    profiles.mkdir()
    (profiles / "paper.toml").write_text(paper.profile(), encoding="utf-8")
    said = newsarchive("crawl", "paper", "-s", "DOWNLOAD_DELAY=0").stdout
    assert said.startswith("paper: 45 new, 0 changed"), said
    shutil.copytree(collection.address, first_crawl)
    return collection


def articles(collection: Collection, name: str = "paper") -> list[str]:
    folder = collection.shard(name).open_latest()
    assert folder is not None
    return [row["url"] for row in read_archive(folder).query("select url from articles order by 1")]


def everywhere(collection: Collection) -> bytes:
    """All bytes that the collection and its worker have on the disk."""
    roots = (Path(collection.address), scratch_folder(collection.address))
    return b"".join(path.read_bytes() for root in roots for path in sorted(root.rglob("*")) if path.is_file())


def test_a_newspaper_is_crawled_fetched_and_kept_in_its_shard(
    crawled: Collection, paper: Newspaper, newsarchive: Run, tmp_path: Path
) -> None:
    url = f"{paper.url}suraq-zhauap-salyq/"
    assert newsarchive("fetch", url).stdout.startswith("# Сұрақ-жауап")
    assert [shard.name for shard in crawled.shards()] == ["paper"]
    status = json.loads(newsarchive("status", "--json").stdout)
    assert [(row["site"], row["articles"]) for row in status["sites"]] == [("paper", 45)]
    listed = json.loads(newsarchive("sites", "--json").stdout)
    assert next(row for row in listed if row["name"] == "paper")["profile"] == "this archive"
    assert newsarchive("reextract", "--dry-run").stdout.startswith("paper: 0 revisions read")
    checked = json.loads(newsarchive("check", "--json").stdout)
    assert [(one["shard"], one["problems"]) for one in checked] == [("paper", [])]
    other = url.replace("127.0.0.1", "localhost")
    newsarchive("fetch", other)
    assert [shard.name for shard in crawled.shards()] == ["localhost", "paper"], "an unknown host makes a shard"
    newsarchive("backup", str(tmp_path / "backup"))
    newsarchive("collection", "new", str(tmp_path / "other"))
    newsarchive("--archive", str(tmp_path / "other"), "restore", str(tmp_path / "backup"))
    assert articles(Collection.open(tmp_path / "other")) == articles(crawled)
    assert newsarchive("crawl", "nobody", code=2).stderr


def test_recordings_are_imported_into_the_shards_of_their_sites(
    crawled: Collection, newsarchive: Run, tmp_path: Path
) -> None:
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "warc"))
    Collection.create(tmp_path / "other").store.replace("sites/paper.toml", crawled.store.read("sites/paper.toml"))
    place = ("--archive", str(tmp_path / "other"))
    said = newsarchive(*place, "import", str(tmp_path / "warc")).stdout
    assert said.startswith("paper: 47 pages: 45 new"), said
    assert articles(Collection.open(tmp_path / "other")) == articles(crawled)


def test_no_byte_of_what_was_taken_down_is_left(crawled: Collection, paper: Newspaper, newsarchive: Run) -> None:
    url = f"{paper.url}suraq-zhauap-salyq/"
    run_task(crawled, ShardTask(shard="paper", command=("x",)), work=changed)  # the text is in two generations
    assert TEXT in everywhere(crawled)
    assert newsarchive("forget", url, "--reason", "court order").stdout.startswith(f"{url}: taken down with 1 revision")
    assert TEXT not in everywhere(crawled)
    assert url not in articles(crawled)
    assert "was taken down" in newsarchive("fetch", url, code=1).stderr


def changed(task: ShardTask, archive: Path, held: Held) -> TaskResult:
    db = open_archive(archive)
    db["sites"].update("paper", {"title": "changed"})
    db.conn.commit()
    db.close()
    return TaskResult(shard=task.shard)


def test_a_takedown_killed_after_it_was_published_is_finished_by_the_next_command(
    crawled: Collection, paper: Newspaper, newsarchive: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsarchive.collection.tasks.clean_shard", killed_at_second_call())
    url = f"{paper.url}suraq-zhauap-salyq/"
    child = os.fork()
    if child == 0:
        try:
            task = ShardTask(shard="paper", command=("forget", url, "--reason", "court order", "--yes"))
            run_task(Collection.open(crawled.address), task)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert TEXT in everywhere(crawled)
    assert newsarchive("search", "салық").returncode == 0
    assert TEXT not in everywhere_published(crawled), "reading finished it in the store"
    newsarchive("check")
    assert TEXT not in everywhere(crawled)


def everywhere_published(collection: Collection) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(collection.address).rglob("*")) if path.is_file())


def killed_at_second_call() -> Callable[..., None]:
    calls = []

    def clean(*_: object) -> None:
        calls.append(True)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    return clean


def test_an_embargo_counts_from_the_next_command_on(crawled: Collection, paper: Newspaper, newsarchive: Run) -> None:
    url = f"{paper.url}suraq-zhauap-salyq/"
    assert url in newsarchive("search", "салық", "--json").stdout
    newsarchive("embargo", url, "--until", "2099-01-01")
    assert url not in newsarchive("search", "салық", "--json").stdout
    assert json.loads(newsarchive("embargo", "--list", "--json").stdout)[0]["url"] == url
    newsarchive("embargo", url, "--lift")
    assert url in newsarchive("search", "салық", "--json").stdout


def test_a_busy_shard_is_named_and_the_exit_code_tells(crawled: Collection, newsarchive: Run) -> None:
    codes = []

    def work(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        codes.append(newsarchive("reextract", code=None))
        return TaskResult(shard="paper")

    run_task(crawled, ShardTask(shard="paper", command=("x",)), work=work)
    done: subprocess.CompletedProcess[str] = codes[0]
    assert done.returncode == 75
    assert "paper: another worker (process" in done.stderr


def test_what_is_not_there_is_said_in_a_sentence(folder: Path, newsarchive: Run, tmp_path: Path) -> None:
    said = newsarchive("--archive", "gs://papers/x", "status", code=2).stderr
    assert said.strip() == (
        "newsarchive: “gs://papers/x” is no place for a collection: it must be a folder, local or on a shared disk, or"
        " s3://BUCKET/PREFIX."
    )
    newsarchive("collection", "new", str(tmp_path / "c"))
    assert "has no site yet" in newsarchive("--archive", str(tmp_path / "c"), "crawl", code=2).stderr
    assert "already" in newsarchive("collection", "new", str(tmp_path / "c"), code=1).stderr
    line = newsarchive("--archive", str(tmp_path / "c"), "schedule", "--contact", "desk@example.org").stdout
    assert f"--archive {tmp_path / 'c'} --quiet crawl" in line
    said = newsarchive("--archive", str(tmp_path / "c"), "notes", "list", code=2).stderr
    assert "works on one archive, not on a collection" in said


def test_a_cluster_that_is_none_is_refused(crawled: Collection, newsarchive: Run, tmp_path: Path) -> None:
    said = newsarchive("--cluster", "nothing", "check", code=2).stderr
    assert "“nothing” is no cluster: give a number of local workers" in said
    assert "1 to 1000 local workers" in newsarchive("--cluster", "0", "check", code=2).stderr
    said = newsarchive("--archive", str(tmp_path / "another"), "--cluster", "2", "status", code=2).stderr
    assert "--cluster works on a collection" in said
