"""The record that metadata rules fill and that text, picture and refusal rules read."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsarchive.items import Author


@dataclass(kw_only=True, frozen=True, slots=True)
class Metadata:
    """What one page says of its article; empty where it says nothing."""

    title: str = ""
    description: str = ""
    """og:description and its like: what a standfirst on the page can be found by."""
    published: str = ""
    published_day: str = ""
    """The calendar day of publication as the page means it: in its stamp's own offset, else in the site's zone."""
    modified: str = ""
    authors: tuple[Author, ...] = ()
    """From machine sources; `choose_authors` weighs them against the by-line in the text."""
    images: tuple[str, ...] = ()
    """Addresses that JSON-LD and meta elements name as the lead picture, the most trusted first."""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = ""
    canonical: str = ""
    site_name: str = ""
    page_type: str = ""
    """og:type, and the types of the JSON-LD objects, lower case, separated by spaces."""
    is_article: bool = False
    """Whether JSON-LD has an article object that speaks of this page."""
    body_class: str = ""
    jsonld_body: str = ""
    evidence: dict[str, str] = field(default_factory=dict)
    """Field -> where it came from: json-ld, og, meta, h1, time, url, listing, profile …"""
