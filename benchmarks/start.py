"""Measures how quickly commands start, beside `trafilatura -u` on the same page in the same run.

    python -m benchmarks.start [--rounds 7]

A sample newspaper on loopback serves the page. The commands take turns; the table has the median of each one's
elapsed time and CPU time (its children's included), and both as multiples of trafilatura's.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from newsarchive.demo import serve

PEER = "trafilatura -u"


class Cost(NamedTuple):
    """Seconds that one run of a command took."""

    elapsed: float
    cpu: float


def cost_of(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run a command. Raises CalledProcessError where it fails, and ValueError where it prints nothing."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if not done.stdout.strip():
        raise ValueError(f"{' '.join(command)} printed nothing")
    return Cost(elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def commands(url: str, folder: Path) -> dict[str, list[str]]:
    """The commands by name; trafilatura may read loopback, and `folder` holds an archive with the page."""
    shipped = files("trafilatura").joinpath("settings.cfg").read_text(encoding="utf-8")
    config = folder / "trafilatura.cfg"
    config.write_text(re.sub(r"(?im)^SSRF_PROTECTION.*", "SSRF_PROTECTION = false", shipped), encoding="utf-8")
    here = Path(sys.executable).parent
    ours = [str(here / "newsarchive"), "--archive", str(folder / "data")]
    return {
        PEER: [str(here / "trafilatura"), "--config-file", str(config), "-u", url],
        "newsarchive --help": [*ours, "--help"],
        "newsarchive search": [*ours, "search", "салық"],
        "newsarchive show": [*ours, "show", url],
        "newsarchive status": [*ours, "status"],
        "newsarchive fetch --no-store": [*ours, "fetch", "--no-store", url],
        "newsarchive fetch": [*ours, "fetch", url],
    }


def measure(rounds: int) -> dict[str, list[Cost]]:
    """Run all commands in turns; gives each one's costs, without the first turn, which warms the disk's cache."""
    environment = {**os.environ, "NEWSARCHIVE_CONTACT": "benchmark@example.org"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a program that is installed is compiled
    with tempfile.TemporaryDirectory() as folder, serve() as paper:
        story = next(story for story in paper.posts() if story.slug == "suraq-zhauap-salyq")
        turns = commands(f"{paper.url}{story.slug}/", Path(folder))
        costs: dict[str, list[Cost]] = {name: [] for name in turns}
        cost_of(turns["newsarchive fetch"], environment)
        for number in range(rounds + 1):
            for name, command in turns.items():
                cost = cost_of(command, environment)
                if number:
                    costs[name].append(cost)
    return costs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    costs = measure(parser.parse_args().rounds)
    medians = {
        name: Cost(*(statistics.median(values) for values in zip(*runs, strict=True))) for name, runs in costs.items()
    }
    peer = medians[PEER]
    print(f"{'':30}{'elapsed s':>10}{'×':>7}{'CPU s':>9}{'×':>7}")
    for name, cost in medians.items():
        print(
            f"{name:30}{cost.elapsed:>10.2f}{cost.elapsed / peer.elapsed:>7.2f}"
            f"{cost.cpu:>9.2f}{cost.cpu / peer.cpu:>7.2f}"
        )


if __name__ == "__main__":
    main()
