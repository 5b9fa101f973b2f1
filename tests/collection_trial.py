"""A trial of kills over a collection on a cluster: what is left is what one undisturbed archive has, byte for byte.

    python -m tests.collection_trial [--shards 20] [--kills 30] [--seed 1]

Recordings of many newspapers are imported and extracted again by two local workers. Meanwhile workers and the commands
that they run are killed at random moments; commands that end with 1 for it are given again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from newsarchive.collection import Collection
from newsarchive.collection.scratch import scratch_folder
from tests.test_importing import answers_recorded, page

MEDIA = "text/html; charset=utf-8"
PAGES = 12
ROUNDS = 40
"""How often a command may be given before the trial fails."""


def recordings(folder: Path, shards: int) -> list[Path]:
    """Return a recording for each newspaper: every page twice, some of them edited in between."""
    found = []
    for shard in range(shards):
        answers = []
        for day in (1, 2):
            for number in range(PAGES):
                text = f"Хабар {shard}-{number}{' түзетілді' if day == 2 and number % 3 == 0 else ''}"
                body = page(text).replace(b"zhanbyr", f"p{number}".encode())
                url = f"https://paper{shard}.example/p{number}/"
                answers.append((url, f"2020-01-0{day}T08:{number:02}:00Z", body))
        found.append(answers_recorded(folder / f"paper{shard}.warc.gz", *answers, media=MEDIA))
    return found


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command; there must be no traceback."""
    command = [sys.executable, "-m", "newsarchive", "--archive", str(place), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


class Killer:
    """Kills a process below this one now and then, as long as kills are left: a worker, or a worker's command."""

    def __init__(self, kills: int, seed: int) -> None:
        self.left = kills
        self.killed: list[str] = []
        self._chance = random.Random(seed)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._kill, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _kill(self, over: threading.Event) -> None:
        while self.left and not over.wait(self._chance.expovariate(1.0)):
            with suppress(psutil.Error):
                victims = [each for each in psutil.Process().children(recursive=True) if self._kind(each)]
                if victims:
                    victim = self._chance.choice(victims)
                    kind = self._kind(victim)
                    victim.kill()
                    self.left -= 1
                    self.killed.append(kind)

    def _kind(self, process: psutil.Process) -> str:
        """Return what a process is, as far as it may be killed; the client and what helps it are left alone."""
        with suppress(psutil.Error):
            words = process.cmdline()
            if "--cluster" in words or not words:
                return ""
            if "newsarchive" in words:
                return "command"
            if "spawn_main" in " ".join(words):
                return "worker"
        return ""


def until_done(killer: Killer, place: Path, *arguments: str) -> int:
    """Give a command again until it ends with 0; return how often."""
    for turn in range(1, ROUNDS + 1):
        with killer.at_work():
            done = run(place, "--cluster", "2", *arguments)
        if done.returncode == 0:
            return turn
    raise AssertionError(f"{arguments[0]} did not end with 0: {done.stderr}")


def trial(folder: Path, shards: int, kills: int, seed: int) -> None:
    """Compare a collection that was disturbed with an archive that was not."""
    files = [str(path) for path in recordings(folder, shards)]
    one, several = folder / "one", folder / "several"
    assert run(one, "import", "--any-site", *files).returncode == 0
    assert run(one, "export", "--canonical", "-o", str(folder / "one.jsonl")).returncode == 0
    assert run(several, "collection", "new", str(several)).returncode == 0
    killer, start, turns = Killer(kills, seed), time.monotonic(), 0
    while killer.left:
        turns += until_done(killer, several, "import", "--any-site", *files)
        turns += until_done(killer, several, "reextract")
    assert run(several, "export", "--canonical", "-o", str(folder / "several.jsonl")).returncode == 0
    expected, found = ((folder / name).read_bytes() for name in ("one.jsonl", "several.jsonl"))
    assert expected.count(b"\n") == shards * PAGES
    assert found == expected, "the collection differs from the archive"
    assert run(several, "check").returncode == 0
    left = list((scratch_folder(str(several)) / "work").iterdir())
    assert not left, left
    collection = Collection.open(several)
    for shard in collection.shards():
        names = collection.store.names(shard.generations)
        assert len(names) <= 2 * (collection.configuration.keep + 1), names
    kinds = {kind: killer.killed.count(kind) for kind in sorted(set(killer.killed))}
    print(f"{len(killer.killed)} kills ({kinds}), {turns} commands, {time.monotonic() - start:.0f} s: nothing differs")


def main() -> None:
    """Run the trial; an AssertionError tells what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="collection-") as place:
        os.environ["NEWSARCHIVE_SCRATCH"] = f"{place}/scratch"
        trial(Path(place), asked.shards, asked.kills, asked.seed)


if __name__ == "__main__":
    main()
