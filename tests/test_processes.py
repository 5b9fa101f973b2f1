"""Worker processes: what they give back, what becomes of those that die, and that none stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from newsarchive.workers import starting
from newsarchive.workers.pool import AHEAD, PoolClosed, WorkerDied, WorkerPool
from newsarchive.workers.serving import TooSlow


def in_pool(work: Callable[[WorkerPool], Awaitable[Any]], workers: int = 2) -> Any:
    async def go() -> Any:
        pool = WorkerPool(workers)
        try:
            return await work(pool)
        finally:
            pool.close()

    return asyncio.run(go())


def test_calls_come_back_in_their_order_from_more_than_one_process() -> None:
    async def work(pool: WorkerPool) -> tuple[list[int], set[int]]:
        lengths = await asyncio.gather(*(pool.run(len, "a" * n) for n in range(50)))
        numbers = await asyncio.gather(*(pool.run(os.getpid) for _ in range(50)))
        return list(lengths), set(numbers)

    lengths, numbers = in_pool(work)
    assert lengths == list(range(50))
    assert len(numbers) == 2
    assert os.getpid() not in numbers


def test_without_workers_the_call_is_made_here() -> None:
    assert in_pool(lambda pool: pool.run(os.getpid), workers=0) == os.getpid()


def test_an_exception_comes_to_its_caller() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        in_pool(lambda pool: pool.run(int, "ten"))


def locked(_number: int) -> Any:
    import threading

    return threading.Lock()


def test_a_result_that_cannot_be_sent_is_an_error_of_that_call_alone() -> None:
    async def work(pool: WorkerPool) -> list[Any]:
        return await asyncio.gather(pool.run(locked, 1), pool.run(len, "abc"), return_exceptions=True)

    error, length = in_pool(work, workers=1)
    assert isinstance(error, RuntimeError)
    assert "pickle" in str(error)
    assert length == 3


def test_only_the_call_that_kills_its_process_fails() -> None:
    async def work(pool: WorkerPool) -> list[Any]:
        calls = [pool.run(os._exit, 3) if n == 5 else pool.run(len, "a" * n) for n in range(20)]
        return await asyncio.gather(*calls, return_exceptions=True)

    found = in_pool(work)
    assert isinstance(found.pop(5), WorkerDied)
    assert found == [n for n in range(20) if n != 5]


def test_a_call_whose_process_another_program_killed_is_made_again() -> None:
    async def work(pool: WorkerPool) -> int:
        number = await pool.run(os.getpid)
        slow = asyncio.create_task(pool.run(time.sleep, 0.5))
        await asyncio.sleep(0.1)
        os.kill(number, signal.SIGKILL)
        await slow
        return number - await pool.run(os.getpid)

    assert in_pool(work, workers=1) != 0


def caught(_: int) -> str:
    """Work on like a library that takes whatever happens for a failure of its own."""
    try:
        while True:
            sum(range(1000))
    except Exception:  # noqa: BLE001  as such libraries do
        return "half of the work"


@pytest.mark.parametrize("workers", [0, 2])
def test_no_library_can_take_the_end_of_its_time_for_a_failure_of_its_own(workers: int) -> None:
    async def work(pool: WorkerPool) -> list[Any]:
        return await asyncio.gather(pool.run(caught, 0), pool.run(len, "abc"), return_exceptions=True)

    slow, length = in_pool(work, workers)
    assert isinstance(slow, TooSlow)
    assert length == 3


def test_calls_larger_than_any_pipe_do_not_block_one_another() -> None:
    async def work(pool: WorkerPool) -> list[bytes]:
        return await asyncio.gather(*(pool.run(bytes.upper, b"a" * size) for size in [20 * AHEAD, 3 * AHEAD, 100] * 4))

    assert [len(result) for result in in_pool(work)] == [20 * AHEAD, 3 * AHEAD, 100] * 4


CRAWL = """
import asyncio, os, time
from newsarchive.workers.pool import WorkerPool
async def go():
    pool = WorkerPool(2)
    print(*{await pool.run(os.getpid) for _ in range(2)}, *[w.process.pid for w in pool._workers], flush=True)
    await pool.run(time.sleep, 60)
