"""Dates of a page: machine timestamps, and dates printed near the article's heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from lxml import etree

from newsarchive.extraction.days import Seen, see_dates
from newsarchive.extraction.regions import Element, text_of
from newsarchive.extraction.survey import Survey
from newsarchive.kazakh.dates import parse_stamp, to_utc
from newsarchive.text.folding import fold
from newsarchive.text.spacing import collapse


@dataclass(kw_only=True, frozen=True, slots=True)
class Stamp:
    """A date: UTC text or a bare date, the day in its own UTC offset, and its source."""

    text: str
    day: str
    source: str
    in_utc: bool = False
    """True if it was written in UTC, so that its day may differ from the newspaper's."""
    at_midnight: bool = False

    @property
    def timed(self) -> bool:
        """True if it has a time of day."""
        return len(self.text) > 10

    @property
    def doubtful(self) -> bool:
        """True if it may stand for a year only: January 1 without a time of day."""
        return self.day[5:] == "01-01" and (not self.timed or self.at_midnight)


def read_stamp(text: str, zone: str, source: str) -> Stamp | None:
    """Read a machine timestamp; None if it is not one.

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
    """Convert a visible date to a Stamp."""
    return Stamp(text=to_utc(seen.moment, zone), day=seen.day.isoformat(), source=source)


def visible_dates(survey: Survey, zone: str) -> tuple[list[Stamp], Stamp | None]:
    """Return the dates printed near the article's heading, nearest first, and the date of the last change, if any."""
    published: list[Stamp] = []
    updated: list[Stamp] = []
    others: list[str] = []  # complete when the first lines are read
    own = _marked_lines(survey, others)
    for lines in (own, _lines_near(survey), _titles_near(survey), others, _lone_lines(survey)):
        for text in lines:
            if _ISO.match(text) and (stamp := read_stamp(text, zone, "text")):
                published.append(stamp)
            for seen in see_dates(text, language=survey.html_language) if not published else ():
                (updated if seen.updated else published).append(from_seen(seen, zone, "text"))
            if published:
                return published, next(iter(updated), None)
    return updated, None


_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def header_lines(survey: Survey) -> Iterator[str]:
    """Yield the short texts after the heading that have a date, each as a whole with what stands beside the date."""
    if survey.heading is None:
        return
    seen: set[Element] = set()
    for element in islice(after(survey.heading), _HEADER):
        own = " ".join((element.text or "", *((child.tail or "") for child in element)))
        if element.tag in _NO_TEXT or not _FIGURES.search(own) or survey.in_related_list(element):
            continue
        parent = element.getparent()
        for holder in (element, parent) if parent is not None else (element,):
            if holder in seen:
                continue
            seen.add(holder)
            text = "\n".join(part.strip() for part in holder.itertext() if part.strip())
            if len(text) < 160:
                yield text


_HEADER = 40
"""Elements after the heading that may be its header."""


def _marked_lines(survey: Survey, others: list[str]) -> Iterator[str]:
    """Yield short texts that are marked up as dates, nearest to the heading first; add those of teasers to `others`."""
    for one in sorted((*survey.times, *survey.dated), key=lambda m: survey.distance(m.place)):
        if survey.in_boilerplate(one.element):
            continue
        text = text_of(one.element)
        if not 5 < len(text) < 160:
            continue
        if _is_beside_headline(one.element, survey):
            others.append(text)
        else:
            yield text


def _is_beside_headline(element: Element, survey: Survey) -> bool:
    """True for the date of another article: an item of a list with a link as long as a headline."""
    item = next(element.iterancestors("li"), None)
    if item is None or item in survey.spine or len(text_of(item)) > _LONGEST_ITEM:
        return False
    return any(len(text) > _HEADLINE and len(text.split()) > _WORDS for a in item.iter("a") if (text := text_of(a)))


_HEADLINE, _WORDS, _LONGEST_ITEM = 24, 3, 300


def _titles_near(survey: Survey) -> Iterator[str]:
    """Yield the exact dates in attributes of elements after the heading that show a relative one: «3 дня назад»."""
    if survey.heading is None:
        return
    for element in islice(after(survey.heading), _HEADER):
        for name in ("title", "data-date", "data-time", "data-datetime", "data-published"):
            value = element.get(name) or ""
            if 7 < len(value) < 40 and element.tag not in ("a", "img") and _FIGURES.search(value):
                yield value


def _lines_near(survey: Survey) -> Iterator[str]:
    """Yield the short lines right after the heading, then those right before it."""
    if survey.heading is None:
        return
    for part in survey.heading.iter("time", "small", "span"):  # the headline itself may be about a date
        if part.tag != "span" or any(m.element is part for m in survey.dated):
            yield text_of(part)
    following, preceding = _lines(survey, after(survey.heading)), _lines(survey, _before(survey.heading))
    for line in chain(islice(following, 25), islice(preceding, 12)):
        if len(line) < 100 and not (len(line) > 60 and line.endswith((".", "!", "?", "…"))):
            yield line
        elif dateline := _DATELINE.match(line):  # a first paragraph that begins with a date
            yield dateline[0]


def _lines(survey: Survey, elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        if element.tag in _NO_TEXT:
            continue
        for text in (element.text, *(child.tail for child in element)):
            if text and not text.isspace() and len(line := collapse(text)) > 5:
                # dates of other articles count as lines, but are ignored
                yield "" if _FIGURES.search(line) and survey.in_related_list(element) else line


_NO_TEXT = frozenset({"script", "style", "noscript", "template", "svg", "option"})


def after(element: Element) -> Iterator[Element]:
    """Yield the elements that follow an element in the page."""
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
    """Yield lines that contain little but a date; none if their dates differ."""
    if survey.body is None:
        return
    lines: list[str] = []
    headline = fold(text_of(survey.heading)) if survey.heading is not None else ""
    owners = {_owner(text) for text in _MAY_BE_YEARS(survey.body)}
    for element in survey.body.iter("*") if owners else ():
        if element not in owners or element.tag in _NO_TEXT or element is survey.heading:
            continue
        for text in (element.text, *(child.tail for child in element)):
            if (
                text
                and _FIGURES.search(text)
                and len(line := collapse(text)) < 45
                and not survey.in_boilerplate(element)
                and fold(line) not in headline
            ):
                lines.append(line)  # noqa: PERF401 (three conditions in one expression are less readable)
    days = {seen.day for line in lines for seen in see_dates(line, language=survey.html_language)}
    if len(days) == 1:
        yield from lines


_MAY_BE_YEARS = etree.XPath(".//text()[contains(., '19') or contains(., '20')]")


def _owner(text: Any) -> Element:
    """Return the element that a text node is a child of."""
    element = text.getparent()
    return element.getparent() if text.is_tail else element


_DATELINE = re.compile(r"\W{0,2}\d{1,2}\.\s?(?:\d{1,2}\.|[^\W\d_]{3,10})\s?(?:19|20)\d\d(?=\W)")
_FIGURES = re.compile(r"(?:19|20)\d\d")
