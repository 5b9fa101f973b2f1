"""Scores predictions for real pages by the measures of the evaluation data, per page and per dataset."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any
from urllib.parse import unquote, urlsplit

Figures = dict[str, float]
Gold = Mapping[str, Any]


def score_page(gold: Gold, predicted: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """Return the counts for one page, for each field in its gold data."""
    body = str(predicted.get("body") or "")
    scored: dict[str, tuple[float, ...]] = {}
    if "body" in gold:
        scored["body"] = (*_overlap(gold["body"], body), float(_words(gold["body"]) == _words(body)))
    if "with" in gold:
        scored["segments"] = _segments(gold, body)
    if "title" in gold:
        title = str(predicted.get("title") or "")
        scored["title"] = (
            float(_one_line(gold["title"]) == _one_line(title)),
            float(_bare(gold["title"]) == _bare(title) != ""),
        )
    if "authors" in gold:
        expected, found = _names(gold["authors"]), _names(predicted.get("authors") or [])
        both, extra, missing = len(expected & found), len(found - expected), len(expected - found)
        scored["authors"] = (both, extra, missing, float(expected == found))
    if "date" in gold:
        day = str(predicted.get("date") or "")[:10]
        scored["date"] = (float(bool(day)), float(day == gold["date"]))
    if "images" in gold:
        scored["image"] = _image(gold["images"], next(iter(predicted.get("images") or []), ""))
    return scored


def summarise(pages: Sequence[Mapping[str, tuple[float, ...]]]) -> Figures:
    """Return the figures for a set of pages, without fields that no page has."""
    figures: Figures = {"pages": len(pages)}
    for field, summary in _SUMMARIES.items():
        if rows := [page[field] for page in pages if field in page]:
            figures.update(summary(rows))
    return figures


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _words(text)
    return Counter(s for s in (tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3))) if s)


def _overlap(gold: str, predicted: str) -> tuple[float, float, float]:
    """Return the shares of four-word shingles in both texts, only in the prediction, only in the gold text."""
    expected, found = _shingles(gold), _shingles(predicted)
    both = (expected & found).total()
    extra, missing = found.total() - both, expected.total() - both
    size = both + extra + missing
    return (both / size, extra / size, missing / size) if size else (0.0, 0.0, 0.0)


def _segments(gold: Gold, body: str) -> tuple[float, ...]:
    text = _one_line(body)
    hits = sum(_one_line(s) in text for s in gold.get("with", [])) if body else 0
    slips = sum(_one_line(s) in text for s in gold.get("without", [])) if body else 0
    return hits, slips, len(gold.get("with", [])) - hits


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text or "").casefold() if c.isalnum())


def _names(names: Iterable[str]) -> set[str]:
    return {bare for name in names if (bare := _bare(str(name)))}


def _place(url: str) -> str:
    parts = urlsplit(unquote(url or ""))
    return parts.netloc.lower().removeprefix("www.") + parts.path.rstrip("/")


def _assets(url: str) -> set[str]:
    """Return the parts of a URL that identify an image regardless of size and host."""
    tokens: set[str] = set()
    for part in re.split(r"[/?&=#]", unquote(unquote(url or ""))):
        stem = re.sub(r"\.(jpe?g|png|webp|gif|avif|svg)$", "", part.strip(), flags=re.I)
        stem = re.sub(r"([-_](\d{2,4}x\d{2,4}|scaled|w\d+|h\d+))+$", "", stem, flags=re.I)
        numbered = re.search(r"\d", stem) and not re.fullmatch(r"(19|20)\d{6}", stem)
        if (len(stem) >= 8 and numbered) or (
            not (len(stem) >= 8 and numbered) and len(stem) >= 10 and re.search(r"[-_]", stem)
        ):
            tokens.add(stem.lower())
        for piece in re.split(r"[-_.,~:]", stem):
            if len(piece) >= 7 and re.search(r"\d", piece) and not re.fullmatch(r"(19|20)\d{6}|\d+x\d+", piece):
                tokens.add(piece.lower())
    return tokens


def _image(images: Sequence[Mapping[str, Any]], predicted: str) -> tuple[float, ...]:
    covers = [url for image in images if image.get("cover") for url in image["urls"]] or list(images[0]["urls"])
    same = bool(predicted) and _place(predicted) in {_place(url) for url in covers}
    expected = {token for url in covers for token in _assets(url)}
    return float(bool(predicted)), float(same), float(same or (bool(predicted) and bool(_assets(predicted) & expected)))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _f1(right: float, extra: float, missing: float) -> float:
    return _ratio(2 * right, 2 * right + extra + missing)


def _precision_recall(both: float, extra: float, missing: float) -> tuple[float, float]:
    if extra == missing == 0:
        return 1.0, 1.0
    return _ratio(both, both + extra), _ratio(both, both + missing)


def _body_figures(rows: Sequence[tuple[float, ...]]) -> Figures:
    precisions = [_precision_recall(*r[:3])[0] for r in rows if r[0] + r[1] > 0]
    recalls = [_precision_recall(*r[:3])[1] for r in rows if r[0] + r[2] > 0]
    p, r = (mean(precisions) if precisions else 0.0), (mean(recalls) if recalls else 0.0)
    return {"body_f1": _ratio(2 * p * r, p + r), "body_p": p, "body_r": r, "body_exact": mean(row[3] for row in rows)}


def _segment_figures(rows: Sequence[tuple[float, ...]]) -> Figures:
    right, extra, missing = (sum(row[i] for row in rows) for i in range(3))
    return {
        "segment_f1": _f1(right, extra, missing),
        "segment_p": _ratio(right, right + extra),
        "segment_r": _ratio(right, right + missing),
    }


def _author_figures(rows: Sequence[tuple[float, ...]]) -> Figures:
    right, extra, missing = (sum(row[i] for row in rows) for i in range(3))
    return {"authors_f1": _f1(right, extra, missing), "authors_set": mean(row[3] for row in rows)}


_SUMMARIES: dict[str, Callable[[Sequence[tuple[float, ...]]], Figures]] = {
    "body": _body_figures,
    "segments": _segment_figures,
    "title": lambda rows: {"title_exact": mean(r[0] for r in rows), "title_norm": mean(r[1] for r in rows)},
    "authors": _author_figures,
    "date": lambda rows: {"date_coverage": mean(r[0] for r in rows), "date_right": mean(r[1] for r in rows)},
    "image": lambda rows: {"image_same": mean(r[1] for r in rows), "image_asset": mean(r[2] for r in rows)},
}
