"""The authors of an article, from markup and from bylines in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from newsarchive.extraction.datelines import after, header_lines
from newsarchive.extraction.jsonld import Object, resolved, types_of
from newsarchive.extraction.printed_names import (
    is_agency,
    is_name,
    is_own,
    signed_authors,
    split_names,
    without_label,
)
from newsarchive.extraction.regions import Element, Mention, class_mentions, selected, text_of
from newsarchive.extraction.survey import Survey
from newsarchive.items import Author
from newsarchive.kazakh.bylines import find_byline
from newsarchive.kazakh.names import name_evidence, name_words
from newsarchive.kazakh.scripts import script_of
from newsarchive.sites import Site
from newsarchive.text.folding import fold

_METAS = (
    "author", "article:author", "article:author_name", "dc.creator", "dc:creator", "dcterms.creator", "byl",
    "parsely-author",
    "sailthru.author", "cxenseparse:author", "citation_author", "rnews:author", "authors", "article.author",
    "vr:author", "creator",
)  # fmt: skip


def machine_authors(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], *, site: Site, site_names: Sequence[str]
) -> tuple[tuple[Author, ...], str]:
    """Return the authors named in markup, from the first source with a person, else the first with a desk."""
    sources = (
        (_by_profile(tree, site.extraction.authors), "profile"),
        (_by_jsonld(article, objects), "json-ld"),
        (list(survey.meta_values(*_METAS)), "meta"),
        (_by_itemprop(survey), "itemprop"),
        (_by_rel(survey), "rel"),
        (_by_class(survey), "by-line"),
        (_by_link(survey), "link"),
    )
    fallback: tuple[tuple[Author, ...], str] = ((), "")
    for names, source in sources:
        authors = signed_authors(names, site=site, site_names=site_names)
        if people := tuple(a for a in authors if a.role == "author"):
            return _with_full_name(people, survey, site, site_names), source
        if authors and not fallback[0]:
            fallback = authors, source
    return fallback


def _with_full_name(
    people: tuple[Author, ...], survey: Survey, site: Site, site_names: Sequence[str]
) -> tuple[Author, ...]:
    """Replace a lone first name, as in user accounts, by the full name in the byline."""
    if len(people) != 1 or " " in people[0].name:
        return people
    for names in (_by_rel(survey), _by_class(survey)):
        shown = signed_authors(names, site=site, site_names=site_names)
        if len(shown) == 1 and shown[0].name.casefold().startswith(people[0].name.casefold() + " "):
            return shown
    return people


def text_authors(paragraphs: Sequence[str], *, own: frozenset[str], others_known: bool = False) -> tuple[Author, ...]:
    """Return the authors from bylines in a Kazakh or Russian text: a name as the last line, or a labelled line.

    `own` are the site's names (see `names_of_site`). A byline that names another newspaper belongs to a quotation if
    there is also a byline of the site, or if another source names the author (`others_known`).
    """
    joined: dict[str, str] = {}
    paragraphs = _lines(paragraphs)
    found = find_byline([_join_patronyms(p, joined) if len(p) < 200 else p for p in paragraphs])
    foreign = [b for b in found if b.role == "author" and _names_other_medium(b.names, paragraphs, own)]
    if others_known or any(b.role == "author" and b not in foreign for b in found):
        found = [b for b in found if b not in foreign]
    return tuple(
        dict.fromkeys(
            Author(name=_with_hyphens(normal, joined), as_written=_with_hyphens(written, joined), role=byline.role)
            for byline in found
            for written, normal in zip(byline.names, byline.normal, strict=True)
        )
    )


def _lines(paragraphs: Sequence[str]) -> list[str]:
    """Return the paragraphs with the lines of the last two apart: a byline may follow the text after a line break."""
    lines = list(paragraphs[:-2])
    for paragraph in paragraphs[-2:]:
        parts = paragraph.split("\n")
        short = next((i for i in range(len(parts)) if all(len(part) < 80 for part in parts[i:])), len(parts))
        lines += [*(["\n".join(parts[:short])] if short else []), *parts[short:]]
    return lines


_PATRONYM = re.compile(r"\b([^\W\d_]{3,})-(ұлы|улы|қызы|кызы)\b")


def _join_patronyms(line: str, joined: dict[str, str]) -> str:
    """Write «Серік-ұлы» as one word, as is usual; `joined` records the original spelling."""
    if "-" not in line:
        return line
    for match in _PATRONYM.finditer(line):
        joined[match[1] + match[2]] = match[0]
    return _PATRONYM.sub(r"\1\2", line)


def _with_hyphens(name: str, joined: dict[str, str]) -> str:
    return " ".join(joined.get(word, word) for word in name.split(" ")) if joined else name


def is_latin(paragraphs: Sequence[str]) -> bool:
    """True for a text in Latin script, where the rules for Kazakh and Russian bylines are less reliable."""
    return script_of(" ".join(paragraphs[:5])[:1000]) == "Latn"


def _names_other_medium(names: Sequence[str], paragraphs: Sequence[str], own: frozenset[str]) -> bool:
    for line in (*paragraphs[:2], *paragraphs[-6:]):
        if names and names[0] in line and len(line) < 200:
            return any(not is_own(fold(quoted), own) for quoted in re.findall("«([^»]+)»", line))
    return False


def doubtful_authors(
    paragraphs: Sequence[str], *, title: str, signed_by_desk: bool, site: Site, site_names: Sequence[str]
) -> tuple[Author, ...]:
    """Return authors from bylines in other languages, which are used only if no markup names a person.

    A bare name counts only if the markup names the newsroom as the author.
    """
    if is_latin(paragraphs):
        names = [a.as_written for a in text_authors(paragraphs, own=frozenset()) if a.role == "author"]
        if people := tuple(a for a in signed_authors(names, site=site, site_names=site_names) if a.role == "author"):
            return people
    for line in (*paragraphs[:3], *paragraphs[-2:]):
        if len(line) < 80 and _BY.match(line):
            people = tuple(a for a in signed_authors([line], site=site, site_names=site_names) if a.role == "author")
            if people and all(" " in a.name for a in people):
                return people
    if not signed_by_desk or len(paragraphs) < 4:
        return ()
    for place in (-1, 0):
        line = paragraphs[place]
        if len(line) < 40 and _LONE_NAME.fullmatch(line) and is_name(line):
            elsewhere = "\n".join((title, *paragraphs[1:-1])).casefold()
            # a person whom the article is about is not its author
            if not any(word.casefold() in elsewhere for word in line.split()[-1:]):
                return signed_authors([line], site=site, site_names=site_names)
    return ()


_LONE_NAME = re.compile(r"(?:[^\W\d_][\w'’.-]*\s){1,3}[^\W\d_][\w'’-]+\.?")
_BY = re.compile(
    r"(?:by|von|por|par|di|door|af|av|text|autor(?:in)?|author|written by|words by)\b[\s:]+(?=[^\W\d_])", re.I
)


def header_authors(survey: Survey, *, site: Site, site_names: Sequence[str]) -> tuple[Author, ...]:
    """Return the person named beside a date near the heading, whatever the classes: «12 мая 2025, Асем Нурлан».

    Only names that are known as such: sections stand there too.
    """
    for line in header_lines(survey):
        pieces = [without_label(piece.strip()) for piece in _DATE_PIECES.split(line)]
        names = [piece for piece in pieces if 1 < len(piece.split()) < 4 and is_name(piece)]
        names = [name for name in names if name_evidence(name_words(name)) >= 2]
        people = signed_authors(names, site=site, site_names=site_names)
        if found := tuple(author for author in people if author.role == "author"):
            return found
    return ()


_DATE_PIECES = re.compile(
    r"\d{1,2}[:.]\d\d(?::\d\d)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\s+[^\W\d_]{3,12}\.?,?\s+\d{4}(?:\s*г\.)?"
    r"|\d{4}\s+жыл\w*\s+\d{1,2}\s+\w+|[|•·,;()/\n]|\s[–—-]\s|(?<=\d)\.\s|^\.\s|\b(?:опубликовано|добавил(?:\(а\))?|пользователем"
    r"|жариялаған|жарияланды|posted|published|submitted)\b|\b(?:пн|вт|ср|чт|пт|сб|вс|дс|сс|бс|жм|жк)\b",
    re.I,
)


def _by_profile(tree: Element, selector: str) -> list[str]:
    return [text_of(e) for e in selected(tree, selector)] if selector else []


def _by_jsonld(article: Object, objects: Sequence[Object]) -> list[str]:
    given = [value for key in ("author", "creator") for value in _listed(article.get(key))][:50]
    given += _listed(article.get("contributor"))
    people: list[str] = []
    others: list[str] = []
    for value in given:
        whole = resolved(value, objects)
        if isinstance(whole, str):
            people.append(whole)
        elif isinstance(whole, dict):
            name = whole.get("name") or _whole_name(whole)
            if isinstance(name, dict):
                name = name.get("name")
            for text in name if isinstance(name, list) else [name]:
                if isinstance(text, str):
                    (others if "organization" in " ".join(types_of(whole)) else people).append(text)
    return people or others


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _whole_name(person: Object) -> str:
    """Return the name of a person that is given in parts."""
    parts = [person.get(key) for key in ("givenName", "additionalName", "familyName")]
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())


def _by_itemprop(survey: Survey) -> list[str]:
    found = []
    for element in survey.properties.get("author", ()):
        if survey.in_boilerplate(element):
            continue
        inner = next((e for e in element.iter("*") if e.get("itemprop") == "name"), element)
        found.append(inner.get("content") or text_of(inner))
    return found


def _each_named(element: Element) -> list[str]:
    """Return the names of a byline's authors, each in an element of its own that is named for authors."""
    inner = (e for e in element.iter("span", "div", "li", "p") if e is not element and not len(e))
    texts = [text_of(e) for e in inner if class_mentions(e.get("class") or "") & Mention.AUTHOR]
    return list(dict.fromkeys(t for t in texts if " " in t and is_name(t)))


