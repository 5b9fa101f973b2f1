"""Running tasks on shards: continued, given up, stopped, and side by side on a cluster of this machine."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from newsarchive.collection import Collection
from newsarchive.collection.cluster import ClusterError, open_cluster
from newsarchive.collection.running import TRIES, run_tasks
from newsarchive.collection.tasks import Held, ShardTask, TaskResult, run_task
from newsarchive.database import open_archive, read_archive
from tests.hosts import Host, article, serve_host

PAGES = 8


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    monkeypatch.setenv("NEWSARCHIVE_CONTACT", "tests@example.org")
    return Collection.create(tmp_path / "collection")


@pytest.fixture
def papers(collection: Collection) -> Iterator[list[Host]]:
    """Two newspapers on hosts of their own, uy-0 and uy-1, each with its profile in a shard."""
    with ExitStack() as served:
        hosts = [served.enter_context(serve_host(pages=PAGES)) for _ in range(2)]
        for number, host in enumerate(hosts):
            add_profile(collection, f"uy-{number}", host.profile(delay=0.2))
        yield hosts


def add_profile(collection: Collection, name: str, profile: str) -> None:
    def work(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        open_archive(archive).close()
        (archive / "sites").mkdir(exist_ok=True)
        (archive / "sites" / f"{name}.toml").write_text(profile, encoding="utf-8")
        return TaskResult(shard=name)

    run_task(collection, ShardTask(shard=name, command=("sites", "add")), work=work)


def crawls() -> list[ShardTask]:
    return [ShardTask(shard=f"uy-{n}", command=("crawl", f"uy-{n}"), key=f"uy-{n}/1") for n in range(2)]


def articles(collection: Collection, shard: str) -> int:
    folder = collection.shard(shard).open_latest()
    assert folder is not None
    return read_archive(folder)["articles"].count


class Afterwards:
    """Does something in a thread once a host was asked so often."""

    def __init__(self, host: Host, requests: int, act: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=lambda: (host.wait_for(lambda host: len(host.log) >= requests), act()))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def kill_commands() -> None:
    """Kill the commands of tasks that run below this process."""
    for child in psutil.Process().children(recursive=True):
        if "crawl" in child.cmdline():
            child.kill()


def test_a_task_that_takes_longer_than_it_may_is_continued(collection: Collection, papers: list[Host]) -> None:
    papers[0].special["/uy-5/"] = lambda hit: article(5) if hit > 1 else (0, {}, b"")  # at first it never answers
    collection.configuration = replace(collection.configuration, task_minutes=0.2)  # type: ignore[misc]
    (ended,) = run_tasks(collection, crawls()[:1])
    assert (ended.failure, ended.task.number) == ("", 2)
    assert articles(collection, "uy-0") == PAGES
    assert papers[0].paths().count("/uy-1/") == 1, "what was done is not done again"
    (again,) = run_tasks(collection, crawls()[:1])
    assert again.result is not None
    assert again.result.done_before


def test_a_signal_ends_tasks_in_order_and_keeps_what_was_done(collection: Collection, papers: list[Host]) -> None:
    ended = []
    with (
        Afterwards(papers[0], 5, lambda: os.kill(os.getpid(), signal.SIGTERM)),
        pytest.raises(KeyboardInterrupt),
    ):
        ended += run_tasks(collection, crawls())  # extends it up to the exception
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert 0 < articles(collection, "uy-0") < PAGES
    assert papers[1].log == []
    assert next(iter(run_tasks(collection, crawls()))).failure == ""
    assert articles(collection, "uy-0") == PAGES


def test_a_task_whose_process_dies_is_tried_again_and_put_aside(collection: Collection, papers: list[Host]) -> None:
    with Afterwards(papers[0], 4, kill_commands):
        (ended,) = run_tasks(collection, crawls()[:1])
    assert (ended.failure, ended.task.deaths) == ("", 1)
    assert articles(collection, "uy-0") == PAGES

    def killing(_hit: int) -> tuple[int, dict[str, str], bytes]:
        kill_commands()
        return 404, {}, b""

    papers[1].special["/sitemap.xml"] = killing
    (ended,) = run_tasks(collection, crawls()[1:])
    assert ended.failure == f"its process was ended by SIGKILL, {TRIES} times in {TRIES} tries; it is put aside"


def test_a_cluster_of_this_machine_works_side_by_side_and_survives_its_workers(
    collection: Collection, papers: list[Host], tmp_path: Path
) -> None:
    def kill_worker() -> None:
        child = next(each for each in psutil.Process().children(recursive=True) if "uy-0" in each.cmdline())
        os.kill(child.ppid(), signal.SIGKILL)

    with open_cluster("2", tmp_path) as cluster, Afterwards(papers[0], 4, kill_worker):
        assert cluster.workers == 2
        assert cluster.dashboard.startswith("http://127.0.0.1:")
        ended = list(run_tasks(collection, crawls(), cluster=cluster))
    assert [each.failure for each in ended] == ["", ""]
    assert [articles(collection, f"uy-{n}") for n in range(2)] == [PAGES, PAGES]
    first, second = ([moment for moment, _, _ in host.log] for host in papers)
    assert min(second) < max(first), "they were crawled at the same time"
    assert min(gap for host in papers for gap in host.gaps()) > 0.1, "two workers ask a site in its pace"


@pytest.mark.parametrize(
    ("where", "said"),
    [("nothing", "is no cluster"), ("0", "1 to 1000 local workers"), ("http://x", "No cluster answers")],
)
def test_what_is_no_cluster_is_refused_with_a_sentence(where: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=said), open_cluster(where, tmp_path):
        pass
