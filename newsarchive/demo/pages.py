"""The sample newspaper's HTML pages, in two themes with different markup and the same text."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from newsarchive.demo.site import SampleSite
from newsarchive.demo.stories import SIZES, Story, render

NAME = "Сарыарқа таңы"
ALMATY = ZoneInfo("Asia/Almaty")
MONTHS = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
]
STYLE = """
body{font:17px/1.6 Georgia,serif;margin:0;color:#222;background:#faf8f3}
.masthead{background:#12355b;color:#fff;padding:1rem 2rem}.masthead a{color:#fff;text-decoration:none;font-size:2rem}
.masthead nav a{font-size:1rem;margin-right:1rem}.page{max-width:72rem;margin:auto;padding:1rem;display:flex;gap:2rem}
main{flex:1;min-width:0}.sidebar{width:17rem;font-size:.9rem}img{max-width:100%;height:auto}h1{line-height:1.2}
.standfirst{font-size:1.15rem;font-weight:bold}.meta,figcaption,footer{color:#666;font-size:.85rem}
td{border:1px solid #ccc;padding:.3rem .6rem}@media(max-width:48rem){.page{display:block}.sidebar{width:auto}}
"""


def local_date(moment: datetime) -> str:
    """Format a date as printed in the newspaper."""
    local = moment.astimezone(ALMATY)
    return f"{local.day} {MONTHS[local.month - 1]}, {local.year}"


def _link(paper: SampleSite, kind: str, name: str, rel: str) -> str:
    return f'<a href="{paper.url}{kind}/{slug_of(name)}/" rel="{rel}">{html.escape(name)}</a>'


def slug_of(name: str) -> str:
    """Return the slug of a term: its words joined by hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _shell(paper: SampleSite, title: str, body: str, *, head: str = "", kind: str = "") -> str:
    block = paper.theme == "block"
    masthead = f'<p class="wp-block-site-title"><a href="{paper.url}">{NAME}</a></p>'
    if not block:
        masthead = f'<a href="{paper.url}">{NAME}</a>'
    return (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>{html.escape(title)} - {NAME}</title>'
        f'<meta name="viewport" content="width=device-width"><meta name="generator" content="WordPress 6.1">'
        f'<link rel="https://api.w.org/" href="{paper.url}wp-json/">'
        f'<link rel="alternate" type="application/rss+xml" title="RSS" href="{paper.url}feed/">'
        f"{head}<style>{STYLE}</style></head><body class='{kind}'>"
        f'<header class="masthead">{masthead}<nav><a href="{paper.url}">Басты бет</a>'
        f'<a href="{paper.url}redakciya/">Редакция</a><a href="{paper.url}bajlanys/">Байланыс</a></nav></header>'
        f'<div class="page">{body}{_sidebar(paper)}</div>'
        f"<footer><p>© {NAME}. Материалдарды пайдаланғанда сілтеме жасау міндетті.</p></footer></body></html>"
    )


def _sidebar(paper: SampleSite) -> str:
    recent = "".join(
        f'<li><a href="{paper.address(s)}">{html.escape(s.title)}</a>'
        f' <time datetime="{s.published.isoformat()}">{local_date(s.published)}</time></li>'
        for s in paper.posts()[:5]
    )
    tags = dict.fromkeys(tag for s in paper.posts() for tag in s.tags)
    cloud = " ".join(_link(paper, "tag", tag, "tag") for tag in list(tags)[:20])
    return (
        f'<aside class="sidebar widget-area"><section class="widget"><h2>Соңғы жаңалықтар</h2><ul>{recent}</ul>'
        "</section>"
        f'<section class="widget"><h2>Тегтер</h2><div class="tagcloud">{cloud}</div></section></aside>'
    )


def home(paper: SampleSite, number: int) -> str | None:
    """Render page `number` of the home page; None after the last."""
    shown = paper.posts()[(number - 1) * paper.per_page : number * paper.per_page]
    last = -(-len(paper.posts()) // paper.per_page)
    return _list(paper, NAME, shown, f"{paper.url}page/{number + 1}/" if number < last else "") if shown else None


def archive(paper: SampleSite, kind: str, name: str) -> str | None:
    """Render the page of a category, tag or author; None if it does not exist."""
    shown = [s for s in paper.posts() if name in map(slug_of, _names(s, kind))]
    return _list(paper, name, shown[: paper.per_page], "", kind=f"archive {kind}") if shown else None


def _names(story: Story, kind: str) -> list[str]:
    return {"category": story.categories, "tag": story.tags, "author": [story.account]}[kind]


def _list(paper: SampleSite, title: str, shown: Sequence[Story], following: str, kind: str = "home blog") -> str:
    teasers = "".join(
        f'<article><h2><a href="{paper.address(s)}">{html.escape(s.title)}</a></h2>'
        f'<time datetime="{s.published.isoformat()}">{local_date(s.published)}</time>'
        f"<p>{html.escape(s.lead or ' '.join(s.paragraphs[:1])[:160])}…</p></article>"
        for s in shown
    )
    older = f'<nav class="navigation"><a class="next page-numbers" href="{following}">Ескі жазбалар</a></nav>'
    return _shell(paper, title, f"<main>{teasers}{older if following else ''}</main>", kind=kind)


def not_found(paper: SampleSite) -> str:
    """Render the error page for a missing URL."""
    body = "<main><h1>Бет табылмады</h1><p>Мұндай бет жоқ. Іздеп көріңіз.</p></main>"
    return _shell(paper, "Бет табылмады", body, kind="error404")


def captcha() -> bytes:
    """Return a block page."""
    body = "<h1>Checking your browser</h1><p>Please complete the captcha to prove that you are human.</p>"
    return f"<html><head><title>Just a moment...</title></head><body>{body}</body></html>".encode()


def story(paper: SampleSite, story: Story, number: int, *, views: int) -> str:
    """Render a page of a story in the current theme."""
    if story.kind == "protected":
        form = (
            '<form class="post-password-form" method="post"><p>Бұл жазба құпиясөзбен қорғалған.</p>'
            '<input name="post_password" type="password"><input type="submit" value="Ашу"></form>'
        )
        body = (
            f'<main><article><h1 class="entry-title">Қорғалған: {html.escape(story.title)}</h1>{form}</article></main>'
        )
        return _shell(paper, f"Қорғалған: {story.title}", body, kind="single post-password-required")
    text = render(story.pages[number - 1], lambda name, caption: _image(paper, name, caption))
    layout = _block if paper.theme == "block" else _classic
    kind = "page" if story.kind == "page" else "single single-post"
    return _shell(paper, story.title, layout(paper, story, number, text, views), head=_head(paper, story), kind=kind)


def _head(paper: SampleSite, story: Story) -> str:
    url = paper.address(story)
    lines = [f'<link rel="canonical" href="{url}"><link rel="shortlink" href="{paper.url}?p={story.id}">']
    if story.kind == "page":
        return lines[0]
    description = story.lead or " ".join(story.paragraphs[:1])[:150]
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "datePublished": story.published.isoformat(),
        "dateModified": story.modified.isoformat(),
        "author": {"@type": "Person" if story.account != NAME else "Organization", "name": story.account},
        "publisher": {"@type": "Organization", "name": NAME},
        "mainEntityOfPage": url,
    }
    image = f"{paper.url}images/{story.image}" if story.image else ""
    if image:
        data["image"] = image
    meta = {
        "og:type": "article",
        "og:title": f"{story.title} - {NAME}",
        "og:site_name": NAME,
        "og:url": url,
        "og:description": description,
        "og:image": image,
        "article:published_time": story.published.isoformat(),
    }
    lines += [f'<meta property="{k}" content="{html.escape(v)}">' for k, v in meta.items() if v]
    lines.append(f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>')
    return "".join(lines)


def _image(paper: SampleSite, name: str, caption: str, style: str = "wp-block-image size-large") -> str:
    stem, _, ending = name.rpartition(".")
    sizes = ", ".join(f"{paper.url}images/{stem}-{w}x{h}.{ending} {w}w" for w, h in SIZES)
    words = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="{style}"><img src="{paper.url}images/{stem}-1024x683.{ending}" alt="" width="1024"'
        f' height="683" srcset="{sizes}, {paper.url}images/{name} 1200w" sizes="(max-width: 1024px) 100vw, 1024px">'
        f"{words}</figure>"
    )


def rendered(paper: SampleSite, story: Story) -> str:
    """Render the text of all pages of a story, as in the REST API."""
    return "\n".join(render(page, lambda name, caption: _image(paper, name, caption)) for page in story.pages)


def _featured(paper: SampleSite, story: Story) -> str:
    return _image(paper, story.image, story.caption, "post-thumbnail") if story.image else ""


def _page_links(paper: SampleSite, story: Story, number: int) -> str:
    if len(story.pages) == 1 or not paper.page_links:
        return ""
    url = paper.address(story)
    links = [
        f'<span class="post-page-numbers current">{n}</span>'
        if n == number
        else f'<a href="{url}{f"{n}/" if n > 1 else ""}" class="post-page-numbers">{n}</a>'
        for n in range(1, len(story.pages) + 1)
    ]
    return f'<nav class="page-links" aria-label="Бет">Беттер: {" ".join(links)}</nav>'


def _related(paper: SampleSite, story: Story) -> str:
    others = [s for s in paper.posts() if s.slug != story.slug][:3]
    links = "".join(f'<li><a href="{paper.address(s)}">{html.escape(s.title)}</a></li>' for s in others)
    return f'<div class="related-posts"><h3>Тағы оқыңыз</h3><ul>{links}</ul></div>'


def _classic(paper: SampleSite, story: Story, number: int, text: str, views: int) -> str:
    counter = f'<span class="post-views">Қаралым: {views}</span>' if views else ""
    terms = ", ".join(_link(paper, "category", name, "category tag") for name in story.categories)
    tags = ", ".join(_link(paper, "tag", name, "tag") for name in story.tags)
    lead = f'<p class="standfirst">{html.escape(story.lead)}</p>' if story.lead and number == 1 else ""
    meta = (
        f'<div class="entry-meta"><time class="entry-date published" datetime="{story.published.isoformat()}">'
        f'{local_date(story.published)}</time> <span class="byline">'
        f"{_link(paper, 'author', story.account, 'author')}</span> {counter}</div>"
    )
    share = '<div class="sharedaddy sd-sharing"><h3>Бөлісу:</h3><ul><li>Telegram</li><li>Facebook</li></ul></div>'
    notice = f'<div class="gazet-line"><p>{html.escape(paper.notice)}</p></div>' if paper.notice else ""
    extras = "" if story.kind == "page" else f"{notice}{share}{_related(paper, story)}"
    return (
        f'<main><article class="post type-{story.kind} hentry"><header class="entry-header">'
        f'<h1 class="entry-title">{html.escape(story.title)}</h1>{"" if story.kind == "page" else meta}</header>'
        f'{_featured(paper, story) if number == 1 else ""}<div class="entry-content">{lead}{text}'
        f"{_page_links(paper, story, number)}{extras}</div>"
        f'<footer class="entry-footer"><span class="cat-links">{terms}</span> <span class="tags-links">{tags}</span>'
        "</footer></article></main>"
    )


def _block(paper: SampleSite, story: Story, number: int, text: str, views: int) -> str:
    lead = f'<p class="wp-block-post-excerpt__excerpt">{html.escape(story.lead)}</p>' if story.lead else ""
    counter = f"<p>👁 {views}</p>" if views else ""
    terms = " ".join(_link(paper, "category", name, "tag") for name in story.categories)
    tags = " ".join(_link(paper, "tag", name, "tag") for name in story.tags)
    return (
        f'<main class="wp-block-group">{_featured(paper, story) if number == 1 else ""}'
        f'<h1 class="wp-block-post-title">{html.escape(story.title)}</h1>{lead if number == 1 else ""}'
        f'<div class="wp-block-post-content">{text}{_page_links(paper, story, number)}</div>{counter}'
        f'<div class="wp-block-template-part"><p class="wp-block-post-date"><time datetime="'
        f'{story.published.isoformat()}">{local_date(story.published)}</time></p>'
        f'<p class="wp-block-post-author__name">{_link(paper, "author", story.account, "author")}</p>'
        f'<div class="taxonomy-category wp-block-post-terms">{terms}</div>'
        f'<div class="taxonomy-post_tag wp-block-post-terms">{tags}</div></div>{_related(paper, story)}</main>'
    )
