"""Compares re-extraction in one process and with all workers: python -m benchmarks.reextraction DIR.

DIR is an archive. It is copied, and the copy is marked as extracted by an older version.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from newsarchive.database import open_archive
from newsarchive.reextraction.runs import reextract, sites_kept
from newsarchive.sites import load_sites


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the revisions per second of both, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reextraction", description=__doc__)
    parser.add_argument("archive", type=Path, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "archive"
        shutil.copytree(options.archive, folder)
        rates: dict[int, list[float]] = {0: [], cores: []}
        for _ in range(options.rounds):
            for workers in rates:
                rates[workers].append(_rate(folder, workers))
                print(f"processes: {workers or 1}  revisions per second: {rates[workers][-1]:.1f}", flush=True)
    print(f"ratio of medians  {median(rates[cores]) / median(rates[0]):.2f}")


def _rate(folder: Path, workers: int) -> float:
    db = open_archive(folder)
    db.conn.execute("update revisions set options_digest = 'older'")
    db.conn.execute("delete from reextractions")
    db.conn.commit()
    began, done = time.perf_counter(), 0
    for site in sites_kept(db, load_sites(folder / "sites")):
        done += sum(reextract(folder, db, site, workers=workers).counts.values())
    seconds = time.perf_counter() - began
    db.close()
    return done / seconds


if __name__ == "__main__":
    main()
