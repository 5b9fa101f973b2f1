"""What of a page can be seen: hidden elements, text that is shown at a click, and elements that were never closed."""

from __future__ import annotations

import re
from functools import lru_cache

from newsarchive.extraction.blocks import Element, link_share

_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HIDDEN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:sr-only|screen-reader(?:-text)?|visually-?hidden|visuallyhidden|show-for-sr|assistive-text|a11y-hidden)(?:\s|$)"
    r"|(?:^|\s)(?:is-hidden|d-none|element-invisible|hide)(?:\s|$)"
    r"|^(?!.*:(?:block|flex|grid|inline|contents|table|flow-root|list-item)).*(?:^|\s)hidden(?:\s|$)",
    re.I | re.S,
)
"""Names that hide an element. Tailwind's `hidden` counts unless a variant such as `md:block` shows it again."""


_OFTEN_UNCLOSED = frozenset({"nav", "button", "menu", "dialog", "header", "aside", "footer", "form"})


def wraps_article(element: Element) -> bool:
    """True for a menu, a button or the like that the page does not close, so that its article is inside it."""
    return element.tag in _OFTEN_UNCLOSED and (
        element.find(".//main") is not None
        or element.find(".//article//h1") is not None
        or (element.tag in _WITHOUT_PROSE and _holds_prose(element))
    )


_WITHOUT_PROSE = frozenset({"nav", "button", "menu"})


def _holds_prose(element: Element) -> bool:
    """True if an element has a heading and running text, far more than the entry of any menu."""
    if element.find(".//h1") is None and element.find(".//h2") is None:
        return False
    texts = (" ".join("".join(p.itertext()).split()) for p in element.iter("p"))
    return sum(len(text) for text in texts if len(text) >= _MIN_PARAGRAPH) >= _MIN_PROSE


_MIN_PARAGRAPH, _MIN_PROSE = 150, 1500


def hides_text(root: Element) -> bool:
    """True if the page hides an element with much of its text."""
    hiding = (e for e in root.iter("div", "main", "article", "section", "body") if is_hidden(e))
    return any(len("".join(e.itertext()).strip()) >= _MIN_HIDDEN for e in hiding)


_MIN_HIDDEN = 200


def is_hidden(element: Element) -> bool:
    """True if an element's own class, style or attribute hides it."""
    names = element.keys()
    if not names:
        return False
    if "class" in names and _is_hiding(element.get("class") or ""):
        return True
    if "hidden" in names:
        return not _STREAMED.fullmatch(element.get("id") or "")
    return "style" in names and _HIDING.search(element.get("style") or "") is not None


_STREAMED = re.compile(r"S:[0-9a-f]+")
"""React sends parts of a page in hidden elements of such names, and moves them to their places by a script."""


_FOLDED = re.compile(
    r"(?:^|[\s_-])(?:spoiler\w*|\w*spoiler|accordion\w*|collaps\w*|toggle\w*|expand\w*|fold(?:ed|able)?|unfold|faq\w*"
    r"|(?:read|show|see)-?more|more-?text|full-?text|hidden-?text|rest)(?:$|[\s_-])",
    re.I,
)


def is_folded(element: Element) -> bool:
    """True if hidden text is the article's, shown at a click: a spoiler, «show more», an accordion.

    It is prose, and its class, or the element before or after it, is that of a switch. By its role it is no dialog.
    """
    if element.get("role") in _DIALOGS:
        return False
    text = " ".join("".join(element.itertext()).split())
    if len(text) < _MIN_FOLDED or link_share(element, text) > 0.3 or element.find(".//input") is not None:
        return False
    around = [element, element.getprevious(), element.getparent()]
    if any(e is not None and _FOLDED.search(f"{e.get('class') or ''} {e.get('id') or ''}") for e in around):
        return True
    before, after = element.getprevious(), element.getnext()
    if after is not None and any(_UNFOLDS.search("".join(e.itertext())[:40]) for e in after.iter("button", "a")):
        return True
    return before is not None and any(
        e.tag in ("button", "summary") or e.get("onclick") or e.get("aria-expanded") or e.get("aria-controls")
        for e in (before, *before.iter("button", "a", "span"))
    )


_UNFOLDS = re.compile(
    r"^\W*(?:(?:read|show|see|load) (?:more|all|full)|показать|развернуть|раскрыть"
    r"|читать (?:далее|полностью|дальше|ещё)"
    r"|толық|жалғасын|көрсету|weiterlesen|mehr (?:lesen|anzeigen)|lire la suite|leer más)",
    re.I,
)


_DIALOGS = frozenset({"dialog", "alertdialog", "tooltip", "menu", "listbox"})
_MIN_FOLDED = 80


@lru_cache(maxsize=20_000)
def _is_hiding(words: str) -> bool:
    return _HIDDEN_CLASS.search(words) is not None
