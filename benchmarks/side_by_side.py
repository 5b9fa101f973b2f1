"""Crawls small newspapers side by side: the time of N of them over that of one, and the memory of all processes.

    python -m benchmarks.side_by_side [--sites 30] [--pages 20] [--delay 1] [--hostile]

The newspapers are on loopback, each on its own port, served by a process of their own. With `--hostile` three more are
crawled at once: one answers 503 with Retry-After, one redirects in a circle, one lists without end; only the time of
the sound ones counts. The exit status is 1 if a goal is missed: 1.3 times the time of one, 1 GB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

MOST_TIME = 1.3
MOST_MEMORY = 1_000.0
PROFILE = """title = "{name}"
url = "http://127.0.0.1:{port}/"
language = "kk"
timezone = "Asia/Almaty"
delay = {delay}
contact = "benchmark@example.org"

[[sources]]
kind = "{kind}"
"""
TEXT = "".join(f"<p>Ауылда бүгін {n} үй салынды, тұрғындар қуанып жатыр, жол да жөнделді.</p>" for n in range(12))
HOSTILE = ("busy", "circle", "endless")


@dataclass(kw_only=True)
class Crawled:
    """One crawl: seconds until the last sound site was done, articles, most memory (MB of PSS), most processes.

    `each` has the seconds of each sound site by its own line, `processor` those of the processor in all.
    """

    seconds: float
    each: list[int]
    processor: float
    articles: int
    memory: float
    processes: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=30)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--delay", type=float, default=1.0)
    parser.add_argument("--hostile", action="store_true")
    options = parser.parse_args(arguments)
    ours, theirs = multiprocessing.Pipe()
    kinds = [*["sound"] * options.sites, *(HOSTILE if options.hostile else ())]
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, kinds, options.pages))
    server.start()
    try:
        ports: list[int] = ours.recv()
        one = crawl(ports[:1], kinds[:1], options.delay)
        many = crawl(ports, kinds, options.delay)
    finally:
        server.terminate()
        server.join()
    ratio = many.seconds / one.seconds
    print(
        f"one site:  {one.seconds:6.1f} s, {one.articles:5} articles, {one.memory:4.0f} MB of {one.processes} processes"
    )
    print(f"{options.sites} sites: {many.seconds:6.1f} s, {many.articles:5} articles, {many.memory:4.0f} MB of"
          f" {many.processes} processes; {ratio:.2f} times the time of one")  # fmt: skip
    middle, last = many.each[len(many.each) // 2], many.each[-1]
    print(
        f"by their own lines: one {one.each[0]} s; half of the {options.sites} within {middle} s, the last {last} s"
        f"; processor {one.processor:.1f} s and {many.processor:.1f} s"
    )
    whole = many.articles >= options.sites * options.pages
    return 0 if whole and ratio <= MOST_TIME and many.memory <= MOST_MEMORY else 1


def crawl(ports: Sequence[int], kinds: Sequence[str], delay: float) -> Crawled:
    """Crawl the newspapers on the ports into a new archive, until all sound ones are done."""
    with TemporaryDirectory(prefix="newsarchive-benchmark-") as folder:
        sites = Path(folder) / "sites"
        sites.mkdir()
        for port, kind in zip(ports, kinds, strict=True):
            name = f"{kind}-{port}"
            source = "listing" if kind == "endless" else "sitemap"
            (sites / f"{name}.toml").write_text(PROFILE.format(name=name, port=port, delay=delay, kind=source))
        began = time.monotonic()
        command = [sys.executable, "-m", "newsarchive", "--archive", folder, "crawl"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        memory, processes = 0.0, 0
        os.set_blocking(process.stdout.fileno(), False)  # type: ignore[union-attr]
        said, left = "", sum(kind == "sound" for kind in kinds)
        while process.poll() is None and len(re.findall("^sound-", said, re.MULTILINE)) < left:
            time.sleep(0.2)
            used = memory_of(process.pid)
            memory, processes = max(memory, sum(used)), max(processes, len(used))
            with suppress(TypeError):  # nothing was printed
                said += process.stdout.read()  # type: ignore[union-attr]
        seconds = time.monotonic() - began
        processor = sum(processor_of(number) for number in family(process.pid))
        process.terminate()
        os.set_blocking(process.stdout.fileno(), True)  # type: ignore[union-attr]
        said += process.communicate()[0]
        articles = sum(int(number) for number in re.findall(r"^sound-\d+: (\d+) new", said, re.MULTILINE))
        each = sorted(int(number) for number in re.findall(r"^sound-\d+: .*?, (\d+) s\b", said, re.MULTILINE))
        return Crawled(
            seconds=seconds, each=each, processor=processor, articles=articles, memory=memory, processes=processes
        )


def memory_of(process: int) -> list[float]:
    """Return the memory of a process and all its descendants, in MB: shared pages count in proportion (PSS)."""
    found = []
    with suppress(OSError):
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
        found.append(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) / 1024)
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            found += memory_of(int(child))
    return found


def family(process: int) -> list[int]:
    """Return a process and all its descendants."""
    with suppress(OSError):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [process, *(number for child in children for number in family(int(child)))]
    return []


def processor_of(process: int) -> float:
    """Return the seconds of the processor that a process used, with those of children that ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def serve(pipe: Connection, kinds: Sequence[str], pages: int) -> None:
    """Serve a newspaper of each kind on a port of its own, which go into the pipe; never returns."""
    asyncio.run(_serve(pipe, kinds, pages))


async def _serve(pipe: Connection, kinds: Sequence[str], pages: int) -> None:
    ports = []
    for kind in kinds:
        handler = _Newspaper(kind, pages)
        server = await asyncio.start_server(handler.answer_all, "127.0.0.1", 0, backlog=200)
        handler.port = server.sockets[0].getsockname()[1]
        ports.append(handler.port)
    pipe.send(ports)
    await asyncio.Event().wait()


class _Newspaper:
    def __init__(self, kind: str, pages: int) -> None:
        self.kind = kind
        self.pages = pages
        self.port = 0

    async def answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head.split()[1].decode()))
                await writer.drain()
        writer.close()

    def _answer(self, path: str) -> bytes:
        site = f"http://127.0.0.1:{self.port}"
        if path == "/robots.txt":
            return _response(200, "", kind="text/plain")
        if self.kind == "busy":
            return _response(503, "", "Retry-After: 5\r\n")
        if self.kind == "circle":
            return _response(302, "", f"Location: {site}/{len(path) % 7 * 'x'}\r\n")
        if self.kind == "endless" and not path.startswith("/a-"):
            number = int(re.findall(r"\d+", path)[0]) if re.search(r"\d", path) else 0
            links = "".join(f'<h2><a href="/a-{number}-{n}/">Ауыл хабары {number}, {n}</a></h2>' for n in range(10))
            return _response(200, f'{links}<a rel="next" href="/page/{number + 1}/">{number + 1}</a>')
        if path == "/sitemap.xml":
            urls = "".join(f"<url><loc>{site}/a-{n}/</loc></url>" for n in range(self.pages))
            xml = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
            return _response(200, xml, kind="application/xml")
        title = f"Ауыл хабары {path.strip('/')}, {self.port}"
        text = f"<p>{json.dumps(path)} туралы.</p>{TEXT}"
        return _response(
            200,
            f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>",
        )


def _response(status: int, body: str, headers: str = "", *, kind: str = "text/html; charset=utf-8") -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
    return head.encode() + data


if __name__ == "__main__":
    sys.exit(main())
