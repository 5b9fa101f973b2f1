"""What reference managers read from the page of an article: Highwire and Dublin Core tags, JSON-LD, and unAPI.

Zotero takes the RIS of unAPI first; its translator "Embedded Metadata" reads the tags, with `z:itemType` for the type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from markupsafe import Markup

from newsarchive.browse.archives import Row, rows, visible
from newsarchive.browse.prose import is_web_address
from newsarchive.browse.visits import Download, MissingError, Visit
from newsarchive.export.citations import Source, cite, read_source, split_name

Tags = Sequence[tuple[str, str]]
"""Names and contents of meta elements."""

FORMATS = {"ris": "application/x-research-info-systems", "bibtex": "application/x-bibtex"}
"""Formats that unAPI offers, best first."""


def bibliography(visit: Visit, article: Row, links: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Return the values of an article's head: `meta_tags` and `json_ld`. Both are empty if it has no revision."""
    number = article["id"]
    if not rows(visit.db, "select 1 from revisions where article = ?", [number]):
        return {"meta_tags": [], "json_ld": ""}
    source = read_source(visit.db, number)
    subjects = [row["name"] for row in (*links["categories"], *links["tags"])]
    page = f"{visit.origin}/article/{number}"
    return {
        "meta_tags": [(name, value) for name, value in _tags(source, article, subjects) if value],
        "json_ld": _script(_news_article(source, article, subjects, page)),
    }


def _tags(source: Source, article: Row, subjects: Sequence[str]) -> Tags:
    names = [_inverted(name, role) for name, role in source.authors]
    return [
        ("z:itemType", "newspaperArticle"),
        ("citation_title", source.title),
        *(("citation_author", name) for name in names),
        ("citation_publication_date", source.day.replace("-", "/")),
        ("citation_journal_title", source.newspaper),
        ("citation_language", source.language),
        ("citation_public_url", source.url),
        ("citation_abstract", article["lead"] or ""),
        *(("citation_keywords", subject) for subject in subjects),
        ("DC.title", source.title),
        *(("DC.creator", name) for name in names),
        ("DC.date", source.day),
        ("DC.publisher", source.newspaper),
        ("DC.language", source.language),
        ("DC.identifier", source.url),
        ("DC.identifier", source.pwid),
        ("DC.description", article["lead"] or ""),
        *(("DC.subject", subject) for subject in subjects),
        ("DC.type", "Text"),
    ]


def _inverted(name: str, role: str) -> str:
    """Return a person's name with the family name first; that of a desk as it is.

    >>> _inverted("Аида Бек", "author"), _inverted("Редакция", "desk")
    ('Бек, Аида', 'Редакция')
    """
    return name if role == "desk" else ", ".join(filter(None, split_name(name)))


def _news_article(source: Source, article: Row, subjects: Sequence[str], page: str) -> dict[str, Any]:
    fields = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": source.title,
        "url": source.url if is_web_address(source.url) else "",
        "archivedAt": page,
        "identifier": source.pwid,
        "datePublished": article["published"],
        "dateModified": article["modified"],
        "inLanguage": source.language,
        "description": article["lead"],
        "wordCount": article["words"],
        "keywords": list(subjects),
        "author": [
            {"@type": "Organization" if role == "desk" else "Person", "name": name} for name, role in source.authors
        ],
        "publisher": {"@type": "Organization", "name": source.newspaper},
    }
    return {name: value for name, value in fields.items() if value}


def _script(data: Mapping[str, Any]) -> Markup:
    """Return data as JSON that no HTML parser takes for markup."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def unapi(visit: Visit) -> Download:
    """Answer a request of unAPI, version 1: the formats, or an article in one of them. Raises MissingError."""
    identifier, form = visit.get("id"), visit.get("format")
    if not identifier:
        return _formats(200, "")
    number = int(identifier) if identifier.isascii() and identifier.isdigit() and len(identifier) < 19 else 0
    seen = f"select 1 from articles a join revisions r on r.id = a.current_revision where a.id = ? and {visible()}"  # noqa: S608
    if not rows(visit.db, seen, [number]):
        raise MissingError(identifier)
    if not form:
        return _formats(300, f" id={quoteattr(identifier)}")
    if form not in FORMATS:
        return Download(body=b"Not acceptable: choose ris or bibtex.\n", type="text/plain; charset=utf-8", status=406)
    return Download(body=cite(visit.db, number, style=form).encode(), type=f"{FORMATS[form]}; charset=utf-8")


def _formats(status: int, identifier: str) -> Download:
    lines = "".join(f'<format name="{name}" type="{media_type}"/>' for name, media_type in FORMATS.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<formats{identifier}>{lines}</formats>\n'
    return Download(body=body.encode(), type="application/xml; charset=utf-8", status=status)
