"""What leads on from a listing page to older articles, and cannot be followed: scripts, calendars, printed issues."""

from __future__ import annotations

import re

from lxml import html

from newsarchive.discovery.pager import CALENDAR_CLASS, NEXT_WORDS, PAGER_CLASS

_LOADS_MORE = re.compile(r"тағы|көбірек|ещ[её]|больше|yana|ko.proq|яна|дагы|daha|more|older|ескі|старые", re.IGNORECASE)
"""Those of the next words that a button has; «Next» may turn the pictures of a slide show."""
_LONGEST_LABEL = 40
_DAY = re.compile(r"[/=](?:20\d\d[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}[.-]\d{1,2}[.-]20\d\d)/?$")
_FEWEST_DAYS = 2
_ISSUE = re.compile(r"(?:№|No\.?|N°|Issue|Выпуск|Номер|Нөмір) ?№? ?\d+", re.IGNORECASE)
_FEWEST_ISSUES = 3
_LONGEST_REFERENCE = 2_000


def unfollowed_in(tree: html.HtmlElement) -> str:
    """Return what leads on from a page though it is no pager that can be followed; empty if there is nothing.

    ``script``: a pager, or a button for more, whose links lead nowhere without a script; ``days`` or ``issues``: a
    calendar, or a list of the issues of a printed paper.

    >>> unfollowed_in(html.fromstring("<div><button>Тағы көрсету</button></div>"))
    'script'
    >>> unfollowed_in(html.fromstring("<p><a href='/2025/02/17/'>17</a> <a href='/2025/02/18/'>18</a></p>"))
    'days'
    >>> unfollowed_in(html.fromstring("<div class='pagination'><a href='/?page=1'>1</a></div>"))
    ''
    """
    if _leads_on_by_script(tree):
        return "script"
    days, issues = set[str](), set[str]()
    for link in tree.iter("a"):
        reference = (link.get("href") or "")[:_LONGEST_REFERENCE]
        if _DAY.search(reference):
            days.add(reference)
        elif _ISSUE.match(" ".join((link.text_content() or "").split())):
            issues.add(reference)
    return "days" if len(days) >= _FEWEST_DAYS else "issues" if len(issues) >= _FEWEST_ISSUES else ""


def _leads_on_by_script(tree: html.HtmlElement) -> bool:
    pages = set[str]()
    for element in tree.iter("a", "button", "div", "span", "input"):
        if not _is_for_script(element):
            continue
        text = " ".join((element.text_content() or element.get("value") or "").split())
        if len(text) > _LONGEST_LABEL:
            continue
        if NEXT_WORDS.match(text) and _LOADS_MORE.search(text):
            return True
        around = " ".join(a.get("class", "") + " " + a.get("id", "") for a in element.iterancestors())
        if element.tag == "a" and text.isdigit() and PAGER_CLASS.search(around) and not CALENDAR_CLASS.search(around):
            pages.add(text)
    return bool(pages - {"1"})


def _is_for_script(element: html.HtmlElement) -> bool:
    """True for what a reader can click, but no program follow."""
    if element.tag == "a":
        reference = element.get("href") or "#"
        return reference.startswith("#") or reference.lower().startswith("javascript:")
    return element.tag in ("button", "input") or bool(element.get("onclick") or element.get("data-page"))
