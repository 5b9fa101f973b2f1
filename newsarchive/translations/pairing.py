"""Pairs of a Kazakh and a Russian article: by the links between them, else by images, day, names and numbers."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import log, sqrt
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import urljoin

from sqlite_utils import Database

from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.database import article_of
from newsarchive.revisions.content import image_asset
from newsarchive.search.selection import VISIBLE, Filters, select_articles
from newsarchive.text.encodings import decode, inflate
from newsarchive.text.search_text import full_text, language_code
from newsarchive.translations.features import features_of

LANGUAGES = ("kk", "ru")
LEAST_SCORE, LEAST_COMMON = 0.45, 3
"""Least likeness of a pair without a link between them, and least number of names and numbers in common."""
IMAGE_BONUS = 0.25
"""Added to the likeness of articles with the same image, unless many have it."""
MOST_WITH_IMAGE = 4
_TAG = re.compile(r"<(?:link|a)\b[^<>]*>", re.IGNORECASE)
_HREFLANG = re.compile(r"\bhreflang\b", re.IGNORECASE)
_SWITCH = re.compile(  # the language switches of Polylang, WPML, TranslatePress and qTranslate
    r"class=[\"'][^\"']*(?:lang-item|wpml-ls-item|trp-language|qtranxs)[^\"']*[\"'][^>]*>\s*(<a\b[^>]*>)", re.IGNORECASE
)
_HREF = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Version:
    """An article that may have a version in the other language."""

    article: int
    site: str
    url: str
    title: str
    day: date
    language: str
    features: frozenset[str]
    images: frozenset[str]
    length: int
    links: frozenset[int] = field(default=frozenset())
    """Articles that its page names as itself in another language."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Two versions of one article."""

    kazakh: Version
    russian: Version
    score: float
    """Likeness from 0 to 1; 1 if a page links to the other."""
    evidence: tuple[str, ...]
    """``link``, ``image``, or names and numbers that both have."""

    def as_data(self) -> dict[str, Any]:
        """Return the pair as plain data."""
        sides = {
            name: {"article": v.article, "site": v.site, "url": v.url, "title": v.title, "day": v.day.isoformat()}
            for name, v in (("kk", self.kazakh), ("ru", self.russian))
        }
        return {**sides, "score": self.score, "evidence": list(self.evidence)}


_ROWS = """
select a.id, a.site, a.url, a.title, a.lead, a.body, a.day, a.language, a.current_revision,
    (select json_group_array(i.url) from article_images l join images i on i.id = l.image where l.article = a.id)
        as images from json_each(?) k join articles a on a.id = k.value where a.day is not null
"""


def read_versions(db: Database, folder: Path, **filters: Unpack[Filters]) -> list[Version]:
    """Return the Kazakh and Russian articles of a selection, oldest first. Raises FilterError."""
    numbers = [n for (n,) in select_articles(db, "", **filters).rows(db, "o.article", order="$key")]
    return _read(db, folder, numbers)


def translation_of(db: Database, folder: Path, article: int) -> Translation | None:
    """Return the pair of an article with its version in the other language; None if none is known."""
    row = db.conn.execute("select day from articles where id = ?", (article,)).fetchone()
    if row is None or not row[0]:
        return None
    day = date.fromisoformat(row[0])
    days = {"since": (day - timedelta(2)).isoformat(), "until": (day + timedelta(2)).isoformat()}
    versions = read_versions(db, folder, since=days["since"], until=days["until"])
    known = {version.article for version in versions}
    linked = sorted(n for v in versions if v.article == article for n in v.links - known)
    visible = f"select article from search_order o where {VISIBLE} and article in ({', '.join(map(str, linked))})"  # noqa: S608
    versions += _read(db, folder, [n for (n,) in db.conn.execute(visible)])
    return next((p for p in find_translations(versions) if article in (p.kazakh.article, p.russian.article)), None)


def _read(db: Database, folder: Path, numbers: Sequence[int]) -> list[Version]:
    found = []
    for start in range(0, len(numbers), 200):
        for row in db.query(_ROWS, [json.dumps(numbers[start : start + 200])]):
            text = full_text(row["lead"], row["body"])
            language = language_code(row["language"], row["title"] + text)
            if language in LANGUAGES:
                found.append(_version(db, folder, row, text, language))
    return found


