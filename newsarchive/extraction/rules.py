"""The rules that leave out text, refuse a page or cut a title: their names, and a switch for each.

A rule that deletes may delete what it should not. Each has a name, so that what it leaves out can be recorded with the
revision, and can be switched off, so that `python -m benchmarks.extraction --ablate` can tell whether it
pays on pages that it was not written for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

RULES: dict[str, str] = {
    # blocks inside the text's own element
    "related-marks": "text in lists of related articles does not locate the article",
    "other-articles": "further article elements below the one with the page's title",
    "class:related": "an element whose class names it as a list of other articles",
    "class:promotion": "an element whose class names it as advertising or a subscription",
    "class:sharing": "an element whose class names it as buttons for sharing",
    "class:comments": "an element whose class names it as readers' comments or a poll",
    "class:sidebar": "an element whose class names it as a sidebar or widget",
    "class:terms": "an element whose class names it as the article's tags",
    "class:author": "an element whose class names it as a box about the author",
    "class:navigation": "an element whose class names it as navigation",
    "class:overlay": "an element whose class names it as hidden, printed only or shown above the page",
    "class:legal": "an element whose class names it as a copyright notice or list of sources",
    "class:meta": "an element whose class names it as counters or the article's metadata",
    "tag:aside": "aside elements",
    "tag:nav": "nav elements",
    "tag:footer": "footer elements",
    "tag:form": "form elements",
    "tag:fieldset": "fieldset elements",
    "caption": "captions and credits of images",
    "unmarked-links": "lines that the extractor skipped and that are links",
    "unmarked": "text that the extractor skipped and that stands alone",
    "term-links": "lines of links to tags or categories",
    "copy": "a second copy of a block for another screen",
    # lines of the chosen text
    "teasers": "a list of teasers, beside the text of a page that nothing calls an article",
    "title-line": "the title repeated above the text",
    "read-more": "lines that only link to another article",
    "note": "copyright, advertisement and similar notes",
    "linked-heading": "headings that are links, with the teaser lists below them",
    "link-list": "lists of which each item is a linked headline",
    "bar": "dates, names and sections above the first paragraph",
    "last-lines": "dates, counters and single words below the text",
    "invitation": "invitations to subscribe at the end",
    "last-heading": "headings at the end, of sections that were left out",
    # pages
    "wordpress-class": "WordPress' body class says that it is no article",
    "address": "the URL is that of a listing, a search, the home page or a page of the site's own",
    "own-word": "the page's structured data says that it is no article",
    "error-title": "the title is that of an error or of a block page",
    "password": "WordPress asks for a password",
    "listing": "the listing says that it is a page of the site's own, or an attachment",
    "login": "there is a password field, and little text",
    "no-claim": "nothing calls the page an article (only beside another sign)",
    "list-shape": "headlines and links rather than text (only beside another sign)",
    # titles
    "site-name": "the site's name at the beginning or end of a title",
    "kicker": "a label nested in the heading",
}
"""Name -> what it leaves out."""

_off: ContextVar[frozenset[str]] = ContextVar("_off", default=frozenset())


def is_on(rule: str) -> bool:
    """True unless the rule is switched off. Raises KeyError if there is no such rule."""
    if rule not in RULES:
        raise KeyError(rule)
    return rule not in _off.get()


@contextmanager
def switched_off(*rules: str) -> Iterator[None]:
    """Switch rules off for the time of the context, in this thread only. Raises KeyError if there is no such rule."""
    unknown = set(rules) - set(RULES)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    token = _off.set(_off.get() | frozenset(rules))
    try:
        yield
    finally:
        _off.reset(token)
