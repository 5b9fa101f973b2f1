"""Publication and modification dates: from machine timestamps, then visible dates, then the URL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from newsarchive.extraction.datelines import Stamp, read_stamp, visible_dates
from newsarchive.extraction.days import day_in_url
from newsarchive.extraction.jsonld import Object, texts_of
from newsarchive.extraction.regions import Element, selected, text_of
from newsarchive.extraction.survey import Marked, Survey
from newsarchive.items import Hints
from newsarchive.sites import Site

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article:published", "og:published_time", "og:pubdate",
    "datepublished",
    "date_published", "publish-date", "publish_date", "publishdate", "published-date", "pubdate", "pub_date",
    "publication_date",
    "publicationdate", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "dc.date.issued", "dcterms.issued", "dcterms.date", "dcterms.created", "dc.date.created", "dc.date.published",
    "dc.date", "dc:date",
    "rnews:datepublished", "bt:pubdate", "originalpublicationdate", "analyticsattributes.articledate", "gentime",
    "pdate",
    "citation_online_date", "citation_publication_date", "citation_date", "prism.publicationdate", "eprints.date",
    "datecreated",
    "article.published", "article:create_at", "created", "date", "publish_time", "published_time", "pubtime", "time",
    "iso-8601-publish-date", "shareaholic:article_published_time", "vf:published_time", "release_date",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "datemodified", "article:modified", "og:modified_time",
    "dc.date.modified",
    "dcterms.modified", "lastmod", "last-modified", "date_modified", "revised", "updated_time", "sailthru.modified",
    "shareaholic:article_modified_time",
)  # fmt: skip


@dataclass(kw_only=True, frozen=True, slots=True)
class Dates:
    """The dates of an article in the format of items.py, the day in the page's UTC offset, and their sources."""

    published: str = ""
    day: str = ""
    published_from: str = ""
    modified: str = ""
    modified_from: str = ""


def choose_dates(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], url: str, *, site: Site, hints: Hints
) -> Dates:
    """Return the dates of the page's article; uncertain dates are empty."""
    zone = site.timezone
    in_url = day_in_url(url)
    machine = list(_machine(tree, survey, article, objects, site))
    listed = read_stamp(hints.published, zone, "listing") if hints.published else None
    best = _best(machine, in_url, listed)
    visible, updated = visible_dates(survey, zone) if best is None or not best.timed or best.in_utc else ([], None)
    if best is None:
        best = _best(visible, in_url, listed)
        if best is not None and in_url and best.day != in_url.isoformat():
            best = None  # the URL contradicts it, so it is the date of something else
    if best is None and listed is not None:
        best = listed
    if best is None and in_url is not None and (in_url.month, in_url.day) != (1, 1):
        best = Stamp(text=in_url.isoformat(), day=in_url.isoformat(), source="url")
    if best is not None and not best.timed:
        best = next((s for s in (*machine, *visible, listed) if s and s.timed and s.day == best.day), best)
    if best is not None and listed is not None and listed.timed and best.text[:16] == listed.text[:16]:
        best = listed  # precise to the second
    modified = _modified(survey, article, hints, zone) or updated
    days = (
        [in_url, *(date.fromisoformat(s.day) for s in visible)]
        if in_url
        else [date.fromisoformat(s.day) for s in visible]
    )
    day = _local_day(best, days, in_url)
    if modified is not None and best is not None and modified.text[:10] < best.text[:10]:
        modified = None
    return Dates(
        published=best.text if best else "",
        day=day,
        published_from=best.source if best else "",
        modified=modified.text if modified else "",
        modified_from=modified.source if modified else "",
    )


def _best(stamps: Sequence[Stamp], in_url: date | None, listed: Stamp | None) -> Stamp | None:
    """Return the first date that is certain, or that another source confirms."""
    for stamp in stamps:
        others = [s.day for s in (*stamps, listed) if s and s is not stamp and s.source != stamp.source]
        if not stamp.doubtful or stamp.day in others or (in_url and in_url.isoformat() == stamp.day):
            return stamp
    return None


