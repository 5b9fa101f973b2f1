"""When an article was published and modified: machine stamps first, then visible dates, then the URL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice

from newsarchive.extraction.days import Seen, day_in_url, see_dates
from newsarchive.extraction.jsonld import Object
from newsarchive.extraction.survey import Element, Marked, Survey, clean, selected, text_of
from newsarchive.items import Hints
from newsarchive.kazakh.dates import parse_stamp, to_utc
from newsarchive.sites import Site

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article:published", "og:published_time", "og:pubdate", "datepublished",
    "date_published", "publish-date", "publish_date", "publishdate", "published-date", "pubdate", "pub_date", "publication_date",
    "publicationdate", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "dc.date.issued", "dcterms.issued", "dcterms.date", "dcterms.created", "dc.date.created", "dc.date.published", "dc.date", "dc:date",
    "rnews:datepublished", "bt:pubdate", "originalpublicationdate", "analyticsattributes.articledate", "gentime", "pdate",
    "citation_online_date", "citation_publication_date", "citation_date", "prism.publicationdate", "eprints.date", "datecreated",
    "article.published", "article:create_at", "created", "date", "publish_time", "published_time", "pubtime", "time",
    "iso-8601-publish-date", "shareaholic:article_published_time", "vf:published_time", "release_date",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "datemodified", "article:modified", "og:modified_time", "dc.date.modified",
    "dcterms.modified", "lastmod", "last-modified", "date_modified", "revised", "updated_time", "sailthru.modified",
    "shareaholic:article_modified_time",
)  # fmt: skip


@dataclass(kw_only=True, frozen=True, slots=True)
class Dates:
    """The dates of one article as items.py writes them, the day in the page's own offset, and their sources."""

    published: str = ""
    day: str = ""
    published_from: str = ""
    modified: str = ""
    modified_from: str = ""


@dataclass(kw_only=True, frozen=True, slots=True)
class Stamp:
    """One reading: UTC text or a bare date, the day in its own offset, and where it stands."""

    text: str
    day: str
    source: str
    in_utc: bool = False
    """Whether it was written in UTC, so that its day need not be the newspaper's."""
    at_midnight: bool = False

    @property
    def timed(self) -> bool:
        """Whether it has a time of day."""
        return len(self.text) > 10

    @property
    def doubtful(self) -> bool:
        """Whether it may be a program's way to say only the year: the first of January, without a time of day."""
        return self.day[5:] == "01-01" and (not self.timed or self.at_midnight)


def read_stamp(text: str, zone: str, source: str) -> Stamp | None:
    """Read a machine stamp; None where it is none.

    >>> read_stamp("2025-02-18T01:35:00+05:00", "UTC", "meta")
    Stamp(text='2025-02-17T20:35:00Z', day='2025-02-18', source='meta', in_utc=False, at_midnight=False)
    """
    text = re.sub(r"(T\d\d:\d\d:\d\d):(\d{3}Z?)$", r"\1.\2", text.strip())
    stamp = parse_stamp(text, zone)
    if not stamp:
        seen = see_dates(text) if len(text) < 60 else []
        if len(seen) != 1:
            return None
        return from_seen(seen[0], zone, source)
    if not "1980" < stamp[:4] < "2101":
        return None
    day = re.match(r"(\d{4})[-/.]?(\d\d)[-/.]?(\d\d)(?!\d{3,})", text)
    in_utc = bool(re.search(r"\d\dZ$|[+-]00:?00$|GMT$|UTC$", text))
    return Stamp(
        text=stamp,
        day="-".join(day.groups()) if day else stamp[:10],
        source=source,
        in_utc=in_utc,
        at_midnight=bool(re.search(r"\D00:00(?::00)?(?!:?\d)", text)),
    )


def from_seen(seen: Seen, zone: str, source: str) -> Stamp:
    """A visible date as a stamp."""
    return Stamp(text=to_utc(seen.moment, zone), day=seen.day.isoformat(), source=source)


def choose_dates(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], url: str, *, site: Site, hints: Hints
) -> Dates:
    """The dates of the page's article; empty where they are doubtful."""
    zone = site.timezone
    in_url = day_in_url(url)
    machine = list(_machine(tree, survey, article, objects, site))
    listed = read_stamp(hints.published, zone, "listing") if hints.published else None
    best = _best(machine, in_url, listed)
    visible, updated = visible_dates(survey, zone) if best is None or not best.timed or best.in_utc else ([], None)
    if best is None:
        best = _best(visible, in_url, listed)
        if best is not None and in_url and best.day != in_url.isoformat():
            best = None  # a line that the address contradicts speaks of something else
    if best is None and listed is not None:
        best = listed
    if best is None and in_url is not None and (in_url.month, in_url.day) != (1, 1):
        best = Stamp(text=in_url.isoformat(), day=in_url.isoformat(), source="url")
    if best is not None and not best.timed:
        best = next((s for s in (*machine, *visible, listed) if s and s.timed and s.day == best.day), best)
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
    """The first that is not doubtful; a doubtful one where another source has its day too."""
    for stamp in stamps:
        others = [s.day for s in (*stamps, listed) if s and s is not stamp and s.source != stamp.source]
        if not stamp.doubtful or stamp.day in others or (in_url and in_url.isoformat() == stamp.day):
            return stamp
    return None


def _local_day(best: Stamp | None, days: Sequence[date], in_url: date | None) -> str:
    """The day as the page means it: a stamp in UTC may lie a day beside what the reader and the address see."""
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
        if isinstance(value := article.get(key), str):
            yield value, "json-ld"
    for value in survey.meta_values(*_PUBLISHED):
        yield value, "meta"
    if isinstance(value := article.get("uploadDate"), str):
        yield value, "json-ld"
    for marked in survey.properties.get("datepublished", ()):
        if not survey.stands_apart(marked.element):
            yield _value_of(marked.element), "itemprop"
    for marked in _header_times(survey):
        yield marked.element.get("datetime") or "", "time"


