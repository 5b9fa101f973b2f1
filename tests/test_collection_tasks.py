"""Tasks on shards: one worker at a time, none that lost its lease publishes, and a kill loses nothing."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsarchive.collection import Collection, LeaseLost, ShardBusy
from newsarchive.collection.leases import take_lease
from newsarchive.collection.publishing import bar_former_holder
from newsarchive.collection.scratch import scratch_folder
from newsarchive.collection.store import FolderStore
from newsarchive.collection.tasks import Held, ShardTask, TaskResult, run_in_child, run_task
from newsarchive.crawling.permission import Permission
from newsarchive.database import open_archive, read_archive, save_site
from newsarchive.demo import Newspaper
from newsarchive.sites import Site
from tests.kills import kill_at


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """An empty collection whose leases are short, but outlast a disk that is busy for a moment."""
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    created = Collection.create(tmp_path / "collection")
    created.store.replace(
        "collection.toml", b"format = 1\n[generations]\nkeep = 1\nminutes = 0\n[leases]\nseconds = 5\n"
    )
    return Collection.open(tmp_path / "collection")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def adding(*names: str) -> Callable[[ShardTask, Path, Held], TaskResult]:
    """Return work that adds sites to the archive."""

    def work(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        db = open_archive(archive)
        for name in names:
            save_site(db, Site(name=name, url="https://a.kz/"))
        db.conn.commit()
        db.close()
        return TaskResult(shard=task.shard)

    return work


def sites(collection: Collection) -> list[str]:
    folder = collection.shard("paper").open_latest()
    return [row["name"] for row in read_archive(folder).query("select name from sites order by 1")] if folder else []


TASK = ShardTask(shard="paper", command=("reextract",))


@contextmanager
def in_child(work: Callable[[], object]) -> Iterator[int]:
    """Run something in a child; yields its number, and ends it if it still runs."""
    child = os.fork()
    if child == 0:
        code = 1
        faulthandler.dump_traceback_later(25)
        try:
            work()
            code = 0
        except LeaseLost:
            code = 3
        except BaseException:  # noqa: BLE001  the test would hear nothing of it
            traceback.print_exc()
        finally:
            os._exit(code)
    try:
        yield child
    finally:
        if child_runs(child):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def child_runs(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_lease_is_held_by_one_worker_at_a_time(store: FolderStore) -> None:
    first = take_lease(store, "leases", 5, name="paper")
    with pytest.raises(ShardBusy, match=r"paper: another worker \(process \d+ on .*\) holds it"):
        take_lease(store, "leases", 5, name="paper")
    first.lease.check()
    first.lease.release()
    second = take_lease(store, "leases", 5, name="paper")
    assert second.lease.fence == first.lease.fence + 1
    assert not second.unreleased
    with pytest.raises(LeaseLost):
        first.lease.check()
    second.lease.release()


def test_a_lease_is_renewed_while_its_worker_lives(store: FolderStore) -> None:
    taken = take_lease(store, "leases", 5, name="paper")
    end = taken.lease.until
    wait_for(lambda: taken.lease.until > end + 2)
    with pytest.raises(ShardBusy):
        take_lease(store, "leases", 5, name="paper")
    taken.lease.release()


def test_the_lease_of_a_dead_process_is_free_at_once_and_its_site_a_little_later(store: FolderStore) -> None:
    with in_child(lambda: (take_lease(store, "leases", 60, name="paper"), os._exit(0))) as child:
        os.waitpid(child, 0)
    taken = take_lease(store, "leases", 60, name="paper")
    assert taken.unreleased
    assert taken.lease.site_free > time.time(), "the dead process may have asked the site until now"
    taken.lease.release()


def test_the_lease_of_another_machine_is_free_once_it_ran_out(store: FolderStore) -> None:
    take_lease(store, "leases", 60, name="paper").lease.release()
    record = json.loads(store.read("leases/000001.json"))
    for until, free in ((time.time() + 5, False), (time.time() - 0.1, False), (time.time() - 7, True)):
        store.replace(
            "leases/000001.json", json.dumps({**record, "machine": "m", "released": False, "until": until}).encode()
        )
        if free:
            take_lease(store, "leases", 60, name="paper").lease.release()
        else:
            with pytest.raises(ShardBusy):
                take_lease(store, "leases", 60, name="paper")


def test_the_site_is_left_alone_for_its_delay_after_the_last_request(store: FolderStore) -> None:
    taken = take_lease(store, "leases", 60, name="paper")
    taken.lease.delay_of = lambda: 7.0
    taken.lease.release(asked=True)
    after = take_lease(store, "leases", 60, name="paper")
    assert 6 < after.lease.site_free - time.time() <= 7
    after.lease.release()  # it asked nothing
    third = take_lease(store, "leases", 60, name="paper")
    assert third.lease.site_free == after.lease.site_free
    third.lease.release()


def test_a_lease_that_cannot_be_renewed_is_lost_at_its_end(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = take_lease(store, "leases", 2, name="paper")
    lost: list[bool] = []
    taken.lease.lost = lambda: lost.append(True)

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(store, "replace", refuse)
    wait_for(lambda: lost)
    with pytest.raises(LeaseLost, match="is not published"):
        taken.lease.check()


def test_a_task_publishes_what_it_did_and_leaves_nothing(collection: Collection) -> None:
    result = run_task(collection, TASK, work=adding("one"))
    assert result.generation == 1
    assert sites(collection) == ["one"]
    assert run_task(collection, TASK, work=adding()).generation is None, "nothing changed"
    assert run_task(collection, TASK, work=adding("two")).generation == 2
    assert sites(collection) == ["one", "two"]
    assert list((scratch_folder(collection.address) / "work").iterdir()) == []
    assert len(collection.store.names("shards/paper/generations")) == 2, "one record and its folder"


def test_a_task_that_only_looks_publishes_nothing(collection: Collection) -> None:
    run_task(collection, TASK, work=adding("one"))
    looking = ShardTask(shard="paper", command=("check",), keeps=False)
    assert run_task(collection, looking, work=adding("two")).generation is None
    assert sites(collection) == ["one"]


def test_a_task_of_the_same_key_is_done_once(collection: Collection) -> None:
    keyed = ShardTask(shard="paper", command=("reextract",), key="paper/1")
    assert run_task(collection, keyed, work=adding("one")).generation == 1
    run_task(collection, TASK, work=adding("two"))
    again = run_task(collection, keyed, work=adding("three"))
    assert again.done_before
    assert sites(collection) == ["one", "two"]


def test_a_worker_stopped_past_its_lease_cannot_publish(collection: Collection, tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def slow(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        adding("stale")(task, archive, held)
        begun.touch()
        wait_for(lambda: (tmp_path / "go on").exists())
        return TaskResult(shard=task.shard)

    with in_child(lambda: run_task(collection, TASK, work=slow)) as child:
        wait_for(begun.exists)
        os.kill(child, signal.SIGSTOP)
        wait_for(lambda: not is_busy(collection))
        assert sites(collection) == ["newer"]
        (tmp_path / "go on").touch()
        os.kill(child, signal.SIGCONT)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3, "its publication was not refused"
    assert sites(collection) == ["newer"]
    run_task(collection, TASK, work=adding())
    assert len(collection.store.names("shards/paper/generations")) == 2, "what it left was not deleted"


def is_busy(collection: Collection) -> bool:
    try:
        run_task(collection, TASK, work=adding("newer"))
    except ShardBusy:
        return True
    return False


def test_a_worker_that_died_before_the_first_generation_is_barred_too(collection: Collection) -> None:
    collection.store.replace("collection.toml", b"format = 1\n")  # which keeps two generations, and for minutes
    collection = Collection.open(collection.address)

    def died(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        adding("lost")(task, archive, held)
        os._exit(1)

    with in_child(lambda: run_task(collection, TASK, work=died)) as child:
        os.waitpid(child, 0)
    assert run_task(collection, TASK, work=adding("one")).generation == 2, "its number is taken"
    assert sites(collection) == ["one"]
    assert run_task(collection, TASK, work=adding("two")).generation == 3
    assert sites(collection) == ["one", "two"]


def test_a_worker_that_wakes_at_the_last_step_finds_its_number_taken(collection: Collection) -> None:
    shard = collection.shard("paper")
    run_task(collection, TASK, work=adding("one"))

    def overtaken(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        held.lease.check = check  # type: ignore[method-assign]
        return adding("stale")(task, archive, held)

    def check() -> None:  # as if the worker were stopped between its last look and the creation of the record
        drafts = [name for name in shard.store.files(shard.generations) if name.endswith("manifest.json")]
        if len(drafts) == 2:
            bar_former_holder(shard.store, shard.generations, 99)

    with pytest.raises(LeaseLost):
        run_task(collection, TASK, work=overtaken)
    assert sites(collection) == ["one"]


STEPS = range(1, 61) if os.environ.get("NEWSARCHIVE_KILL_TRIAL") else (4, 14, 26, 38, 50)
"""The steps of a task on the store at which it is killed; with the variable every one."""


@pytest.mark.parametrize("step", STEPS)
def test_a_task_killed_at_any_step_loses_nothing(collection: Collection, step: int) -> None:
    run_task(collection, TASK, work=adding("one"))
    shards = Path(collection.address) / "shards"

    def killed() -> None:
        kill_at(step, shards)
        run_task(collection, TASK, work=adding("two"))

    with in_child(killed) as child:
        os.waitpid(child, 0)
    assert sites(collection) in (["one"], ["one", "two"])
    run_task(collection, TASK, work=adding("two"))
    assert sites(collection) == ["one", "two"]
    assert len(collection.store.names("shards/paper/generations")) == 2
    assert list((scratch_folder(collection.address) / "work").iterdir()) == []
    assert list((shards / "paper" / "generations").rglob(".*")) == []


def test_permission_ends_with_the_lease_and_with_its_giver(tmp_path: Path) -> None:
    permission = Permission(tmp_path / "permission.json")
    assert not permission.holds(), "there is none"
    (tmp_path / "permission.json").write_text(json.dumps({"until": time.time() + 9, "process": os.getppid()}))
    assert permission.holds()
    (tmp_path / "permission.json").write_text(json.dumps({"until": time.time() - 1, "process": os.getppid()}))
    assert not permission.holds(), "it ran out"
    permission.renew(time.time() + 9)
    assert not permission.holds(), "another process gave it"


def test_a_crawl_whose_worker_is_killed_asks_nothing_more(
    collection: Collection, paper: Newspaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSARCHIVE_CONTACT", "tests@example.org")

    def profiled(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        open_archive(archive).close()
        (archive / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        return TaskResult(shard=task.shard)

    run_task(collection, TASK, work=profiled)
    crawl = ShardTask(shard="paper", command=("crawl", "paper", "-s", "DOWNLOAD_DELAY=0.3"))
    with in_child(lambda: run_task(collection, crawl, work=run_in_child)) as child:
        wait_for(lambda: len(paper.requests) > 2)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    asked = len(paper.requests)
    quick = ShardTask(shard="paper", command=("crawl", "paper", "-s", "DOWNLOAD_DELAY=0"))
    result = run_task(collection, quick)
    assert result.code == 0, result
    assert paper.requests[asked:], "the crawl did not begin again"
    first = next(place for place, request in enumerate(paper.requests) if place >= 1 and "robots.txt" in str(request))
    assert first - asked <= 1, "the child went on without its worker"
    assert len(collection.store.names("shards/paper/generations")) <= 3
