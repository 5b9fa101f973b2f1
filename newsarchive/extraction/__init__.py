"""From the pages of an article to the Article: a pure function, the same bytes out for the same bytes in."""

from __future__ import annotations

from collections.abc import Sequence

from trafilatura import extract

from newsarchive.extraction.pages import parse, read_tree
from newsarchive.items import Article, Author, Hints, NotAnArticle, Page
from newsarchive.sites import Site

__all__ = ["extract_article", "parse", "read_tree"]


def extract_article(pages: Sequence[Page], url: str, *, site: Site, hints: Hints = Hints()) -> Article:
    """Read one article from its pages, in order. Raises NotAnArticle with a reason where they hold none."""
    tree = read_tree(pages[0]) if pages else None
    if tree is None:
        raise NotAnArticle(url, "no markup")
    texts, marked = [], []
    for page in pages:
        part = read_tree(page)
        if part is not None:
            texts.append(extract(part, url=url, fast=True, include_comments=False) or "")
            marked.append(extract(part, url=url, fast=True, include_comments=False, output_format="markdown") or "")
    body = "\n\n".join("\n\n".join(text.splitlines()) for text in texts)
    if not body.strip():
        raise NotAnArticle(url, "no text")
    found = tree.xpath("string(//meta[@property='og:title']/@content)") or tree.xpath("string(//h1)")
    title = hints.title or str(found).strip()
    return Article(
        url=url,
        site=site.name,
        title=title,
        body=body,
        markdown=f"# {title}\n\n" + "\n\n".join(marked),
        language=hints.language or site.language,
        published=hints.published,
        modified=hints.modified,
        authors=tuple(Author(name=name, as_written=name) for name in hints.authors),
        images=(hints.image,) if hints.image else (),
        categories=hints.categories,
        tags=hints.tags,
    )