def _by_link(survey: Survey) -> list[str]:
    """Return the name near the heading that links to a page about an author."""
    links = (
        e for e in islice(_after_heading(survey), _HEADER) if e.tag == "a" and _AUTHOR_PAGE.search(e.get("href") or "")
    )
    names = (text_of(a) for a in links if not survey.in_boilerplate(a))
    return [name for name in names if 1 < len(name.split()) < 5 and is_name(name)][:4]


_HEADER = 40
"""Elements after the heading that may be its header."""
_AUTHOR_PAGE = re.compile(
    r"(?:^|/)(?:authors?|avtor(?:y|lar)?|contributors?|writers?|journalists?|reporters?|columnists?)/[^/]+", re.I
)


def _after_heading(survey: Survey) -> Iterator[Element]:
    return after(survey.heading) if survey.heading is not None else iter(())


def _by_rel(survey: Survey) -> list[str]:
    found = [
        (survey.distance(m.place), text_of(m.element))
        for m in survey.signed
        if "author" in (m.element.get("rel") or "").split() and not survey.in_boilerplate(m.element)
    ]
    return [text for _, text in sorted(found)][:1]


def _by_class(survey: Survey) -> list[str]:
    """Return the byline nearest to the heading: an element with an author class and little text besides names."""
    marked = [m for m in survey.signed if not survey.in_boilerplate(m.element)]
    for one in sorted(marked, key=lambda m: survey.distance(m.place)):
        text = text_of(one.element)
        if not 3 < len(text) < 140:
            continue
        links = [t for a in one.element.iter("a") if " " in (t := text_of(a)) and is_name(t)]
        if 0 < len(links) < 7:
            return links
        if len(each := _each_named(one.element)) > 1:
            return each
        if len(text) < 100 and any((is_name(part) and " " in part) or is_agency(part) for part in split_names(text)):
            return [text]
    return []
