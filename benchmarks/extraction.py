"""Measures extraction on annotated real pages: quality per field, CPU time per page.

    python -m benchmarks.extraction DIR [--jobs N] [--peer trafilatura] [-o predictions.jsonl] [--floors FILE]

DIR has `items.jsonl` (one page per line: id, dataset, url, gold, html) and the gzipped pages named there. Each page is
extracted by `extract_article`, as in a crawl. Lead and body are joined if the dataset's gold text has the standfirst
(zyte's has not). The exit status is 1 if a figure is below its floor.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import logging
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import Any

import trafilatura

from benchmarks.ablation import ablate, print_ablation
from benchmarks.predictions import Item, extract, prediction
from benchmarks.scoring import Figures, score_page, summarise
from newsarchive.items import Page


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Returns the exit status: 0 if no figure is below its floor, else 1."""
    options = _options(arguments)
    items = _items(options)
    if options.ablate:
        print_ablation(_run(items, partial(ablate, options.folder), options.jobs))
        return 0
    rows = _run(items, partial(predict, options.folder, peer=options.peer), options.jobs)
    if options.output:
        options.output.write_text("".join(json.dumps(row["ours"], ensure_ascii=False) + "\n" for row in rows))
    figures = _figures(items, [row["ours"] for row in rows])
    _print_table(figures, "newsarchive")
    if options.peer:
        _print_table(_figures(items, [row["peer"] for row in rows]), options.peer)
    figures["cost"] = _costs(rows, peer=options.peer)
    return _below_floors(figures, options.floors) if options.floors else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.extraction", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--peer", choices=["trafilatura"])
    parser.add_argument("--limit", type=int, default=0, help="only the first N pages of each dataset")
    parser.add_argument("--datasets", default="", help="only these datasets, separated by commas")
    parser.add_argument("--ids", type=Path, help="file with the ids of the pages to run, one per line")
    parser.add_argument("-o", "--output", type=Path, help="write the predictions here, one per line")
    parser.add_argument("--ablate", action="store_true", help="print what each rule brings on each dataset, and stop")
    parser.add_argument("--floors", type=Path, help="TOML file with the lowest acceptable figures")
    return parser.parse_args(arguments)


def _items(options: argparse.Namespace) -> list[Item]:
    with (options.folder / "items.jsonl").open(encoding="utf-8") as lines:
        items: list[Item] = [json.loads(line) for line in lines]
    if options.datasets:
        items = [item for item in items if item["dataset"] in options.datasets.split(",")]
    if options.ids:
        wanted = set(options.ids.read_text(encoding="utf-8").split())
        items = [item for item in items if item["id"] in wanted]
    if options.limit:
        counts: Counter[str] = Counter()
        kept = []
        for item in items:
            counts[item["dataset"]] += 1
            if counts[item["dataset"]] <= options.limit:
                kept.append(item)
        items = kept
    return items


def _run(items: Sequence[Item], work: partial[dict[str, Any]], jobs: int) -> list[dict[str, Any]]:
    logging.disable(logging.CRITICAL)
    for item in items[:5]:  # one-time loading is not part of the cost per page
        work(item)
    if jobs == 1:
        return [work({**item, "turn": i}) for i, item in enumerate(items)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        return list(pool.map(work, [{**item, "turn": i} for i, item in enumerate(items)], chunksize=20))


def _quiet() -> None:
    logging.disable(logging.CRITICAL)


def predict(folder: Path, item: Item, *, peer: str | None) -> dict[str, Any]:
    """Return both predictions for a page, with their CPU milliseconds; the two alternate in running first."""
    body = gzip.decompress((folder / item["html"]).read_bytes())
    page = Page(url=item["url"], body=body)
    row: dict[str, Any] = {}
    makers: list[tuple[str, Callable[[], Any]]] = [
        ("ours", partial(extract, page, item)),
        *([("peer", partial(_peer, body, item))] if peer else []),
    ]
    for name, make in makers if item.get("turn", 0) % 2 else makers[::-1]:
        gc.collect()
        start = time.process_time()
        made = make()
        cost = 1000 * (time.process_time() - start)
        row[name] = {"id": item["id"], **(prediction(made, page, item) if name == "ours" else made)}
        row[f"{name}_ms"] = cost
    return row


def _peer(body: bytes, item: Item) -> dict[str, Any]:
    try:
        found = trafilatura.bare_extraction(body, url=item["url"], fast=True, with_metadata=True)
    except Exception:  # noqa: BLE001 (any failure of the peer counts as a miss)
        found = None
    if found is None or isinstance(found, dict):
        return {}
    text = trafilatura.xml.xmltotxt(found.body, include_formatting=False) if found.body is not None else ""
    return {
        "title": found.title,
        "body": text,
        "authors": (found.author or "").split("; "),
        "date": found.date,
        "images": [found.image] if found.image else [],
    }


def _figures(items: Sequence[Item], predictions: Iterable[Mapping[str, Any]]) -> dict[str, Figures]:
    sets: dict[str, list[dict[str, tuple[float, ...]]]] = {}
    for item, predicted in zip(items, predictions, strict=True):
        sets.setdefault(item["dataset"], []).append(score_page(item["gold"], predicted))
    return {name: summarise(sets[name]) for name in sorted(sets)}


def _costs(rows: Sequence[Mapping[str, Any]], *, peer: str | None) -> Figures:
    costs: Figures = {}
    for name in ("ours", "peer") if peer else ("ours",):
        ms = sorted(row[f"{name}_ms"] for row in rows)
        costs |= {
            f"{name}_median": median(ms),
            f"{name}_mean": mean(ms),
            f"{name}_p99": ms[int(0.99 * (len(ms) - 1))],
            f"{name}_max": ms[-1],
        }
    if peer:
        costs |= {
            f"{which}_ratio": costs[f"ours_{which}"] / costs[f"peer_{which}"] for which in ("median", "mean", "max")
        }
    print("CPU ms per page  " + "  ".join(f"{name} {value:.2f}" for name, value in costs.items()))
    return costs


def _print_table(figures: Mapping[str, Figures], name: str) -> None:
    for dataset, values in figures.items():
        shown = "  ".join(f"{k} {v:.4f}" for k, v in values.items() if k != "pages")
        print(f"{name:12} {dataset:12} {values['pages']:4.0f} pages  {shown}")


def _below_floors(figures: Mapping[str, Figures], path: Path) -> int:
    """Return 1 if a figure is below its floor, or a cost above its ceiling, else 0."""
    floors = tomllib.loads(path.read_text(encoding="utf-8")).get("extraction", {})
    short = []
    for dataset, wanted in floors.items():
        for field, floor in wanted.items():
            value = figures.get(dataset, {}).get(field)
            if dataset == "cost":
                bad = value is not None and value > floor
            else:
                bad = dataset in figures and (value or 0.0) < floor
            if bad:
                short.append(f"{dataset} {field}: {value or 0:.4f}, floor {floor}")
    for line in short:
        print(line, file=sys.stderr)
    return int(bool(short))


if __name__ == "__main__":
    sys.exit(main())
