"""One walk over a page's tree that notes what speaks of title, date, authors, terms and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypeAlias

from cssselect import SelectorError
from lxml import html
from lxml.cssselect import CSSSelector

Element: TypeAlias = html.HtmlElement

_SPACE = re.compile(r"[\s\u00a0\u200b\ufeff]+")
# blocks that belong to the page, not to its article: what stands in them is said of something else
_APART = re.compile(
    r"(?:^|[\s_])(?:(?:[\w-]+-)?(?:related|similar|recommend(?:ed|ations?)?|recirc\w*|trending|newsletter|sponsored|teasers?"
    r"|jp-relatedposts|yarpp\w*|outbrain|taboola|sidebar|breadcrumbs?|tag-?cloud|pagination)|read-?(?:more|next|also)"
    r"|more-?(?:news|stories|from|on|articles)|popular|most-?(?:read|viewed)|latest|recent|side-?bar|aside|widget|comments?|commentlist"
    r"|respond|replies|subscri\w+|promo\w*|advert\w*|banner|ticker|carousel|breaking|prev(?:ious)?|next|post-?nav\w*|footer"
    r"|site-?header|topbar|navbar|menu|share|sharing|weather|currency|calendar)(?:$|[\s_]|-(?!(?:right|left|on|active|enabled|layout)\b))",
    re.I,
)
_APART_TAGS = frozenset({"aside", "nav", "footer", "template", "noscript"})
_DATED = re.compile(
    r"date|time(?!line)|publi(?:sh|c|k|é)|posted|updated|meta|byline|dateline|pubdate|fecha|datum|heure|tarih|erstellt|stand\b|info",
    re.I,
)
_SIGNED = re.compile(
    r"author|byline|by-line|autor|auteur|writer|reporter|verfasser|redakteur|journalist|contributor|fn\b|автор", re.I
)
TITLE_BREAK = re.compile(
    r"\s+(?:[|\u2013\u2014\u00b7\u2022\u00bb\u203a:\u2502\u2215/]|-{1,3}|::|//|&raquo;)\s+|\s*[|\u2502\u3163]\s*|:\s+(?=[^:]*$)"
    r"|(?<=[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef])[-_](?=[\u3000-\u9fff\uac00-\ud7af])"
)
"""Where a page's title may part from the site's name or the section's. Scripts without spaces part without spaces."""


@dataclass(kw_only=True, slots=True)
class Marked:
    """An element with its place in the page's order."""

    place: int
    element: Element


@dataclass(kw_only=True, slots=True)
class Survey:
    """What the walk noted, in document order."""

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
    properties: dict[str, list[Marked]] = field(default_factory=dict)
    """Elements by lower-case itemprop (microdata) or RDFa property, meta elements aside."""
    dated: list[Marked] = field(default_factory=list)
    """Elements whose class or id speaks of a date."""
    signed: list[Marked] = field(default_factory=list)
    """Elements whose class, id or rel speaks of an author."""
    terms: list[Marked] = field(default_factory=list)
    """Links with rel=tag or rel=category."""
    forms: list[Element] = field(default_factory=list)
    heading: Element | None = None
    """The article's own heading, once `find_heading` has told it from those of the site and of other articles."""
    spine: frozenset[Element] = frozenset()
    """The heading and all that it stands in: no block with the heading in it is a sidebar, whatever its class says."""
    heading_place: int = 0
    size: int = 0

    def distance(self, place: int) -> int:
        """How far an element is from the heading; what stands before it counts double."""
        return place - self.heading_place if place >= self.heading_place else 2 * (self.heading_place - place)

    def meta(self, *names: str) -> str:
        """The first value that is not empty among the metas of these names, in the order of the names."""
        return next(self.meta_values(*names), "")

    def meta_values(self, *names: str) -> Iterator[str]:
        """All values that are not empty, in the order of the names."""
        return (value for name in names for value in self.metas.get(name, ()) if value)

    def stands_apart(self, element: Element) -> bool:
        """Whether the element lies in a sidebar, related block, navigation, comment …, which speak of other articles."""
        return is_apart(element, self.spine)

    def find_heading(self, titles: Sequence[str], names: frozenset[str]) -> bool:
        """Settle `heading`: the one that says what a title of the page says, else the first that is not the site's name.

        Tells whether a title confirms it.
        """
        wanted = [key for title in titles if (key := folded(title))]
        # the longest part of a title that stands as a heading: the shorter ones name the section or the site
        parts = sorted({folded(part) for title in titles for part in _parts(title)}, key=lambda p: (-len(p), p))
        keyed = [(key, m.element) for m in self.headings if (key := folded(text_of(m.element))) and key not in names]
        first = [(key, e) for key, e in keyed if e.tag == "h1"]
        standing = [(key, e) for key, e in first if not self.stands_apart(e)]
        sure = [
            *(e for w in wanted for key, e in keyed if key == w),
            *(e for w in parts if len(w) > 5 for key, e in keyed if key == w),
            *(e for w in wanted for key, e in first if len(key) > 9 and (key in w or w in key)),
            *(e for w in wanted for key, e in keyed if len(key) > 12 and w.startswith(key)),
            *(e for w in wanted for key, e in standing if _alike(key, w)),
        ]
        for best in (*sure, *(e for _, e in standing)):
            self.heading = best
            self.heading_place = next(m.place for m in self.headings if m.element is best)
            self.spine = frozenset((best, *best.iterancestors()))
            break
        return bool(sure)


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
    """Walk the tree once."""
    found = Survey()
    place = 0
    for place, element in enumerate(tree.iter("*")):  # noqa: B007 (the last place is the size)
        tag = element.tag
        if noter := _BY_TAG.get(tag):
            noter(found, element, place)
        if tag not in _HEAD_TAGS:
            _note_attributes(found, element, place)
    found.size = place + 1
    return found


