"""A whole crawl beside the stock trafilatura command on the same URLs: pages a second, CPU, stalls, memory.

    python -m benchmarks.crawl URL [--limit 300] [--rounds 3] [--json]

URL is a WordPress on loopback with its page cache on. Both commands run once uncounted, then in turn. Exit status 1
where a goal is missed.
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
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2): what a command leaves behind is ours to wait for
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
    """What one run of a command took: wall and CPU seconds, its and its children's, and how many pages it read."""

    seconds: float
    cpu: float
    articles: int
    probe: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Articles a second, end to end."""
        return self.articles / self.seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit status says whether every goal is reached."""
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
    parser.add_argument("url", metavar="URL", help="the home page of a WordPress on loopback, its page cache on")
    parser.add_argument("--limit", type=int, default=300, help="articles to fetch, 40 at least (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="counted runs of each command (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="all figures, of every run, as JSON")
    options = parser.parse_args(arguments)
    if options.limit < 2 * EVERY:
        parser.error(f"--limit wants {2 * EVERY} articles at least")
    return options


def newest_posts(site: str, limit: int) -> tuple[list[str], str]:
    """The addresses of the newest posts, and a time just before the oldest of them: what a crawl after it will list."""
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
    """Write the profile of the site, the list of addresses, and trafilatura's settings for loopback without waiting."""
    (folder / "site.toml").write_text(PROFILE.format(site=site, after=after))
    (folder / "urls.txt").write_text("".join(f"{url}\n" for url in urls))
    settings = files("trafilatura").joinpath("settings.cfg").read_text(encoding="utf-8")
    for name, value in (("SSRF_PROTECTION", "off"), ("SLEEP_TIME", "0")):
        settings, changed = re.subn(rf"(?m)^{name} *=.*$", f"{name} = {value}", settings)
        if changed != 1:
            raise SystemExit(f"trafilatura's settings.cfg has no {name}")
    (folder / "settings.cfg").write_text(settings)


def _crawl(folder: Path, urls: Sequence[str]) -> Run:
    """Crawl into a fresh archive, with the probe beside our extensions."""
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
        articles = states.get("article", 0) + states.get("not_article", 0)  # a post may ask for a password
        if articles < len(urls):
            raise SystemExit(f"the crawl read {articles} of {len(urls)} pages: {states}")
        return Run(seconds=seconds, cpu=cpu, articles=articles, probe=json.loads(Path(archive, "probe").read_text()))


def _peer(folder: Path, urls: Sequence[str]) -> Run:
    command = [_script("trafilatura"), "-i", str(folder / "urls.txt"), "--config-file", str(folder / "settings.cfg")]
    output = folder / "trafilatura.out"
    seconds, cpu = run_command(command, output)
    if output.stat().st_size < 100 * len(urls):
        raise SystemExit(f"trafilatura gave only {output.stat().st_size} bytes for {len(urls)} pages")
    return Run(seconds=seconds, cpu=cpu, articles=len(urls))


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts"), name))


def run_command(command: Sequence[str], output: Path) -> tuple[float, float]:
    """Run a command to its end, and that of all it started; gives wall and CPU seconds."""
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
    """The figures that the goals are set for; ratios are medians of those of each round."""
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
        "CPU ms an article in the main process": median(_steady(run)[0] for run in ours),
        "CPU ms an article in the workers": median(_steady(run)[1] for run in ours),
        "articles a second after the start": median(1000 / _steady(run)[2] for run in ours),
    }


def _steady(run: Run) -> tuple[float, ...]:
    """Milliseconds an article between the first sample and the last, so without the start-up.

    CPU of the main process, CPU of the workers, wall.
    """
    first, last = run.probe["samples"][0], run.probe["samples"][-1]
    articles = last["articles"] - first["articles"]
    return tuple((last[name] - first[name]) * 1000 / articles for name in ("main", "workers", "wall"))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies.

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
        print(f"{name}: {runs[0].articles} articles; a second {rates}; CPU ms each {costs}")
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