def _local_day(best: Stamp | None, days: Sequence[date], in_url: date | None) -> str:
    """Return the local day of publication; a UTC timestamp may differ by a day from the printed date and the URL."""
    if best is None:
        return ""
    if best.in_utc:
        day, hour = date.fromisoformat(best.day), int(best.text[11:13])
        for other in days:
            if (other == day - timedelta(days=1) and hour < 9) or (
                other == in_url == day + timedelta(days=1) and hour > 10
            ):
                return other.isoformat()
    return best.day


def _machine(tree: Element, survey: Survey, article: Object, objects: Sequence[Object], site: Site) -> Iterator[Stamp]:
    zone = site.timezone
    for text, source in _machine_texts(tree, survey, article, objects, site):
        if stamp := read_stamp(text, zone, source):
            yield stamp


def _machine_texts(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], site: Site
) -> Iterator[tuple[str, str]]:
    if site.extraction.published:
        for element in selected(tree, site.extraction.published):
            yield element.get("datetime") or element.get("content") or text_of(element), "profile"
    for key in ("datePublished", "dateCreated"):
        for value in texts_of(article.get(key)):
            yield value, "json-ld"
    for value in survey.meta_values(*_PUBLISHED):
        yield value, "meta"
    if isinstance(uploaded := article.get("uploadDate"), str):
        yield uploaded, "json-ld"
    for element in survey.properties.get("datepublished", ()):
        if not survey.in_boilerplate(element):
            yield _value_of(element), "itemprop"
    for name in ("created", "issued", "date", "published"):  # RDFa, as in Drupal 7: property="dc:date dc:created"
        for element in survey.properties.get(name, ()):
            if (value := element.get("content")) and not survey.in_boilerplate(element):
                yield value, "rdfa"
    for marked in _header_times(survey):
        yield marked.element.get("datetime") or "", "time"


def _value_of(element: Element) -> str:
    return element.get("datetime") or element.get("content") or element.get("title") or text_of(element)


_IS_UPDATE = re.compile(r"updat|modif|aktualis|geändert|mis-?à-?jour", re.I)
_IS_PUBLISHED = re.compile(r"publi|posted|entry-date|pubdate|created|erstellt", re.I)


def _header_times(survey: Survey) -> list[Marked]:
    """Return the article's own time elements: marked as publication first, then nearest to the heading."""
    own = []
    for marked in survey.times:
        element = marked.element
        if not element.get("datetime") or survey.in_boilerplate(element):
            continue
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        parent = element.getparent()
        around = f"{names} {parent.get('class') or ''}" if parent is not None else names
        update = bool(_IS_UPDATE.search(around)) and not _IS_PUBLISHED.search(names)
        rank = 0 if element.get("pubdate") is not None or _IS_PUBLISHED.search(names) else 2 if update else 1
        own.append((rank, survey.distance(marked.place), marked))
    own.sort(key=lambda entry: entry[:2])
    return [marked for rank, _, marked in own if rank < 2] or [marked for _, _, marked in own]


def _modified(survey: Survey, article: Object, hints: Hints, zone: str) -> Stamp | None:
    texts: list[tuple[str, str]] = []
    if isinstance(value := article.get("dateModified"), str):
        texts.append((value, "json-ld"))
    texts += [(value, "meta") for value in survey.meta_values(*_MODIFIED)]
    texts += [
        (_value_of(element), "itemprop")
        for element in survey.properties.get("datemodified", ())
        if not survey.in_boilerplate(element)
    ]
    for marked in survey.times:
        names = marked.element.get("class") or ""
        if _IS_UPDATE.search(names) and not _IS_PUBLISHED.search(names) and not survey.in_boilerplate(marked.element):
            texts.append((marked.element.get("datetime") or "", "time"))
    stamps = [s for text, source in texts if (s := read_stamp(text, zone, source))]
    listed = read_stamp(hints.modified, zone, "listing") if hints.modified else None
    best = stamps[0] if stamps else listed
    if best and listed and listed.timed and not best.timed:
        return listed
    return best
