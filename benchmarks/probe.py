"""Measures a crawl from inside: delays of its reactor, and CPU and memory of the crawl and its workers."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from twisted.internet.task import LoopingCall

TICK = 0.01
EVERY = 20  # articles between two samples of CPU and memory


class Probe:
    """A Scrapy extension that records delays of the reactor, and CPU and memory of the crawl and its workers.

    It is scheduled every hundredth of a second; a later call is a stall. `own` is the part of a stall in which this
    thread was running; the rest is waiting for the disk or other programs.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._late: list[float] = []
        self._own: list[float] = []
        self._samples: list[dict[str, Any]] = []
        self._scraped = 0
        self._timer = LoopingCall(self._tick)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Probe:
        """Create the extension for Scrapy; setting BENCHMARK_PROBE is the output file."""
        if not crawler.settings["BENCHMARK_PROBE"]:
            raise NotConfigured
        self = cls(Path(crawler.settings["BENCHMARK_PROBE"]))
        crawler.signals.connect(self._open, signals.spider_opened)
        crawler.signals.connect(self._count, signals.item_scraped)
        crawler.signals.connect(self._close, signals.spider_closed)
        return self

    def _open(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.thread_time()
        self._timer.start(TICK, now=False)

    def _tick(self) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        late = max(0.0, wall - self._wall - TICK)
        self._late.append(late)
        self._own.append(min(late, cpu - self._cpu))
        self._wall, self._cpu = wall, cpu

    def _count(self) -> None:
        self._scraped += 1
        if self._scraped % EVERY == 0:
            self._samples.append(self._sample())

    def _sample(self) -> dict[str, Any]:
        workers = [worker.pid for worker in multiprocessing.active_children() if worker.pid]
        return {
            "articles": self._scraped,
            "wall": time.perf_counter(),
            "main": time.process_time(),
            "workers": sum(cpu_of(pid) for pid in workers),
            "memory": [memory_of(os.getpid()), *(memory_of(pid) for pid in workers)],
        }

    def _close(self) -> None:
        self._timer.stop()
        result = {"late": self._late, "own": self._own, "samples": self._samples, "main": time.process_time()}
        self._output.write_text(json.dumps(result))


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process so far (proc(5): utime and stime); 0 if it has ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def memory_of(pid: int) -> float:
    """Return the peak memory of a process in MB (proc(5): VmHWM); 0 if it has ended."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0
