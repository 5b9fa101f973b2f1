"""Measures an import beside `warcio index` and trafilatura on the same file in the same run.

    python -m benchmarks.importing FILE.warc.gz [--other PROGRAM] [--rounds 1]

`--other` is the `newsarchive` of another commit, to be compared in the same run. The table has pages per second, the
processor time of each with that of its processes, and the memory of the largest process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import trafilatura
from fastwarc.warc import ArchiveIterator, WarcRecordType

HERE = Path(sys.executable).parent


class Cost(NamedTuple):
    """What a command took: seconds, seconds of processor time, and the memory of its largest process in MB."""

    elapsed: float
    cpu: float
    memory: float


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command in a session of its own, by which its processes are found. Raises CalledProcessError."""
    start, seconds, largest = time.perf_counter(), dict[int, float](), 0.0
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, start_new_session=True, stdout=nothing, stderr=nothing) as running:
        while running.poll() is None:
            for process in processes_of(running.pid):
                seconds[process.pid] = process.cpu
                largest = max(largest, process.memory)
            time.sleep(0.1)
    if running.returncode not in (0, 1):
        raise subprocess.CalledProcessError(running.returncode, list(command))
    return Cost(time.perf_counter() - start, sum(seconds.values()), largest)


class Process(NamedTuple):
    """A process: its seconds of processor time so far, and its memory in MB."""

    pid: int
    cpu: float
    memory: float


def processes_of(session: int) -> Iterator[Process]:
    """Yield the processes of a session."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            yield Process(
                int(path.parent.name), (int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * page / 1e6
            )


def read_with_trafilatura(path: Path) -> int:
    """Extract every page with trafilatura, one after the other; return their number."""
    count = 0
    with open(path, "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response | WarcRecordType.resource):
            if _is_page(record):
                trafilatura.bare_extraction(record.reader.read().decode("utf-8", "replace"), with_metadata=True)
                count += 1
    return count


def _is_page(record: Any) -> bool:
    return str(record.http_content_type or record.headers.get("Content-Type", "")).startswith("text/html")


def commands(path: Path, archive: Path, other: str) -> dict[str, list[str]]:
    """Return the commands by name, each import into a folder of its own."""
    programs = {"newsarchive import": str(HERE / "newsarchive"), **({"import, other commit": other} if other else {})}
    imports = {
        name: [program, "-q", "--archive", str(archive / str(number)), "import", "--any-site", str(path)]
        for number, (name, program) in enumerate(programs.items())
    }
    return {
        "warcio index": [str(HERE / "warcio"), "index", str(path)],
        "trafilatura": [sys.executable, "-m", "benchmarks.importing", "--only-trafilatura", str(path)],
        **imports,
    }


def main() -> None:
    """Run the commands in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--other", default="", help="the newsarchive of another commit")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only-trafilatura", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    pages = read_with_trafilatura(given.path) if given.only_trafilatura else 0
    if given.only_trafilatura:
        print(pages)
        return
    with open(given.path, "rb") as file:
        records = ArchiveIterator(file, record_types=WarcRecordType.response | WarcRecordType.resource)
        pages = sum(_is_page(record) for record in records)
    print(f"{pages:,} pages\n{'':24}{'pages/s':>10}{'CPU s':>10}{'MB':>8}")
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for name, command in commands(given.path, Path(folder), given.other).items():
                cost = cost_of(command)
                print(f"{name:24}{pages / cost.elapsed:10.1f}{cost.cpu:10.1f}{cost.memory:8.0f}", flush=True)


if __name__ == "__main__":
    main()