if __name__ == "__main__":
    asyncio.run(go())
"""


def test_no_worker_outlives_a_program_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "crawl.py"
    script.write_text(CRAWL)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    program = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert program.stdout is not None
    workers = {int(number) for number in program.stdout.readline().split()}
    assert len(workers) == 2
    program.kill()
    program.wait()
    program.stdout.close()
    end = time.monotonic() + 20
    while any(alive(number) for number in workers):
        assert time.monotonic() < end, "a worker stayed behind"
        time.sleep(0.05)


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


FETCH = """
import asyncio, os, time
from newsarchive.workers import starting
from newsarchive.workers.pool import WorkerPool
async def go():
    pool = WorkerPool(1, preload=("colorsys",))
    print(await pool.run(os.getpid), flush=True)
    await pool.run(time.sleep, 60)
if __name__ == "__main__":
    starting.fork_early(("colorsys",))
    print(starting._early[("colorsys",)][0].pid, flush=True)
    asyncio.run(go())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_worker_that_was_forked_early_outlives_its_program(how: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "fetch.py"
    script.write_text(FETCH)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        forked, used = int(program.stdout.readline()), int(program.stdout.readline())
        assert used == forked, "the pool has another worker than the one forked for it"
        program.send_signal(how)
        program.wait(20)
    end = time.monotonic() + 20
    while alive(used):
        assert time.monotonic() < end, "the worker stayed behind"
        time.sleep(0.05)


def test_a_worker_that_was_forked_early_and_died_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.active_count", lambda: 1)  # pytest may have more; none of them holds a lock here
    starting.fork_early(("colorsys",))
    process, _pipe = starting._early["colorsys",]
    process.kill()
    process.join()

    async def go() -> int:
        pool = WorkerPool(1, preload=("colorsys",))
        try:
            return await pool.run(len, "abc")
        finally:
            pool.close()

    assert asyncio.run(go()) == 3


def test_nothing_is_forked_beside_threads() -> None:
    holding, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (holding.set(), over.wait()))
    thread.start()
    holding.wait()
    try:
        starting.fork_early(("this.is.not.loaded",))
    finally:
        over.set()
        thread.join()
    assert not starting._early


def test_a_worker_loads_a_model_of_languages_only_for_a_text_that_needs_it() -> None:
    code = (
        "import sys, newsarchive.workers.preloaded; print('numpy' in sys.modules);"
        "from newsarchive.kazakh.language import identify_language;"
        "print(identify_language('The quick brown fox jumps over the lazy dog, and nobody has seen it since.'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "en"]


def test_what_workers_preload_is_an_article() -> None:
    import newsarchive.workers.preloaded as preloaded

    assert "<article>" in preloaded.PAGE  # importing it extracts the page, and fails if that fails


def test_the_process_that_crawls_loads_no_extraction() -> None:
    code = (
        "import sys, newsarchive.cli.crawling, newsarchive.crawling.pipelines.extraction, newsarchive.crawling.middlewares, newsarchive.crawling.spiders.news;"
        "print([name for name in ('trafilatura', 'newsarchive.extraction.article', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_lane_with_slow_calls_takes_turns_with_the_others() -> None:
    async def order() -> list[str]:
        pool = WorkerPool(1)
        ended: list[str] = []

        async def call(lane: str, seconds: float) -> None:
            await pool.run(time.sleep, seconds, lane=lane)
            ended.append(lane)

        slow = [asyncio.ensure_future(call("slow", 0.2)) for _ in range(5)]
        await asyncio.sleep(0)  # they are handed over first
        await asyncio.gather(*(call(f"quick {n}", 0) for n in range(3)))
        pool.drop("slow")
        assert {type(one) for one in await asyncio.gather(*slow, return_exceptions=True)} <= {type(None), PoolClosed}
        await pool.run(time.sleep, 0, lane="after")
        pool.close()
        return ended

    ended = asyncio.run(order())
    assert ended.index("quick 2") <= 5, ended  # in the order of the calls it would be the last of eight
    assert [lane for lane in ended if lane != "slow"] == ["quick 0", "quick 1", "quick 2"]
