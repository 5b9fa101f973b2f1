"""The metadata record: written by the metadata rules, read by the rules for text, images and rejection."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsarchive.items import Author


@dataclass(kw_only=True, frozen=True, slots=True)
class Metadata:
    """The metadata of an article as stated on one page; missing fields are empty."""

    title: str = ""
    description: str = ""
    """og:description and similar; helps to find the standfirst on the page."""
    published: str = ""
    published_day: str = ""
    """The calendar day of publication, in the timestamp's own UTC offset, else in the site's time zone."""
    modified: str = ""
    authors: tuple[Author, ...] = ()
    """Authors named in markup; `choose_authors` weighs them against the byline in the text."""
    images: tuple[str, ...] = ()
    """URLs of the lead image in JSON-LD and meta elements, the most reliable first."""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = ""
    canonical: str = ""
    site_name: str = ""
    page_type: str = ""
    """og:type and the types of the JSON-LD objects, in lower case, separated by spaces."""
    is_article: bool = False
    """True if JSON-LD has an article object for this page."""
    body_class: str = ""
    jsonld_body: str = ""
    evidence: dict[str, str] = field(default_factory=dict)
    """Field -> source: json-ld, og, meta, h1, time, url, listing, profile …"""
