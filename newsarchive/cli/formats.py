"""An article as Markdown, text, JSON or HTML, for the terminal."""

from __future__ import annotations

import json
from dataclasses import asdict

from newsarchive.items import Article

FORMATS = ("markdown", "text", "json", "html")


def render_article(article: Article, form: str) -> str:
    """Return the article in one of FORMATS."""
    return _RENDERERS[form](article)


def _markdown(article: Article) -> str:
    return article.markdown


def _text(article: Article) -> str:
    return "\n\n".join(part for part in (article.title, article.lead, article.body) if part)


def _html(article: Article) -> str:
    from markdown_it import MarkdownIt  # only here: no other form needs it

    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(article.markdown)
    return rendered.rstrip()


def _json(article: Article) -> str:
    values = asdict(article)
    del values["more_pages"]
    return json.dumps(values, ensure_ascii=False, indent=2)


_RENDERERS = {"markdown": _markdown, "text": _text, "html": _html, "json": _json}
