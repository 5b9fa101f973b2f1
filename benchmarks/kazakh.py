"""Scores the Kazakh rules on labelled data: dates, bylines, boilerplate, stems, search.

    python -m benchmarks.kazakh DIR [--json] [--floors]

DIR has any of dates.tsv, bylines.tsv, boilerplate_phrases.tsv, sentences.txt, lemmas.tsv, and retrieval_documents.txt
with retrieval_queries.jsonl; missing files are reported and skipped. With `--floors`, the exit status is 1 if a figure
is worse than in benchmarks/floors.toml.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime
from math import comb
from pathlib import Path

from newsarchive.kazakh.bylines import read_byline
from newsarchive.kazakh.dates import read_date
from newsarchive.kazakh.phrases import is_boilerplate

try:
    from newsarchive.kazakh.stems import stems_of
except ImportError:
    stems_of = None  # type: ignore[assignment]

NOW = datetime.fromisoformat("2025-02-18T16:00")
FLOORS = Path(__file__).with_name("floors.toml")
Scores = dict[str, float]


class SkippedError(Exception):
    """A score cannot be measured; the message says why."""


def score_dates(folder: Path) -> Scores:
    """Return the shares of date strings read correctly (to the minute if they have a time), wrongly, and not at all."""
    rows = list(read_rows(folder / "dates.tsv"))
    counts: Counter[str] = Counter()
    for row in rows:
        value = read_date(row["text"], now=NOW)
        read = "" if value is None else value.isoformat()[: len(row["expected"])]
        counts["right" if read == row["expected"] else "wrong" if read else "none"] += 1
    return {**{name: counts[name] / len(rows) for name in ("right", "wrong", "none")}, "count": len(rows)}


def score_bylines(folder: Path) -> Scores:
    """Return precision and recall of is_byline, and the share of correct name lists among found bylines with names."""
    counts: Counter[str] = Counter()
    for row in read_rows(folder / "bylines.tsv"):
        byline = read_byline(row["line"], position=row["position"])
        found, is_one = byline is not None and byline.is_byline, row["is_byline"] == "1"
        counts[f"{found:d}{is_one:d}"] += 1
        if byline and found and is_one and row["names"]:
            counts["named"] += 1
            counts["exact"] += list(byline.normal) == [name.strip() for name in row["names"].split(";")]
    return {
        "precision": share(counts["11"], counts["11"] + counts["10"]),
        "recall": share(counts["11"], counts["11"] + counts["01"]),
        "names_exact": share(counts["exact"], counts["named"]),
        "count": counts["11"] + counts["01"],
    }


def score_phrases(folder: Path) -> Scores:
    """Return the share of boilerplate phrases recognized, and of article sentences mistaken for boilerplate."""
    phrases = [row["phrase"] for row in read_rows(folder / "boilerplate_phrases.tsv")]
    sentences = read_lines(folder / "sentences.txt")
    return {
        "recall": share(sum(map(is_boilerplate, phrases)), len(phrases)),
        "false_share": share(sum(map(is_boilerplate, sentences)), len(sentences)),
        "count": len(phrases),
    }


def score_stems(folder: Path) -> Scores:
    """Compare pairs of forms with one lemma and with one stem: F1 over all words, and over nouns and names."""
    need_stems()
    rows = list(read_rows(folder / "lemmas.tsv"))
    nouns = [row for row in rows if row["upos"] in ("NOUN", "PROPN")]
    return {"pair_f1": pair_f1(rows), "pair_f1_nouns": pair_f1(nouns), "count": len(rows)}


def pair_f1(rows: Iterable[dict[str, str]]) -> float:
    """Return the F1 score of "same stem" as a predictor of "same lemma" over all pairs of rows."""
    pairs = [(row["lemma"], stems_of(row["form"], "kk")) for row in rows]  # splits at hyphens, like search
    both, gold, made = same_pairs(pairs), same_pairs(p[0] for p in pairs), same_pairs(p[1] for p in pairs)
    return share(2 * both, gold + made)


def same_pairs(keys: Iterable[Hashable]) -> int:
    """Count the pairs of items with equal keys."""
    return sum(comb(count, 2) for count in Counter(keys).values())


def score_retrieval(folder: Path) -> Scores:
    """Return the macro F1 of one-word searches by stem, per kind of query, and separately for verbs."""
    need_stems()
    documents: defaultdict[str, set[int]] = defaultdict(set)
    for number, text in enumerate(read_lines(folder / "retrieval_documents.txt")):
        for word in stems_of(text, "kk").split():
            documents[word].add(number)
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for line in read_lines(folder / "retrieval_queries.jsonl"):
        query = json.loads(line)
        words = [documents[word] for word in stems_of(query["query"], "kk").split()]
        found, relevant = set.intersection(*words) if words else set(), set(query["relevant"])
        f1 = share(2 * len(found & relevant), len(found) + len(relevant))
        scores[query["kind"]].append(f1)
        if query["pos"] == "v":
            scores[f"{query['kind']}_verbs"].append(f1)
    means = {name: share(sum(f1s), len(f1s)) for name, f1s in sorted(scores.items())}
    return {**means, "count": len(scores["dictionary"]) + len(scores["inflected"])}


def score_speed(folder: Path) -> Scores:
    """Return the words stemmed per CPU second with a warm cache."""
    need_stems()
    text = "\n".join(read_lines(folder / "sentences.txt"))
    stems_of(text, "kk")
    began = time.process_time()
    count = len(stems_of(text, "kk").split())
    return {"words_a_second": count / (time.process_time() - began), "count": count}


def need_stems() -> None:
    """Raise SkippedError if the stems module is missing."""
    if stems_of is None:
        raise SkippedError("newsarchive.kazakh.stems is missing")


def share(part: float, whole: float) -> float:
    """Return part / whole; 0 if the whole is 0."""
    return part / whole if whole else 0.0


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated file. Raises SkippedError if it is missing."""
    yield from csv.DictReader(read_lines(path), delimiter="\t", quoting=csv.QUOTE_NONE)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file. Raises SkippedError if it is missing."""
    if not path.exists():
        raise SkippedError(f"{path.name} is missing")
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


PARTS: dict[str, Callable[[Path], Scores]] = {
    "dates": score_dates,
    "bylines": score_bylines,
    "phrases": score_phrases,
    "stems": score_stems,
    "retrieval": score_retrieval,
    "speed": score_speed,
}


def below_floors(scores: dict[str, Scores], floors: dict[str, dict[str, float]]) -> list[str]:
    """Return a message for each figure below its floor, or above it if lower is better."""
    failures = []
    for part, figures in floors.items():
        for name, floor in figures.items():
            value = scores.get(part, {}).get(name)
            worse = value is not None and (value > floor if name in ("wrong", "false_share") else value < floor)
            if worse:
                failures.append(f"{part} {name} is {value:.4f}, its limit is {floor}")
    return failures


def main(arguments: list[str] | None = None) -> int:
    """Score a folder and print the figures. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kazakh", description="Score the Kazakh rules.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--floors", action="store_true", help="exit with 1 if a figure misses benchmarks/floors.toml")
    options = parser.parse_args(arguments)
    scores: dict[str, Scores] = {}
    for part, score in PARTS.items():
        began = time.process_time()
        try:
            scores[part] = score(options.folder) | {"cpu_seconds": time.process_time() - began}
        except SkippedError as reason:
            print(f"skipped: {part}: {reason}", file=sys.stderr)
    if options.json:
        print(json.dumps(scores, indent=2))
    else:
        print_table(scores)
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["kazakh"] if options.floors else {}
    failures = below_floors(scores, floors)
    for failure in failures:
        print(f"limit missed: {failure}", file=sys.stderr)
    return 1 if failures else 0


def print_table(scores: dict[str, Scores]) -> None:
    """Print one line per figure."""
    for part, figures in scores.items():
        for name, value in figures.items():
            print(f"{part:10} {name:18} {value:9.0f}" if value >= 10 else f"{part:10} {name:18} {value:9.4f}")


if __name__ == "__main__":
    sys.exit(main())
