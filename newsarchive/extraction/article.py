"""Extracts an Article from its pages. A pure function: the same input gives the same output."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from newsarchive.extraction.blocks import Block, Element, absolute, is_sentence
from newsarchive.extraction.markdown import plain, to_markdown
from newsarchive.extraction.metadata import (
    Metadata,
    choose_authors,
    choose_images,
    choose_language,
    lead_source,
    read_metadata,
)
from newsarchive.extraction.not_article import BLOCK_PAGE, is_empty_shell, refusal, refusal_of_list, signs_against
from newsarchive.extraction.omissions import summed
from newsarchive.extraction.pages import read_tree
from newsarchive.extraction.parts import find_more_pages, guess_next_page
from newsarchive.extraction.rules import is_on
from newsarchive.extraction.teasers import teasers_of
from newsarchive.extraction.text import Text, last_text, read_text
from newsarchive.items import Article, BlockPage, Hints, Image, NotAnArticle, Page
from newsarchive.sites import Site
from newsarchive.text.encodings import printable_record

_LANGUAGE_SAMPLE = 500
"""Number of characters used to identify the language."""


def extract_article(pages: Sequence[Page], url: str, *, site: Site, hints: Hints = Hints()) -> Article:
    """Extract an article from its pages, given in order. Raises NotAnArticle with a reason if there is none."""
    with _no_garbage_collection():
        return _extract(pages, url, site, hints)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: extraction makes thousands of objects, but hardly any cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _extract(pages: Sequence[Page], url: str, site: Site, hints: Hints) -> Article:
    trees = [tree for page in pages if (tree := read_tree(page)) is not None]
    if not trees:
        raise NotAnArticle(url, "no markup")
    # holding references keeps lxml from recreating every element on each iteration
    _references = [list(tree.iter()) for tree in trees]
    first = trees[0]
    base = _base_of(first, url)
    metadata = read_metadata(first, url, site=site, hints=hints)
    signs = signs_against(first, url, metadata=metadata, site=site, hints=hints)
    if reason := refusal(signs):
        raise (BlockPage if reason is BLOCK_PAGE else NotAnArticle)(url, reason)
    texts = [_text(tree, url, metadata, site, hints) for tree in trees]
    if not any(text.body for text in texts):
        texts = [last_text(tree, url, jsonld_body=metadata.jsonld_body) for tree in trees]
    if not any(text.body for text in texts):
        reason = signs[0].reason if signs else "an empty shell" if is_empty_shell(first, metadata) else "no text"
        raise NotAnArticle(url, reason)
    if not hints.kind and (reason := refusal_of_list(texts, signs, metadata)):
        if signs or not is_on("teasers"):
            raise NotAnArticle(url, reason)
        read = zip(trees, texts, strict=True)
        texts = [_beside_teasers(tree, text, url, metadata, site, hints) for tree, text in read]
        if not any(is_sentence(block.text) for text in texts for block in text.body):
            raise NotAnArticle(url, reason)
    article = _article(trees, texts, metadata, (url, base), given=[page.url for page in pages], site=site, hints=hints)
    if signs:
        article.evidence["kept_despite"] = ", ".join(sign.reason for sign in signs)
    return printable_record(article)


def _base_of(tree: Element, url: str) -> str:
    """Return the address from which the page's relative addresses start: that of its `base` element, or its own."""
    element = tree.find(".//head/base[@href]")
    return absolute(url, element.get("href") or "") or url if element is not None else url


def _beside_teasers(tree: Element, text: Text, url: str, metadata: Metadata, site: Site, hints: Hints) -> Text:
    """Read the page again without the teasers that were taken for its text: they outweigh a short article."""
    beside = _text(tree, url, metadata, site, hints, without=teasers_of(text.body))
    kept = {block.element for block in (*beside.lead, *beside.body)}
    teasers = [("teasers", block) for block in text.body if block.key and block.element not in kept]
    return replace(beside, omitted=(*beside.omitted, *teasers))


def _text(
    tree: Element, url: str, metadata: Metadata, site: Site, hints: Hints, *, without: Collection[Element] = ()
) -> Text:
    return read_text(
        tree,
        url,
        title=metadata.title,
        descriptions=[metadata.description] if metadata.description else [],
        jsonld_body=metadata.jsonld_body,
        hints=hints,
        rules=site.extraction,
        without=without,
    )


def _article(
    trees: Sequence[Element],
    texts: Sequence[Text],
    metadata: Metadata,
    addresses: tuple[str, str],
    *,
    given: Sequence[str],
    site: Site,
    hints: Hints,
) -> Article:
    url, base = addresses
    lead, body = texts[0].lead, _body(texts)
    paragraphs = [block.text for block in body if block.text]
    # a name inside a quotation signs only the quotation
    unquoted = [block.text for block in body if block.text and not block.quoted]
    authors, authors_source = choose_authors(metadata, unquoted, site=site, hints=hints)
    images = choose_images(metadata, trees[0], texts[0].main, site=site, hints=hints, url=base)
    evidence: dict[str, Any] = {
        **metadata.evidence,
        "authors": authors_source,
        "lead": texts[0].lead_evidence,
        "body": texts[0].evidence,
        "lead_image": lead_source(images, metadata, hints=hints),
        "omitted": summed([omission for text in texts for omission in text.omitted]),
    }
    return Article(
        url=metadata.canonical or url,
        site=site.name,
        title=metadata.title,
        lead=plain(lead),
        body=plain(body),
        markdown=_markdown(metadata.title, lead, body, images, base=base),
        language=choose_language(metadata, "\n".join([metadata.title, *paragraphs])[:_LANGUAGE_SAMPLE], site=site),
        published=metadata.published,
        modified=metadata.modified,
        authors=authors,
        images=images,
        categories=metadata.categories,
        tags=metadata.tags,
        evidence={k: v for k, v in sorted(evidence.items()) if v},
        more_pages=find_more_pages(trees[-1], url, given)
        or guess_next_page(given, words=len(" ".join(paragraphs).split()), listed=hints.words),
    )


def _body(texts: Sequence[Text]) -> list[Block]:
    """Join the bodies of all pages; text repeated on each page (a standfirst, a notice) is kept once."""
    seen = {block.key for block in texts[0].lead}
    body: list[Block] = []
    for text in texts:
        body += [b for b in text.body if b.kind == "image" or len(b.key) < 40 or b.key not in seen]
        seen.update(b.key for b in text.body)
    return body


def _markdown(title: str, lead: Sequence[Block], body: Sequence[Block], images: Sequence[Image], *, base: str) -> str:
    by_address = {address: image for image in reversed(images) for address in (image.url, image.shown) if address}
    placed: dict[int, Image] = {}
    for block in body:
        if block.kind == "image" and (image := _image_of(block, by_address, base)) and image not in placed.values():
            placed[id(block)] = image
    lead_image = next((i for i in images if i.lead), None)
    above = lead_image if lead_image is not None and lead_image not in placed.values() else None
    return to_markdown(title, lead, body, base=base, image_at=lambda block: placed.get(id(block)), above=above)


def _image_of(block: Block, by_address: dict[str, Image], base: str) -> Image | None:
    for name in ("src", "data-src", "data-lazy-src", "data-original", "data-orig-file", "data-large-file"):
        if (value := block.element.get(name)) and (image := by_address.get(absolute(base, value))):
            return image
    parent = block.element.getparent()
    href = parent.get("href") if parent is not None and parent.tag == "a" else None
    return by_address.get(absolute(base, href)) if href else None
