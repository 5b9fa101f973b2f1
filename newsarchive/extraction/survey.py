"""One pass over a page's tree that collects the elements for title, date, authors, terms and images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import chain

from newsarchive.extraction.regions import Element, Mention, class_mentions, in_boilerplate, in_related_list, text_of
from newsarchive.text.folding import fold
from newsarchive.text.spacing import collapse

TITLE_BREAK = re.compile(
    r"\s+(?:[|\u2013\u2014\u00b7\u2022\u00bb\u203a\u2192:\u2502\u2215/]|-{1,3}|::|//|&raquo;)\s+|\s*[|\u2502\u3163]\s*"
    r"|:\s+(?=[^:]*$)"
    r"|(?<=[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef])[-_](?=[\u3000-\u9fff\uac00-\ud7af])"
)
"""Separators between the title and the name of the site or section; scripts without spaces need none around them."""


@dataclass(kw_only=True, slots=True)
class Marked:
    """An element with its position in document order."""

    place: int
    element: Element


@dataclass(kw_only=True, slots=True)
class Survey:
    """The collected elements, in document order."""

    metas: dict[str, list[str]] = field(default_factory=dict)
    """`content` of meta elements by lower-case `property`, `name`, `itemprop` or `http-equiv`."""
    links: dict[str, list[str]] = field(default_factory=dict)
    """`href` of link elements by each lower-case word of `rel`."""
    scripts: list[str] = field(default_factory=list)
    """Text of JSON-LD scripts."""
    document_title: str = ""
    html_language: str = ""
    body: Element | None = None
    body_class: str = ""
    headings: list[Marked] = field(default_factory=list)
    times: list[Marked] = field(default_factory=list)
    properties: dict[str, list[Element]] = field(default_factory=dict)
    """Elements, except meta, by lower-case itemprop (microdata) or RDFa property."""
    dated: list[Marked] = field(default_factory=list)
    """Elements whose class or id names a date."""
    signed: list[Marked] = field(default_factory=list)
    """Elements whose class, id or rel names an author."""
    named_category: list[Marked] = field(default_factory=list)
    named_tags: list[Marked] = field(default_factory=list)
    """Elements that may list terms, and whose class or id names categories, or tags."""
    titled: list[Marked] = field(default_factory=list)
    """Elements besides h1 to h3 whose class or id names a title."""
    trails: list[Element] = field(default_factory=list)
    """Elements whose class or id names breadcrumbs."""
    terms: list[Marked] = field(default_factory=list)
    """Links with rel=tag or rel=category."""
    forms: list[Element] = field(default_factory=list)
    heading: Element | None = None
    """The article's heading, set by `find_heading`; not that of the site or of another article."""
    spine: frozenset[Element] = frozenset()
    """The heading and its ancestors: a region with the heading is not a sidebar, whatever its class."""
    heading_place: int = 0

    def distance(self, place: int) -> int:
        """Return the distance of an element from the heading; it counts double before the heading."""
        return place - self.heading_place if place >= self.heading_place else 2 * (self.heading_place - place)

    def meta(self, *names: str) -> str:
        """Return the first non-empty value of the meta elements with these names, in the order of the names."""
        return next(self.meta_values(*names), "")

    def meta_values(self, *names: str) -> Iterator[str]:
        """Return all non-empty values, in the order of the names."""
        return (value for name in names for value in self.metas.get(name, ()) if value)

    def in_boilerplate(self, element: Element) -> bool:
        """True if the element is in a boilerplate region: sidebar, navigation, comments, related articles …"""
        return in_boilerplate(element, self.spine)

    def in_related_list(self, element: Element) -> bool:
        """True if the element is in a region that clearly lists other articles."""
        return in_related_list(element, self.spine)

    def find_heading(self, titles: Sequence[str], names: frozenset[str]) -> bool:
        """Set `heading` to the heading that matches a title of the page, else to the first not the site's name.

        Returns True if a title confirms it.
        """
        wanted = [key for title in titles if (key := fold(title))]
        # prefer the longest part of a title: shorter ones name the section or the site
        parts = sorted({fold(part) for title in titles for part in _parts(title)}, key=lambda p: (-len(p), p))
        keyed = [(key, m.element) for m in self.headings if (key := fold(text_of(m.element))) and key not in names]
        first = [(key, e) for key, e in keyed if e.tag == "h1"]
        standing = [(key, e) for key, e in first if not self.in_boilerplate(e)]
        sure = chain(
            (e for w in wanted for key, e in keyed if key == w),
            (e for w in parts if len(w) > 5 for key, e in keyed if key == w),
            (e for w in wanted for key, e in first if len(key) > 9 and (key in w or w in key)),
            (e for w in wanted for key, e in keyed if len(key) > 12 and w.startswith(key)),
            (e for w in wanted for key, e in standing if _alike(key, w)),
        )
        confirmed = next(sure, None)
        best = confirmed if confirmed is not None else next((e for _, e in standing), None)
        if best is None:
            best, is_confirmed = self._named_heading(wanted, names)
        else:
            is_confirmed = confirmed is not None
        if best is not None:
            self.heading = best
            self.heading_place = next(m.place for m in (*self.headings, *self.titled) if m.element is best)
            self.spine = frozenset((best, *best.iterancestors()))
        return is_confirmed

    def _named_heading(self, wanted: Sequence[str], names: frozenset[str]) -> tuple[Element | None, bool]:
        """Return the element that only its class names as the title, and True if a title of the page confirms it.

        Without a confirmation it must be the only one, and the page's own titles may name only the site.
        """
        shown = {m.element: text for m in self.titled if 2 < len((text := text_of(m.element)).split()) < 40}
        keyed = {e: fold(text) for e, text in shown.items() if not self.in_boilerplate(e) and fold(text) not in names}
        for element, key in keyed.items():
            if len(key) > 9 and any(key in title for title in wanted):
                return element, True
        own = [e for e in keyed if next(e.iterancestors("li", "a"), None) is None and e.find(".//a") is None]
        about_site = all(any(title.startswith(name) for name in names) for title in wanted)
        return (own[0], False) if about_site and len({keyed[e] for e in own}) == 1 else (None, False)


