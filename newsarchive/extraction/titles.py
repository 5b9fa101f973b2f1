"""The title of an article: JSON-LD's headline, else og:title without the site's name, else the h1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import unescape

from newsarchive.extraction.survey import Survey, clean, stands_apart, text_of
from newsarchive.items import Hints
from newsarchive.sites import Site

_SEPARATORS = re.compile(
    r"\s+(?:[|\u2013\u2014\u00b7\u2022\u00bb\u203a:\u2502\u2215/]|-{1,3}|::|//|&raquo;)\s+|\s*[|\u2502\u00bb]\s*|:\s+(?=[^:]*$)"
)


def folded(text: str) -> str:
    """Letters and digits only, in one case: what two spellings of one title share.

    >>> folded("«Қала» — 2025!")
    'қала2025'
    """
    return "".join(c for c in text.casefold() if c.isalnum())


def choose_title(
    survey: Survey, headline: str, *, site: Site, site_names: Sequence[str], hints: Hints
) -> tuple[str, str]:
    """The title and where it came from; both empty where the page has none."""
    names = frozenset(folded(n) for n in (*site_names, site.title) if n)
    headings = [t for h in survey.headings if not stands_apart(h.element) and (t := text_of(h.element))]
    headings = [h for h in headings if folded(h) not in names]
    headline = clean(unescape(headline))
    og = clean(unescape(survey.meta("og:title", "twitter:title")))
    if headline and folded(headline) not in names and not headline.endswith(("…", "...")):
        return without_site(headline, names, headings), "json-ld"
    if og and folded(og) not in names:
        return without_site(og, names, headings), "og"
    if headings:
        return headings[0], "h1"
    if hints.title:
        return clean(unescape(hints.title)), "listing"
    whole = without_site(survey.document_title, names, headings)
    return (whole, "title") if whole and folded(whole) not in names else ("", "")


def without_site(title: str, names: frozenset[str], headings: Sequence[str]) -> str:
    """The title without the site's name behind or before it.

    >>> without_site("Күз келді - Дала газеті", frozenset({"далагазеті"}), [])
    'Күз келді'
    >>> without_site("Күз келді - Газет", frozenset(), ["Күз келді"])
    'Күз келді'
    """
    for heading in headings:  # a heading that the title begins or ends with is the title
        if heading != title and len(heading) > 15 and folded(title).startswith(folded(heading)):
            return heading
    cuts = list(_SEPARATORS.finditer(title))
    if cuts:
        last, first = cuts[-1], cuts[0]
        if _names_site(title[last.end() :], names):
            return without_site(title[: last.start()].strip(), names, headings)
        if _names_site(title[: first.start()], names):
            return title[first.end() :].strip()
    return title


def _names_site(part: str, names: frozenset[str]) -> bool:
    key = folded(part)
    return (
        bool(key)
        and any(key == n or (len(key) > 4 and (key in n or n in key)) for n in names)
        or (len(key) > 6 and any(SequenceMatcher(None, key, n).ratio() > 0.85 for n in names))
    )
