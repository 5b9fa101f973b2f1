"""Compares a crawl with the trafilatura command on the same URLs: pages per second, CPU, stalls, memory.

    python -m benchmarks.crawl URL [--limit 300] [--rounds 3] [--json]

URL is a WordPress on loopback with its page cache on. Both commands run once to warm up, then alternately. The exit
status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from sqlite3 import connect
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from benchmarks.probe import EVERY
from newsarchive import settings as our_settings

ROOT = Path(__file__).resolve().parent.parent
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2): adopt and wait for processes that a command leaves behind
GOALS = {
    "rate ratio": (">=", 1.6),
    "CPU ratio": ("<=", 1.15),
    "CPU outside / in extraction": ("<=", 0.2),
    "stall p99, ms": ("<=", 25.0),
    "stall longest, ms": ("<=", 250.0),
    "memory of a process, MB": ("<=", 200.0),
}
PROFILE = """title = "Benchmark"
url = "{site}"
language = "kk"
timezone = "Asia/Almaty"
delay = 0
contact = "benchmark@example.org"

[[sources]]
kind = "wordpress"
url = "{site}wp-json/wp/v2/posts?after={after}"
"""


@dataclass(kw_only=True)
class Run:
    """One run of a command: wall and CPU seconds, including child processes, and the number of articles."""

    seconds: float
    cpu: float
    articles: int
    probe: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Articles per second, end to end."""
        return self.articles / self.seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Returns the exit status: 0 if every goal is reached, else 1."""
    options = _options(arguments)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    site = options.url.rstrip("/") + "/"
    urls, after = newest_posts(site, options.limit)
    with TemporaryDirectory(prefix="newsarchive-benchmark-") as name:
        folder = Path(name)
        prepare(folder, site, urls, after)
        ours: list[Run] = []
        peer: list[Run] = []
        for number in range(options.rounds + 1):
            pair = [(ours, _crawl), (peer, _peer)]
            for runs, run in pair if number % 2 else reversed(pair):
                done = run(folder, urls)
                if number:
                    runs.append(done)
    figures = summarise(ours, peer)
    missed = [name for name, (sign, goal) in GOALS.items() if not _reached(figures[name], sign, goal)]
    if options.json:
        print(json.dumps({"figures": figures, "missed": missed, "ours": _plain(ours), "peer": _plain(peer)}, indent=1))
    else:
        _print(figures, ours, peer)
    return 1 if missed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.crawl", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("url", metavar="URL", help="home page of a WordPress on loopback with page cache")
    parser.add_argument("--limit", type=int, default=300, help="articles to fetch, at least 40 (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="measured runs of each command (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures of every run as JSON")
    options = parser.parse_args(arguments)
    if options.limit < 2 * EVERY:
        parser.error(f"--limit must be at least {2 * EVERY}")
    return options


def newest_posts(site: str, limit: int) -> tuple[list[str], str]:
    """Return the URLs of the newest posts, and a time just before the oldest; a crawl from then on lists the same."""
    posts: list[dict[str, str]] = []
    while len(posts) < limit:
        query = f"per_page=100&page={len(posts) // 100 + 1}&orderby=date&order=desc&_fields=link,date"
        with urlopen(f"{site}wp-json/wp/v2/posts?{query}", timeout=60) as answer:
            posts += json.load(answer)
            if len(posts) >= int(answer.headers["X-WP-Total"]):
                break
    day = posts[limit - 1 if limit <= len(posts) else -1]["date"][:10]
    chosen = [post["link"] for post in posts if post["date"][:10] >= day]
    return chosen[:limit], f"{day}T00:00:00"


def prepare(folder: Path, site: str, urls: Sequence[str], after: str) -> None:
    """Write the site profile, the list of URLs, and trafilatura settings that allow loopback without delays."""
    (folder / "site.toml").write_text(PROFILE.format(site=site, after=after))
    (folder / "urls.txt").write_text("".join(f"{url}\n" for url in urls))
    settings = files("trafilatura").joinpath("settings.cfg").read_text(encoding="utf-8")
    for name, value in (("SSRF_PROTECTION", "off"), ("SLEEP_TIME", "0")):
        settings, changed = re.subn(rf"(?m)^{name} *=.*$", f"{name} = {value}", settings)
        if changed != 1:
            raise SystemExit(f"trafilatura's settings.cfg has no {name}")
    (folder / "settings.cfg").write_text(settings)


def _crawl(folder: Path, urls: Sequence[str]) -> Run:
    """Crawl into a new archive, with the probe as an additional extension."""
    extensions = {**our_settings.EXTENSIONS, "benchmarks.probe.Probe": 900}
    with TemporaryDirectory(dir=folder) as archive:
        profile = Path(archive, "sites", "benchmark.toml")
        profile.parent.mkdir()
        profile.write_text((folder / "site.toml").read_text())
        values = {"DOWNLOAD_DELAY": "0", "EXTENSIONS": json.dumps(extensions), "BENCHMARK_PROBE": f"{archive}/probe"}
        command = [_script("newsarchive"), "--archive", archive, "-q", "crawl", "benchmark", "--limit", str(len(urls))]
        command += [part for name, value in values.items() for part in ("-s", f"{name}={value}")]
        seconds, cpu = run_command(command, folder / "newsarchive.out")
        with connect(f"{archive}/archive.db") as db:
            states = dict(db.execute("select state, count(*) from urls where visited is not null group by state"))
        articles = states.get("article", 0) + states.get("not_article", 0)  # a post may be password-protected
        if articles < len(urls):
            raise SystemExit(f"the crawl read {articles} of {len(urls)} pages: {states}")
        return Run(seconds=seconds, cpu=cpu, articles=articles, probe=json.loads(Path(archive, "probe").read_text()))


def _peer(folder: Path, urls: Sequence[str]) -> Run:
    command = [_script("trafilatura"), "-i", str(folder / "urls.txt"), "--config-file", str(folder / "settings.cfg")]
    output = folder / "trafilatura.out"
    seconds, cpu = run_command(command, output)
    if output.stat().st_size < 100 * len(urls):
        raise SystemExit(f"trafilatura printed only {output.stat().st_size} bytes for {len(urls)} pages")
    return Run(seconds=seconds, cpu=cpu, articles=len(urls))


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts"), name))


def run_command(command: Sequence[str], output: Path) -> tuple[float, float]:
    """Run a command, wait for it and for all its child processes, and return wall and CPU seconds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with status {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    with suppress(ChildProcessError):
        while True:
            _, _, usage = os.wait4(-1, 0)
            cpu += usage.ru_utime + usage.ru_stime
    return seconds, cpu


def summarise(ours: Sequence[Run], peer: Sequence[Run]) -> dict[str, float]:
    """Return the figures, among them those with a goal; ratios are medians over the rounds."""
    pairs = list(zip(ours, peer, strict=True))
    late, own = ([s * 1000 for run in ours for s in run.probe[name]] for name in ("late", "own"))
    return {
        "rate ratio": median(a.rate / b.rate for a, b in pairs),
        "CPU ratio": median((a.cpu / a.articles) / (b.cpu / b.articles) for a, b in pairs),
        "CPU outside / in extraction": median(_steady(run)[0] / _steady(run)[1] for run in ours),
        "stall p99, ms": quantile(late, 0.99),
        "stall longest, ms": max(late),
        "memory of a process, MB": max(max(s["memory"]) for run in ours for s in run.probe["samples"]),
        "whole run: main process / workers": median(run.probe["main"] / (run.cpu - run.probe["main"]) for run in ours),
        "own stall p99, ms": quantile(own, 0.99),
        "own stall longest, ms": max(own),
        "CPU ms per article in the main process": median(_steady(run)[0] for run in ours),
        "CPU ms per article in the workers": median(_steady(run)[1] for run in ours),
        "articles per second after the start": median(1000 / _steady(run)[2] for run in ours),
    }


def _steady(run: Run) -> tuple[float, ...]:
    """Return milliseconds per article between the first and last sample, which excludes the start-up.

    In order: CPU of the main process, CPU of the workers, wall time.
    """
    first, last = run.probe["samples"][0], run.probe["samples"][-1]
    articles = last["articles"] - first["articles"]
    return tuple((last[name] - first[name]) * 1000 / articles for name in ("main", "workers", "wall"))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies.

    >>> quantile([4, 1, 3, 2], 0.5)
    3
    """
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _reached(value: float, sign: str, goal: float) -> bool:
    return value >= goal if sign == ">=" else value <= goal


def _plain(runs: Sequence[Run]) -> list[dict[str, Any]]:
    rows = [asdict(run) for run in runs]
    for row in rows:
        for name in ("late", "own"):
            row["probe"].pop(name, None)
    return rows


def _print(figures: dict[str, float], ours: Sequence[Run], peer: Sequence[Run]) -> None:
    for name, runs in (("newsarchive", ours), ("trafilatura", peer)):
        rates = ", ".join(f"{run.rate:.1f}" for run in runs)
        costs = ", ".join(f"{run.cpu / run.articles * 1000:.1f}" for run in runs)
        print(f"{name}: {runs[0].articles} articles; per second: {rates}; CPU ms per article: {costs}")
    for name, value in figures.items():
        sign, goal = GOALS.get(name, ("", 0.0))
        verdict = f"  goal {sign} {goal:g}: {'reached' if _reached(value, sign, goal) else 'MISSED'}" if sign else ""
        print(f"{name:40} {value:8.2f}{verdict}")
    print("memory, MB, main process and workers:")
    samples = ours[-1].probe["samples"]
    for sample in samples[:: max(1, len(samples) // 6)]:
        print(f"  after {sample['articles']:5} articles: {', '.join(f'{mb:.0f}' for mb in sample['memory'])}")


if __name__ == "__main__":
    sys.exit(main())