def _parts(title: str) -> Iterator[str]:
    for cut in TITLE_BREAK.finditer(title):
        yield title[: cut.start()]
        yield title[cut.end() :]
    yield from TITLE_BREAK.split(title)


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).quick_ratio() > 0.7 and (
        SequenceMatcher(None, one, other, autojunk=False).ratio() > 0.6
    )


def survey(tree: Element) -> Survey:
    """Collect the elements in one pass over the tree."""
    found = Survey()
    for place, element in enumerate(tree.iter("*")):
        tag = element.tag
        if tag in _BY_TAG:
            _BY_TAG[tag](found, element, place)
        if tag not in _UNNAMED and (attributes := element.keys()):
            words = element.get("class") if "class" in attributes else ""
            names = f"{words} {element.get('id')}" if "id" in attributes else words
            if names and (mentions := class_mentions(names)):
                _note_mentions(found, mentions, Marked(place=place, element=element))
            if "itemprop" in attributes or "property" in attributes:
                _note_property(found, element)
    return found


def _note_mentions(found: Survey, mentions: int, marked: Marked) -> None:
    if mentions & Mention.DATE:
        found.dated.append(marked)
    if mentions & Mention.AUTHOR:
        found.signed.append(marked)
    if mentions & Mention.TITLE and marked.element.tag in _NAMES_TITLE:
        found.titled.append(marked)
    if mentions & Mention.TRAIL:
        found.trails.append(marked.element)
    if mentions & Mention.CATEGORY and marked.element.tag in _NAMES_CATEGORY:
        found.named_category.append(marked)
    if mentions & Mention.TAGS and marked.element.tag in _LISTS_TERMS:
        found.named_tags.append(marked)


_LISTS_TERMS = frozenset({"div", "span", "ul", "p", "footer", "section"})
_NAMES_TITLE = frozenset({"div", "p", "span", "td", "h2", "h3", "h4", "strong", "b"})
_NAMES_CATEGORY = _LISTS_TERMS | {"a", "dd", "li"}


_UNNAMED = frozenset(
    {"meta", "link", "script", "style", "html", "body", "head", "img", "svg", "path", "use", "option", "br", "source"}
)


def _note_property(found: Survey, element: Element) -> None:
    prop = element.get("itemprop") or element.get("property") or ""
    for name in prop.lower().split():
        found.properties.setdefault(name.rpartition(":")[2], []).append(element)


def _note_meta(found: Survey, element: Element, place: int) -> None:
    value = element.get("content")
    if value is None:
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        if name := element.get(attribute):
            found.metas.setdefault(name.strip().lower(), []).append(value.strip())


def _note_link(found: Survey, element: Element, place: int) -> None:
    href = (element.get("href") or "").strip()
    for word in (element.get("rel") or "").lower().split():
        found.links.setdefault(word, []).append(href)


def _note_script(found: Survey, element: Element, place: int) -> None:
    if "ld+json" in (element.get("type") or "").lower() and element.text:
        found.scripts.append(element.text)


def _note_title(found: Survey, element: Element, place: int) -> None:
    if not found.document_title:
        found.document_title = collapse(element.text or "")


def _note_heading(found: Survey, element: Element, place: int) -> None:
    found.headings.append(Marked(place=place, element=element))


def _note_time(found: Survey, element: Element, place: int) -> None:
    found.times.append(Marked(place=place, element=element))


def _note_anchor(found: Survey, element: Element, place: int) -> None:
    rel = element.get("rel")
    if not rel:
        return
    words = rel.lower().split()
    if "author" in words:
        found.signed.append(Marked(place=place, element=element))
    if "tag" in words or "category" in words:
        found.terms.append(Marked(place=place, element=element))


def _note_html(found: Survey, element: Element, place: int) -> None:
    found.html_language = element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang") or ""


def _note_body(found: Survey, element: Element, place: int) -> None:
    if found.body is None:
        found.body, found.body_class = element, element.get("class") or ""


def _note_form(found: Survey, element: Element, place: int) -> None:
    found.forms.append(element)


_BY_TAG = {
    "meta": _note_meta,
    "link": _note_link,
    "script": _note_script,
    "title": _note_title,
    "h1": _note_heading,
    "h2": _note_heading,
    "h3": _note_heading,
    "time": _note_time,
    "a": _note_anchor,
    "html": _note_html,
    "body": _note_body,
    "form": _note_form,
}
