"""Why a page is no article: listings, the site's own pages, password forms, error pages, empty shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsarchive.extraction.survey import Element
from newsarchive.items import Hints
from newsarchive.sites import Site

if TYPE_CHECKING:
    from newsarchive.extraction.metadata import Metadata


def why_not_an_article(tree: Element, url: str, *, metadata: Metadata, site: Site, hints: Hints) -> str:
    """A short phrase why the page holds no article; empty where it may hold one."""
    if any("post-password-form" in (form.get("class") or "") for form in tree.iter("form")):
        return "a password is asked for"
    classes = metadata.body_class.split()
    if hints.kind == "page" or ("page" in classes and "single" not in classes):
        return "a page of the site's own"
    if "attachment" in classes:
        return "an attachment page"
    if (
        any(c in classes for c in ("archive", "search", "author", "category", "tag", "home", "blog"))
        and "single" not in classes
    ):
        return "a listing"
    if "error404" in classes:
        return "an error page"
    return ""
