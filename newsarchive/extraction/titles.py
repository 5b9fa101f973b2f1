"""The title of an article: the JSON-LD headline, else og:title without the site's name, else the h1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import unescape

from newsarchive.extraction.printed_names import names_of_site
from newsarchive.extraction.regions import Element, text_of
from newsarchive.extraction.rules import is_on
from newsarchive.extraction.survey import TITLE_BREAK, Survey
from newsarchive.items import Hints
from newsarchive.sites import Site
from newsarchive.text.folding import fold
from newsarchive.text.spacing import collapse


def choose_title(
    survey: Survey, headline: str, *, site: Site, site_names: Sequence[str], hints: Hints
) -> tuple[str, str]:
    """Return the title and its source; both are empty if there is none. Sets the survey's heading."""
    names = names_of_site(*site_names, site.title)
    headline, og = (
        collapse(unescape(headline)),
        collapse(unescape(survey.meta("og:title") or survey.meta("twitter:title"))),
    )
    whole = collapse(unescape(survey.document_title))
    sure = survey.find_heading((headline, og, whole), names)
    shown = _shown(survey.heading) if survey.heading is not None else ""
    agreed = [key for text in (_whole(survey.heading), shown, collapse(unescape(hints.title))) if (key := fold(text))]
    headline, og, whole = (_title(t, names, shown if sure else "", agreed) for t in (headline, og, whole))
    if headline.endswith(("…", "...")):
        headline = ""
    h, o, s = fold(headline), fold(og), fold(shown)
    # a headline that the heading continues is a kicker or truncated
    if h and not (sure and s != h and s.startswith(h)):
        return headline, "json-ld"
    if not (headline or og) and survey.heading is not None and survey.heading.tag != "h1" and shown:
        return shown, "class"
    if sure:
        return (og, "og") if o and len(o) > 9 and s.endswith(o) else (shown, "h1")
    if og and not (len(s) > 15 and " " in shown):
        return og, "og"
    if shown and len(s) > 4:
        return shown, "h1"
    if hints.title:
        return collapse(unescape(hints.title)), "listing"
    return (whole, "title") if whole else ("", "")


_KICKER = re.compile(
    r"""(?:^|[\s_-])(?:kicker|eyebrow|overline|over-?title|super-?title|top-?line|roof-?line|dachzeile|spitzmarke|vorspann
    |comments?(?:-count)?|views?|count(?:er|s)?|badge|antetitulo|occhiello|surtitre|title-?header|sub-?title|rubri[ck]|category|date|\w*small)(?:$|[\s_-])""",
    re.I | re.X,
)
_INVISIBLE = re.compile(
    r"(?:^|[\s_-])(?:invisible|hidden|screen-reader-text|visually-hidden|sr-only)(?:$|[\s_-])", re.I
)
_TITLE = re.compile(r"(?:^|[\s_-])(?:head-?line|title|text)(?:$|[\s_-])", re.I)


def _shown(heading: Element) -> str:
    """Return the text of a heading without nested elements for a kicker, a date or a hidden suffix."""
    parts = [child for child in heading if isinstance(child.tag, str)]
    named = [child for child in parts if _TITLE.search(child.get("class") or "") and text_of(child)]
    others = [child for child in parts if _is_extra(child)]
    if len(named) == 1 and others and not (heading.text or "").strip():
        return text_of(named[0])
    if not others:
        return text_of(heading)
    rest = [heading.text or "", *(f"{'' if c in others else text_of(c)} {c.tail or ''}" for c in heading)]
    text = collapse(" ".join(rest))
    return text if text[:1].isalnum() or text[:1] in '«“„"(' else text_of(heading)  # «Kicker: title» is one title


def _is_extra(element: Element) -> bool:
    words = element.get("class") or ""
    return (
        element.tag in ("time", "small")
        or element.get("aria-hidden") == "true"
        or _KICKER.search(words) is not None
        or _INVISIBLE.search(words) is not None
    )


def _whole(heading: Element | None) -> str:
    return text_of(heading) if heading is not None else ""


def _title(text: str, names: frozenset[str], shown: str, agreed: Sequence[str]) -> str:
    text = without_site(text, names, [shown] if shown else [], agreed)
    return "" if fold(text) in names else text


def without_site(title: str, names: frozenset[str], headings: Sequence[str], agreed: Sequence[str] = ()) -> str:
    """Remove the site's name from the end or the beginning of a title.

    `agreed` are the folded titles that the page shows or the listing states: what they begin or end with is part of
    the title, even if it is a word of the site's name.

    >>> without_site("Күз келді - Дала газеті", frozenset({"далагазеті"}), [])
    'Күз келді'
    >>> without_site("Далаға күз ерте келді - Газет", frozenset(), ["Далаға күз ерте келді"])
    'Далаға күз ерте келді'
    >>> without_site("Дала: күз келді", frozenset({"дала"}), [], ["далакүзкелді"])
    'Дала: күз келді'
    """
    for heading in headings:  # if the title begins with a heading, that is the title
        if heading != title and len(heading) > 15 and fold(title).startswith(fold(heading)):
            return heading
    if not is_on("site-name") or fold(title) in agreed:
        return title
    cuts = list(TITLE_BREAK.finditer(title))
    if not cuts:
        return title
    for cut in cuts[:-1]:  # the site's name with a slogan behind another separator
        name, rest = TITLE_BREAK.split(title[cut.end() :], maxsplit=1)[0], fold(title[cut.end() :])
        kept = title[: cut.start()].strip()
        if len(kept.split()) > 2 and fold(name) in names and not any(a.endswith(rest) for a in agreed):
            return without_site(kept, names, headings, agreed)
    first, last = title[: cuts[0].start()], title[cuts[-1].end() :]
    if _names_site(last, names) and not any(a.endswith(fold(last)) and a != fold(last) for a in agreed):
        return without_site(title[: cuts[-1].start()].strip(), names, headings, agreed)
    if _is_site(first, names) and not any(a.startswith(fold(first)) and a != fold(first) for a in agreed):
        return title[cuts[0].end() :].strip()
    return title


def name_behind(document_title: str, title: str) -> str:
    """Return the site's name that follows the article's title in a document title; empty if there is none.

    >>> name_behind("Күз келді — Дала газеті", "Күз келді")
    'Дала газеті'
    """
    whole = collapse(unescape(document_title))
    if not title or not whole.startswith(title):
        return ""
    cut = TITLE_BREAK.match(whole, len(title))
    rest = whole[cut.end() :] if cut else ""
    return rest if len(rest) < 50 and not TITLE_BREAK.search(rest) else ""


def _names_site(part: str, names: frozenset[str]) -> bool:
    """True if a part of a title is the site's name or similar (with a slogan, a domain, another spelling)."""
    key = fold(part)
    if not key:
        return False
    for name in names:
        short, long = sorted((key, name), key=len)
        if short == long or (len(short) > 3 and short in long and len(short) * 3 > len(long)):
            return True
        if len(short) > 6 and 2 * len(short) > 0.85 * (len(short) + len(long)) and _ratio(key, name) > 0.85:
            return True
    return False


def _is_site(part: str, names: frozenset[str]) -> bool:
    """True if a part of a title is the site's name itself: at the beginning, a similar word may be the subject."""
    key = fold(part)
    return any(key == name or (len(key) > 6 and _ratio(key, name) > 0.9) for name in names)


def _ratio(one: str, other: str) -> float:
    """Return the similarity of two texts; if they share few letters, a cheaper upper bound."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    quick = matcher.quick_ratio()
    return matcher.ratio() if quick > 0.85 else quick
