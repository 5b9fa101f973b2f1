"""The sample newspaper's feeds and sitemaps."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from newsarchive.demo.answers import Answer
from newsarchive.demo.site import SampleSite
from newsarchive.demo.stories import Story

MAPS = ("/post-sitemap.xml.gz", "/page-sitemap.xml", "/news-sitemap.xml")
ROUTES = ("/feed/", "/feed/atom/", "/sitemap_index.xml", *MAPS)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def answer(paper: SampleSite, path: str, query: dict[str, str]) -> Answer | None:
    """Return the response for a path in ROUTES; None if there is none."""
    if not (paper.feed if path.startswith("/feed/") else paper.sitemap):
        return None
    if path == "/feed/":
        text = _rss(paper, int(query.get("paged", "1")))
    elif path == "/feed/atom/":
        text = _atom(paper)
    elif path == "/sitemap_index.xml":
        text = _index(paper)
    else:
        text = _urls(paper, path)
    if text is None:
        return None
    if path.endswith(".gz"):
        return Answer(gzip.compress(text.encode(), mtime=0), "application/x-gzip+xml", headers={"Content-Encoding": ""})
    return Answer(text.encode(), "application/xml; charset=UTF-8")


def _rss(paper: SampleSite, number: int) -> str | None:
    shown = paper.posts()[(number - 1) * paper.per_page : number * paper.per_page]
    if not shown:
        return None
    items = "".join(_item(paper, story) for story in shown)
    return (
        f'{HEAD}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Сарыарқа таңы</title>'
        f"<link>{paper.url}</link><description>Облыстық газет</description><language>kk</language>"
        f"<generator>https://wordpress.org/?v=6.1</generator>{items}</channel></rss>"
    )


def _item(paper: SampleSite, story: Story) -> str:
    categories = "".join(f"<category>{escape(name)}</category>" for name in story.categories)
    return (
        f"<item><title>{escape(story.title)}</title><link>{paper.address(story)}</link>"
        f"<dc:creator>{escape(story.account)}</dc:creator><pubDate>{format_datetime(story.published)}</pubDate>"
        f'{categories}<guid isPermaLink="false">{paper.url}?p={story.id}</guid></item>'
    )


def _atom(paper: SampleSite) -> str:
    entries = "".join(
        f"<entry><title>{escape(s.title)}</title><link href='{paper.address(s)}'/><id>{paper.url}?p={s.id}</id>"
        f"<author><name>{escape(s.account)}</name></author><published>{s.published.isoformat()}</published>"
        f"<updated>{s.modified.isoformat()}</updated></entry>"
        for s in paper.posts()[: paper.per_page]
    )
    return f"{HEAD}<feed xmlns='http://www.w3.org/2005/Atom'><title>Сарыарқа таңы</title>{entries}</feed>"


def _index(paper: SampleSite) -> str:
    entries = "".join(f"<sitemap><loc>{paper.url.rstrip('/')}{name}</loc></sitemap>" for name in MAPS)
    return f"{HEAD}<sitemapindex xmlns='{SITEMAPS}'>{entries}</sitemapindex>"


def _urls(paper: SampleSite, path: str) -> str:
    if path == "/page-sitemap.xml":
        shown = [s for s in paper.stories if s.kind == "page"]
    else:
        shown = paper.posts()[: 5 if path == "/news-sitemap.xml" else None]
    entries = "".join(_url(paper, story, news=path == "/news-sitemap.xml") for story in shown)
    news = "http://www.google.com/schemas/sitemap-news/0.9"
    return f"{HEAD}<urlset xmlns='{SITEMAPS}' xmlns:news='{news}'>{entries}</urlset>"


def _url(paper: SampleSite, story: Story, *, news: bool) -> str:
    stamp = {"true": story.modified.isoformat(), "today": datetime.now(UTC).isoformat(), "none": ""}[paper.lastmod]
    lastmod = f"<lastmod>{stamp}</lastmod>" if stamp else ""
    extra = (
        f"<news:news><news:publication><news:name>Сарыарқа таңы</news:name><news:language>kk</news:language>"
        f"</news:publication><news:publication_date>{story.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(story.title)}</news:title></news:news>"
        if news
        else ""
    )
    return f"<url><loc>{paper.address(story)}</loc>{lastmod}{extra}</url>"
