"""Golden outputs: what every golden page gives under this version of the rules.

`python -m tests.golden` records them. It refuses where a page comes out differently under a version that is recorded
already: whoever changes what comes out raises `RULES_VERSION` first, so that archives know that they are due.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsarchive.demo import Newspaper, pages, rest
from newsarchive.discovery import read_listing
from newsarchive.extraction import extract_article
from newsarchive.extraction.identity import EXTRACTOR
from newsarchive.items import Hints, NotAnArticle, Page
from newsarchive.sites import Site, Source, host_site

FOLDER = Path(__file__).parent
RECORD = FOLDER / "outputs.json"
PAPER = "https://golden.example/"
KAZAKHSTAN = Site(name="golden", title="Сарыарқа таңы", url=PAPER, language="kk", timezone="Asia/Almaty")


@dataclass(kw_only=True, frozen=True)
class Golden:
    """One page: what goes into extraction."""

    name: str
    url: str
    pages: tuple[str, ...]
    site: Site
    hints: Hints = Hints()

    @property
    def input(self) -> str:
        """A digest of all that goes in."""
        return _digest([self.url, self.pages, _given(self.site), _given(self.hints)])

    @property
    def output(self) -> dict[str, str]:
        """A digest of each field that comes out, or the reason why there is no article."""
        given = [Page(url=self.url, body=text.encode(), headers={"content-type": "text/html"}) for text in self.pages]
        try:
            article = extract_article(given, self.url, site=self.site, hints=self.hints)
        except NotAnArticle as error:
            return {"not_article": error.reason}
        return {name: _digest(value) for name, value in asdict(article).items() if value}


def golden_pages() -> Iterator[Golden]:
    """All golden pages: files of this folder, and the sample newspaper in both themes, with and without its listing."""
    for path in sorted((FOLDER / "pages").glob("*.html")):
        url = f"https://{path.stem}.example/news/2025/article-{len(path.stem)}.html"
        site = host_site(url)
        yield Golden(name=path.stem, url=url, pages=(path.read_text(encoding="utf-8"),), site=site)
    for theme in ("classic", "block"):
        paper = Newspaper(url=PAPER, theme=theme)
        hints = _listed(paper)
        for story in sorted(paper.stories, key=lambda s: s.slug):
            parts = range(1, len(story.pages) + 1)
            text = tuple(pages.story(paper, story, number, views=0) for number in parts)
            url = paper.address(story)
            yield Golden(name=f"{theme}/{story.slug}", url=url, pages=text, site=KAZAKHSTAN)
            if url in hints:
                yield Golden(
                    name=f"{theme}-listed/{story.slug}", url=url, pages=text, site=KAZAKHSTAN, hints=hints[url]
                )


def _listed(paper: Newspaper) -> dict[str, Hints]:
    url = f"{paper.url}wp-json/wp/v2/posts"
    answer = rest.answer(paper, "/wp-json/wp/v2/posts", {"per_page": "100", "_embed": "1"})
    page = Page(url=url, body=answer.body, headers={"content-type": answer.kind, **answer.headers})
    return {
        listed.url: listed.hints
        for listed in read_listing(page, site=KAZAKHSTAN, source=Source(kind="wordpress", url=PAPER)).articles
    }


def outputs() -> dict[str, Any]:
    """The record as today's rules make it."""
    found = {page.name: {"input": page.input, **page.output} for page in golden_pages()}
    return {"rules": EXTRACTOR.version, "library": EXTRACTOR.options_digest, "pages": found}


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Pages in both records with the same input that come out differently, with the fields that do."""
    found = []
    for name, was in old["pages"].items():
        now = new["pages"].get(name)
        if now and now["input"] == was["input"] and now != was:
            fields = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
            found.append(f"{name}: {', '.join(fields)}")
    return found


def _given(record: Site | Hints) -> dict[str, Any]:
    """The fields that have a value: a field that is new in a later version changes no input that does not use it."""
    return {name: value for name, value in asdict(record).items() if value}


def _digest(value: object) -> str:
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]
