"""Measures what a task on a collection costs beside its work, and how tasks spread over workers.

    python -m benchmarks.collection [--folder FOLDER] [--sizes 1000,10000,50000] [--tasks 24]

First the time to restore a shard to the worker's disk, work next to nothing, and publish it, by the size of its
database (recordings and images are linked and cost next to nothing). Then the same small tasks, each in a process of
its own, one after the other and on clusters of one and two workers of this machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.search import build
from newsarchive.collection import Collection
from newsarchive.collection.cluster import open_cluster
from newsarchive.collection.running import run_tasks
from newsarchive.collection.tasks import Held, ShardTask, TaskResult, run_task
from newsarchive.database import open_archive


def fill(articles: int, archive: Path) -> None:
    """Fill an archive with articles."""
    db = open_archive(archive)
    build(db, articles, "")
    db.close()


def touch(archive: Path) -> None:
    """Change an archive by one row."""
    db = open_archive(archive)
    with db.atomic():
        db.conn.execute("update sites set added = ?", (str(time.time_ns()),))
    db.close()


def overhead(collection: Collection, sizes: Sequence[int]) -> Iterator[str]:
    """Yield a line for each size: megabytes, and the seconds of a task that changes nothing, and one row."""
    yield "| articles | MB | task without a change, s | task that changes a row, s | of that per 100 MB |"
    yield "|---|---|---|---|---|"
    for articles in sizes:
        shard = f"of-{articles}"

        def first(task: ShardTask, archive: Path, held: Held, articles: int = articles) -> TaskResult:
            fill(articles, archive)
            return TaskResult(shard=task.shard)

        def change(task: ShardTask, archive: Path, held: Held) -> TaskResult:
            touch(archive)
            return TaskResult(shard=task.shard)

        def nothing(task: ShardTask, archive: Path, held: Held) -> TaskResult:
            return TaskResult(shard=task.shard)

        run_task(collection, ShardTask(shard=shard, command=("import",)), work=first)
        times = []
        for work in (nothing, change):
            start = time.perf_counter()
            run_task(collection, ShardTask(shard=shard, command=("import",)), work=work)
            times.append(time.perf_counter() - start)
        folder = collection.shard(shard).open_latest()
        assert folder is not None
        size = (folder / "archive.db").stat().st_size / 1e6
        yield f"| {articles:,} | {size:.0f} | {times[0]:.2f} | {times[1]:.2f} | {times[1] / size * 100:.2f} |"


def spread(collection: Collection, tasks: int, scratch: Path) -> Iterator[str]:
    """Yield a line for each number of workers: tasks per second."""

    def first(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        open_archive(archive).close()
        return TaskResult(shard=task.shard)

    names = [f"small-{number}" for number in range(tasks)]
    for name in names:
        run_task(collection, ShardTask(shard=name, command=("import",)), work=first)
    work = [ShardTask(shard=name, command=("check",), keeps=False) for name in names]
    yield "| workers | tasks per second |"
    yield "|---|---|"
    start = time.perf_counter()
    assert all(ended.result and not ended.failure for ended in run_tasks(collection, work))
    yield f"| none, one after the other | {tasks / (time.perf_counter() - start):.2f} |"
    for workers in (1, 2):
        with open_cluster(str(workers), scratch) as cluster:
            start = time.perf_counter()
            assert all(ended.result and not ended.failure for ended in run_tasks(collection, work, cluster=cluster))
            yield f"| {workers} | {tasks / (time.perf_counter() - start):.2f} |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="where to make the collection; else a temporary folder")
    parser.add_argument("--sizes", default="1000,10000,50000", help="articles of the shards")
    parser.add_argument("--tasks", type=int, default=24)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as place:
        os.environ["NEWSARCHIVE_SCRATCH"] = f"{place}/scratch"
        collection = Collection.create(f"{place}/collection")
        for line in overhead(collection, [int(size) for size in asked.sizes.split(",")]):
            print(line, flush=True)
        print()
        for line in spread(collection, asked.tasks, Path(place)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
