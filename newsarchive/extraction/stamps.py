"""When an article was published and modified: machine stamps first, then visible dates, then the URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from newsarchive.extraction.jsonld import Object
from newsarchive.extraction.survey import Element, Survey
from newsarchive.items import Hints
from newsarchive.sites import Site


@dataclass(kw_only=True, frozen=True, slots=True)
class Dates:
    """The dates of one article as items.py writes them, the day in the page's own offset, and their sources."""

    published: str = ""
    day: str = ""
    published_from: str = ""
    modified: str = ""
    modified_from: str = ""


def read_stamp(text: str, zone: str) -> tuple[str, str]:
    """A machine stamp as (UTC text or bare date, day in its own offset); both empty where it is none.

    >>> read_stamp("2025-02-18T01:35:00+05:00", "UTC")
    ('2025-02-17T20:35:00Z', '2025-02-18')
    """
    found = re.match(r"\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?", text)
    if not found:
        return "", ""
    if not found[2]:
        return found[1], found[1]
    try:
        moment = datetime.fromisoformat(found[1] + "T" + found[2] + (found[3] or ""))
    except ValueError:
        return "", ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), found[1]


def choose_dates(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], url: str, *, site: Site, hints: Hints
) -> Dates:
    """The dates of the page's article."""
    published = [(str(article.get("datePublished") or ""), "json-ld")]
    published += [
        (v, "meta") for v in survey.meta_values("article:published_time", "datepublished", "date", "dc.date", "pubdate")
    ]
    published += [(m.element.get("datetime") or "", "time") for m in survey.times if not survey.stands_apart(m.element)]
    published += [(hints.published, "listing")]
    modified = [(str(article.get("dateModified") or ""), "json-ld")]
    modified += [(v, "meta") for v in survey.meta_values("article:modified_time", "datemodified")]
    modified += [(hints.modified, "listing")]
    stamp, day, source = _first(published, site.timezone)
    changed, _, changed_from = _first(modified, site.timezone)
    return Dates(published=stamp, day=day, published_from=source, modified=changed, modified_from=changed_from)


def _first(candidates: Sequence[tuple[str, str]], zone: str) -> tuple[str, str, str]:
    for text, source in candidates:
        stamp, day = read_stamp(text, zone)
        if stamp:
            return stamp, day, source
    return "", "", ""