def _value_of(element: Element) -> str:
    return element.get("datetime") or element.get("content") or element.get("title") or text_of(element)


_IS_UPDATE = re.compile(r"updat|modif|aktualis|geändert|mis-?à-?jour", re.I)
_IS_PUBLISHED = re.compile(r"publi|posted|entry-date|pubdate|created|erstellt", re.I)


def _header_times(survey: Survey) -> list[Marked]:
    """The article's own time elements, those marked as its publication first, then by nearness to its heading."""
    own = []
    for marked in survey.times:
        element = marked.element
        if not element.get("datetime") or survey.stands_apart(element):
            continue
        said = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        parent = element.getparent()
        around = f"{said} {parent.get('class') or ''}" if parent is not None else said
        update = bool(_IS_UPDATE.search(around)) and not _IS_PUBLISHED.search(said)
        rank = 0 if element.get("pubdate") is not None or _IS_PUBLISHED.search(said) else 2 if update else 1
        own.append((rank, survey.distance(marked.place), marked))
    own.sort(key=lambda entry: entry[:2])
    return [marked for rank, _, marked in own if rank < 2] or [marked for _, _, marked in own]


def _modified(survey: Survey, article: Object, hints: Hints, zone: str) -> Stamp | None:
    texts: list[tuple[str, str]] = []
    if isinstance(value := article.get("dateModified"), str):
        texts.append((value, "json-ld"))
    texts += [(value, "meta") for value in survey.meta_values(*_MODIFIED)]
    texts += [
        (_value_of(m.element), "itemprop")
        for m in survey.properties.get("datemodified", ())
        if not survey.stands_apart(m.element)
    ]
    for marked in survey.times:
        said = marked.element.get("class") or ""
        if _IS_UPDATE.search(said) and not _IS_PUBLISHED.search(said) and not survey.stands_apart(marked.element):
            texts.append((marked.element.get("datetime") or "", "time"))
    stamps = [s for text, source in texts if (s := read_stamp(text, zone, source))]
    listed = read_stamp(hints.modified, zone, "listing") if hints.modified else None
    best = stamps[0] if stamps else listed
    if best and listed and listed.timed and not best.timed:
        return listed
    return best


def visible_dates(survey: Survey, zone: str) -> tuple[list[Stamp], Stamp | None]:
    """Dates printed near the article's heading, the nearest first, and the date of a change where one is printed."""
    published: list[Stamp] = []
    updated: list[Stamp] = []
    for lines in (_marked_lines(survey), _lines_near(survey), _lone_lines(survey)):
        for text in lines:
            for seen in see_dates(text, language=survey.html_language):
                (updated if seen.updated else published).append(from_seen(seen, zone, "text"))
            if published:
                return published, next(iter(updated), None)
    return updated, None


def _marked_lines(survey: Survey) -> Iterator[str]:
    """Short texts whose markup says that they are dates, by nearness to the heading."""
    marked = [m for m in (*survey.times, *survey.dated) if not survey.stands_apart(m.element)]
    marked.sort(key=lambda m: survey.distance(m.place))
    for one in marked:
        text = text_of(one.element)
        if 5 < len(text) < 160:
            yield text


def _lines_near(survey: Survey) -> Iterator[str]:
    """The short lines right after the heading, then those right before it."""
    if survey.heading is None:
        return
    yield text_of(survey.heading)
    after, before = _lines(survey, _after(survey.heading)), _lines(survey, _before(survey.heading))
    for line in chain(islice(after, 25), islice(before, 12)):
        if len(line) < 100 and not (len(line) > 60 and line.endswith((".", "!", "?", "…"))):
            yield line
        elif begun := _DATELINE.match(line):  # a first paragraph that begins with its date
            yield begun[0]


def _lines(survey: Survey, elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        if element.tag in _NO_TEXT:
            continue
        for text in (element.text, *(child.tail for child in element)):
            if text and not text.isspace() and len(line := clean(text)) > 5:
                # other articles' dates count as lines, but say nothing of this one
                yield "" if _FIGURES.search(line) and survey.stands_apart(element) else line


_NO_TEXT = frozenset({"script", "style", "noscript", "template", "svg", "option"})


def _after(element: Element) -> Iterator[Element]:
    yield element
    node: Element | None = element
    while node is not None and node.tag not in ("body", "html"):
        for sibling in node.itersiblings():
            yield from sibling.iter("*")
        node = node.getparent()


def _before(element: Element) -> Iterator[Element]:
    node: Element | None = element
    while node is not None and node.tag not in ("body", "html"):
        for sibling in node.itersiblings(preceding=True):
            yield from reversed(list(islice(sibling.iter("*"), 60)))
        node = node.getparent()


def _lone_lines(survey: Survey) -> Iterator[str]:
    """Lines of the page that hold little else than a date; none where they differ in it."""
    if survey.body is None:
        return
    lines = []
    for element in survey.body.iter("*"):
        if element.tag in _NO_TEXT:
            continue
        for text in (element.text, *(child.tail for child in element)):
            if text and _FIGURES.search(text) and len(line := clean(text)) < 45 and not survey.stands_apart(element):
                lines.append(line)
    days = {seen.day for line in lines for seen in see_dates(line, language=survey.html_language)}
    if len(days) == 1:
        yield from lines


_DATELINE = re.compile(r"\W{0,2}\d{1,2}\.\s?(?:\d{1,2}\.|[^\W\d_]{3,10})\s?(?:19|20)\d\d(?=\W)")
_FIGURES = re.compile(r"(?:19|20)\d\d")
