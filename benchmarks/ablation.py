"""Judges each rule that leaves something out: what every dataset gains and loses without it.

A rule is tried only on the pages where it left something out, or refused the page; on all others its absence changes
nothing.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.predictions import Item, predict_article
from benchmarks.scoring import Figures, score_page, summarise
from newsarchive.extraction.rules import RULES, switched_off
from newsarchive.items import Page

_FIGURES = ("body_f1", "body_exact", "segment_f1", "title_norm", "given")


def ablate(folder: Path, item: Item) -> dict[str, Any]:
    """Return a page's scores with all rules (key ``""``), and without each rule that was used on it."""
    page = Page(url=item["url"], body=gzip.decompress((folder / item["html"]).read_bytes()))
    whole = predict_article(page, item)
    scores = {"": _scored(item, whole)}
    for rule in sorted(set(whole.get("rules", ())) & set(RULES)):
        with switched_off(rule):
            scores[rule] = _scored(item, predict_article(page, item))
    return {"dataset": item["dataset"], "scores": scores}


def _scored(item: Item, predicted: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    return {**score_page(item["gold"], predicted), "given": (float("not_an_article" not in predicted),)}


def print_ablation(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a line per rule: on how many pages of each dataset it was used, and what it brings there.

    A figure is that of all rules minus that without this one: above 0, the rule pays.
    """
    datasets = sorted({row["dataset"] for row in rows})
    for rule in RULES:
        used = [row for row in rows if rule in row["scores"]]
        if used:
            brought = [
                f"{name} {sum(r['dataset'] == name for r in used)}: {difference}"
                for name in datasets
                if (difference := _difference([r for r in rows if r["dataset"] == name], rule))
            ]
            print(f"{rule:20} {len(used):4} pages  " + "  |  ".join(brought))


def _difference(rows: Sequence[Mapping[str, Any]], rule: str) -> str:
    if not any(rule in row["scores"] for row in rows):
        return ""
    with_all = _summary([row["scores"][""] for row in rows])
    without = _summary([row["scores"].get(rule, row["scores"][""]) for row in rows])
    return " ".join(
        f"{name} {with_all[name] - without[name]:+.4f}"
        for name in _FIGURES
        if name in with_all and abs(with_all[name] - without[name]) > 0.00005
    )


def _summary(pages: Sequence[Mapping[str, tuple[float, ...]]]) -> Figures:
    given = [page["given"][0] for page in pages]
    return {**summarise(pages), "given": sum(given) / len(given)}
