"""Predictions of the program for a real page, in the form of the evaluation data."""

from __future__ import annotations

from typing import Any

from newsarchive.extraction import extract_article
from newsarchive.extraction.metadata import read_metadata
from newsarchive.extraction.pages import read_tree
from newsarchive.items import Article, Hints, NotAnArticle, Page
from newsarchive.sites import host_site

Item = dict[str, Any]
WITHOUT_LEAD = ("zyte",)
"""Datasets whose gold text is without the standfirst."""
LISTED = Hints(kind="post")
"""All pages are known to be articles, as if a listing said so."""


def extract(page: Page, item: Item) -> Article | NotAnArticle:
    """Extract a page as in a crawl. Returns the refusal if it is not taken for an article."""
    try:
        return extract_article([page], item["url"], site=host_site(item["url"]), hints=LISTED)
    except NotAnArticle as no:
        return no


def predict_article(page: Page, item: Item) -> dict[str, Any]:
    """Return the prediction for a page; `rules` are those that left something out, or refused it."""
    return prediction(extract(page, item), page, item)


def prediction(article: Article | NotAnArticle, page: Page, item: Item) -> dict[str, Any]:
    """Return what was extracted from a page in the form of the evaluation data."""
    if isinstance(article, NotAnArticle):
        return {"not_an_article": article.reason}
    parts = [article.body] if item["dataset"] in WITHOUT_LEAD else [article.lead, article.body]
    lead = sorted(article.images, key=lambda image: not image.lead)
    return {
        "title": article.title,
        "body": "\n\n".join(part for part in parts if part),
        "authors": _signed(article),
        "date": _day(page, item),
        "images": [image.url for image in lead],
        "lang": article.language,
        "rules": sorted({omission["rule"] for omission in article.evidence.get("omitted", ())}),
    }


def _signed(article: Article) -> list[str]:
    """Return the names shown as authors in view `archive`: a desk only if no person signs."""
    names = [author.name for author in article.authors if author.role == "author"]
    return names or [author.name for author in article.authors if author.role == "desk"]


def _day(page: Page, item: Item) -> str:
    """Return the local calendar day of publication; the record itself is in UTC."""
    tree = read_tree(page)
    site = host_site(item["url"])
    return read_metadata(tree, item["url"], site=site, hints=LISTED).published_day if tree is not None else ""
