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
from newsarchive.search.selection import VISIBLE, Filters
from newsarchive.search.several import Archives, Reading, databases, in_order
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


Key = tuple[int, int]
"""An article: its archive, as an index of `databases`, and its number there."""


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
    links: frozenset[Key] = field(default=frozenset())
    """Articles that its page names as itself in another language."""
    part: int = 0
    """The archive that has it, as an index of `databases`."""

    @property
    def key(self) -> Key:
        """Its archive, and its number there."""
        return self.part, self.article


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


def read_versions(reading: Reading, folder: Path, **filters: Unpack[Filters]) -> list[Version]:
    """Return the Kazakh and Russian articles of a selection, oldest first. Raises FilterError.

    `folder` is that of the archive, if it is one.
    """
    return _read(reading, folder, list(in_order(reading, "", filters)))


def translation_of(
    reading: Reading, folder: Path, article: int, *, part: int = 0, site: str = ""
) -> Translation | None:
    """Return the pair of an article with its version in the other language; None if none is known.

    With `site`, only articles of that newspaper are compared, and those that the page links to.
    """
    db = databases(reading)[part]
    row = db.conn.execute("select day from articles where id = ?", (article,)).fetchone()
    if row is None or not row[0]:
        return None
    day = date.fromisoformat(row[0])
    near: Filters = {"since": (day - timedelta(2)).isoformat(), "until": (day + timedelta(2)).isoformat()}
    if site:
        near["site"] = site
    versions = read_versions(reading, folder, **near)
    own, known = (part, article), {version.key for version in versions}
    linked = sorted(key for v in versions if v.key == own for key in v.links - known)
    versions += _read(reading, folder, [key for key in linked if _is_visible(databases(reading)[key[0]], key[1])])
    return next((p for p in find_translations(versions) if own in (p.kazakh.key, p.russian.key)), None)


def _is_visible(db: Database, article: int) -> bool:
    sql = f"select 1 from search_order o where {VISIBLE} and article = ?"  # noqa: S608
    return db.conn.execute(sql, (article,)).fetchone() is not None


def _read(reading: Reading, folder: Path, keys: Sequence[Key]) -> list[Version]:
    """Return the Kazakh and Russian ones among articles, in the same order."""
    dbs = databases(reading)
    folders = [part.folder for part in reading.parts] if isinstance(reading, Archives) else [folder]
    found: list[Version] = []
    for start in range(0, len(keys), 200):
        batch = keys[start : start + 200]
        for part in sorted({part for part, _ in batch}):
            for row in dbs[part].query(_ROWS, [json.dumps([number for own, number in batch if own == part])]):
                text = full_text(row["lead"], row["body"])
                language = language_code(row["language"], row["title"] + text)
                if language in LANGUAGES:
                    links = _linked(dbs, part, folders[part], row)
                    found.append(_version(part, row, text, language, frozenset(links)))
    places = {key: place for place, key in enumerate(keys)}
    return sorted(found, key=lambda version: places[version.key])


def _version(part: int, row: dict[str, Any], text: str, language: str, links: frozenset[Key]) -> Version:
    return Version(
        part=part,
        article=row["id"],
        site=row["site"],
        url=row["url"],
        title=row["title"],
        day=date.fromisoformat(row["day"]),
        language=language,
        features=features_of(f"{row['title']}\n{text}"),
        images=frozenset(map(image_asset, json.loads(row["images"]))),
        length=len(text),
        links=links,
    )


def _linked(dbs: Sequence[Database], part: int, folder: Path, row: dict[str, Any]) -> Iterator[Key]:
    """Yield the articles that an article's kept page names as itself in another language."""
    place = (
        dbs[part]
        .conn.execute(
            "select c.warc, c.offset from revision_captures p join captures c on c.id = p.capture where p.revision = ?"
            " order by p.position limit 1",
            (row["current_revision"],),
        )
        .fetchone()
    )
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
        for number, db in enumerate(dbs if link else ()):
            article = article_of(db, urljoin(page.url, link[1])) if link else None
            if article is not None and (number, article) != (part, row["id"]):
                yield number, article


def find_translations(versions: Sequence[Version]) -> list[Translation]:
    """Return the pairs among articles, each article in one at most, in order of the Kazakh ones."""
    by_day: dict[tuple[str, date], list[Version]] = defaultdict(list)
    for version in versions:
        by_day[version.language, version.day].append(version)
    by_number = {version.key: version for version in versions}
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
        if other.key in version.links or version.key in other.links:
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
    taken: set[Key] = set()
    chosen = []
    for pair in sorted(found, key=lambda p: (-p.score, p.kazakh.url, p.russian.url)):
        keys = {pair.kazakh.key, pair.russian.key}
        if not keys & taken:
            taken |= keys
            chosen.append(pair)
    return sorted(chosen, key=lambda p: (p.kazakh.day, p.kazakh.url))