def _version(db: Database, folder: Path, row: dict[str, Any], text: str, language: str) -> Version:
    return Version(
        article=row["id"],
        site=row["site"],
        url=row["url"],
        title=row["title"],
        day=date.fromisoformat(row["day"]),
        language=language,
        features=features_of(f"{row['title']}\n{text}"),
        images=frozenset(map(image_asset, json.loads(row["images"]))),
        length=len(text),
        links=frozenset(_linked(db, folder, row)),
    )


def _linked(db: Database, folder: Path, row: dict[str, Any]) -> Iterator[int]:
    """Yield the articles that an article's kept page names as itself in another language."""
    place = db.conn.execute(
        "select c.warc, c.offset from revision_captures p join captures c on c.id = p.capture where p.revision = ?"
        " order by p.position limit 1",
        (row["current_revision"],),
    ).fetchone()
    if place is None:
        return
    try:
        page = read_capture(folder / "warc", warc=place[0], offset=place[1])
    except CaptureError:
        return  # newsarchive check reports it; the other evidence is left
    body = inflate(page.body, page.headers.get("content-encoding", ""))
    text = decode(body, page.headers.get("content-type", ""))
    for tag in [*filter(_HREFLANG.search, _TAG.findall(text)), *_SWITCH.findall(text)]:
        link = _HREF.search(tag)
        article = article_of(db, urljoin(page.url, link[1])) if link else None
        if article is not None and article != row["id"]:
            yield article


def find_translations(versions: Sequence[Version]) -> list[Translation]:
    """Return the pairs among articles, each article in one at most, in order of the Kazakh ones."""
    by_day: dict[tuple[str, date], list[Version]] = defaultdict(list)
    for version in versions:
        by_day[version.language, version.day].append(version)
    by_number = {version.article: version for version in versions}
    found: list[Translation] = []
    for version in versions:
        if version.language == "kk":
            near = [v for n in (-1, 0, 1) for v in by_day["ru", version.day + timedelta(n)]]
            near += [by_number[n] for n in version.links if n in by_number and by_number[n] not in near]
            around = [*near, *(v for n in (-1, 0, 1) for v in by_day["kk", version.day + timedelta(n)])]
            found += _compare(version, [v for v in near if v.language == "ru"], around)
    found += [
        _by_link(by_number[n], version)
        for version in versions
        for n in version.links
        if version.language == "ru" and n in by_number and by_number[n].language == "kk"
    ]
    return _one_to_one(found)


def _by_link(kazakh: Version, russian: Version) -> Translation:
    return Translation(kazakh=kazakh, russian=russian, score=1.0, evidence=("link",))


def _compare(version: Version, others: Sequence[Version], around: Sequence[Version]) -> Iterator[Translation]:
    frequency = Counter(name for v in around for name in v.features)
    weights = {name: log(1 + len(around) / count) for name, count in frequency.items()}
    images = Counter(image for v in around for image in v.images)
    own = _weight(version.features, weights)
    for other in others:
        if other.article in version.links or version.article in other.links:
            yield _by_link(version, other)
            continue
        common = version.features & other.features
        seen = [i for i in version.images & other.images if images[i] <= MOST_WITH_IMAGE]
        both = sqrt(own * _weight(other.features, weights))
        score = (_weight(common, weights) / both if both else 0.0) + (IMAGE_BONUS if seen else 0.0)
        alike = 0.4 <= (version.length + 1) / (other.length + 1) <= 2.5
        if alike and score >= LEAST_SCORE and len(common) >= (1 if seen else LEAST_COMMON):
            rarest = sorted(common, key=lambda name: (-weights[name], name))[:8]
            evidence = (*(["image"] if seen else []), *rarest)
            yield Translation(kazakh=version, russian=other, score=round(min(score, 0.99), 3), evidence=evidence)


def _weight(names: frozenset[str], weights: Mapping[str, float]) -> float:
    return sum(weights[name] for name in names)


def _one_to_one(found: Sequence[Translation]) -> list[Translation]:
    """Return the best pairs, each article in one."""
    taken: set[int] = set()
    chosen = []
    for pair in sorted(found, key=lambda p: (-p.score, p.kazakh.article, p.russian.article)):
        numbers = {pair.kazakh.article, pair.russian.article}
        if not numbers & taken:
            taken |= numbers
            chosen.append(pair)
    return sorted(chosen, key=lambda p: (p.kazakh.day, p.kazakh.article))