_HEAD_TAGS = frozenset(
    {"meta", "link", "script", "style", "html", "body", "head", "img", "svg", "path", "use", "option", "br", "source"}
)


def _note_attributes(found: Survey, element: Element, place: int) -> None:
    get = element.get
    if prop := get("itemprop") or get("property"):
        for name in prop.lower().split():
            found.properties.setdefault(name.rpartition(":")[2], []).append(Marked(place=place, element=element))
    words = get("class") or ""
    if identity := get("id"):
        words = f"{words} {identity}"
    if words:
        dated, signed = _speaks_of(words)
        if dated:
            found.dated.append(Marked(place=place, element=element))
        if signed:
            found.signed.append(Marked(place=place, element=element))


@lru_cache(maxsize=20_000)  # the few classes of a site, and of the common themes, come again and again
def _speaks_of(words: str) -> tuple[bool, bool]:
    """Whether class and id of an element speak of a date, and of an author."""
    dated = signed = False
    for word in words.split():
        kind = _kind_of(word)
        dated = dated or bool(kind & 1)
        signed = signed or bool(kind & 2)
    return dated, signed


@lru_cache(maxsize=30_000)
def _kind_of(word: str) -> int:
    return bool(_DATED.search(word)) + 2 * bool(_SIGNED.search(word)) + 4 * bool(_APART.search(word))


@lru_cache(maxsize=20_000)
def _speaks_of_others(words: str) -> bool:
    """Whether class and id of a block say that it holds something beside the article."""
    return any(_kind_of(word) & 4 for word in words.split())


def _note_meta(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001 (one form for all)
    value = element.get("content")
    if value is None:
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        if name := element.get(attribute):
            found.metas.setdefault(name.strip().lower(), []).append(value.strip())


def _note_link(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001
    href = (element.get("href") or "").strip()
    for word in (element.get("rel") or "").lower().split():
        found.links.setdefault(word, []).append(href)


def _note_script(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001
    if "ld+json" in (element.get("type") or "").lower() and element.text:
        found.scripts.append(element.text)


def _note_title(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001
    if not found.document_title:
        found.document_title = clean(element.text or "")


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


def _note_html(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001
    found.html_language = element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang") or ""


def _note_body(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001
    if found.body is None:
        found.body, found.body_class = element, element.get("class") or ""


def _note_form(found: Survey, element: Element, place: int) -> None:  # noqa: ARG001
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


def clean(text: str) -> str:
    """Text on one line, without soft hyphens and doubled spaces.

    >>> clean("  Бас\\u00admақ \\n\\u00a0сөз ")
    'Басмақ сөз'
    """
    return _SPACE.sub(" ", text.replace("\u00ad", "")).strip()


def folded(text: str) -> str:
    """Letters and digits only, in one case: what two spellings of one title or name share.

    >>> folded("«Қала» — 2025!")
    'қала2025'
    """
    return "".join(filter(str.isalnum, text.casefold()))


def text_of(element: Element) -> str:
    """The visible text of an element on one line."""
    return clean(" ".join(_texts(element)))


def _texts(element: Element) -> Iterator[str]:
    if element.tag in ("script", "style", "noscript", "svg", "template"):
        return
    if element.text:
        yield element.text
    for child in element:
        if isinstance(child.tag, str):
            yield from _texts(child)
        if child.tail:
            yield child.tail


def selected(tree: Element, selector: str) -> list[Element]:
    """The elements that a profile's CSS selector means; none where it is no selector."""
    try:
        return list(CSSSelector(selector, translator="html")(tree))
    except SelectorError:
        return []


def is_apart(element: Element, spine: frozenset[Element]) -> bool:
    """Whether a block that is not in `spine` and speaks of something else (see `Survey.stands_apart`) holds the element."""
    node: Element | None = element
    while node is not None and node not in spine and node.tag not in ("body", "html", "main"):
        if node.tag in _APART_TAGS:
            # the footer of the article itself carries its by-line and terms in many themes
            if node.tag not in ("footer", "noscript") or (node.tag == "footer" and not _inside_article(node)):
                return True
        elif node.tag != "article" and _speaks_of_others(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
        node = node.getparent()
    return False


def _inside_article(element: Element) -> bool:
    return any(a.tag in ("article", "main") for a in element.iterancestors())
