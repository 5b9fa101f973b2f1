"""Golden pages: what a whole page must give, in several layouts."""

import json
import re
from pathlib import Path

import pytest

from newsarchive.extraction import extract_article
from newsarchive.items import Article, Page
from newsarchive.sites import Site, host_site

FOLDER = Path(__file__).parent / "pages"
PAGES = sorted(FOLDER.glob("*/*.html"))


def site_for(url: str) -> Site:
    own = host_site(url)
    return Site(name=own.name, title="Орталық Қазақстан", url=own.url, language="kk", timezone="Asia/Almaty")


def article_of(path: Path) -> tuple[Article, dict]:
    wanted = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    further = [path.with_name(name) for name in wanted.get("further", [])]
    pages = [
        Page(url=wanted["url"], body=p.read_bytes(), headers={"content-type": "text/html"}) for p in (path, *further)
    ]
    return extract_article(pages, wanted["url"], site=site_for(wanted["url"])), wanted


@pytest.mark.parametrize(
    "path", [p for p in PAGES if p.with_suffix(".json").exists()], ids=lambda p: f"{p.parent.name}/{p.stem}"
)
def test_a_page_gives_what_is_expected_of_it(path):
    article, wanted = article_of(path)
    for field in ("title", "lead", "body", "language", "published"):
        if field in wanted:
            assert getattr(article, field) == wanted[field], field
    if "authors" in wanted:
        assert [a.name for a in article.authors] == wanted["authors"]
    if "markdown_lines" in wanted:
        assert [line for line in article.markdown.splitlines() if line.strip()] == wanted["markdown_lines"]
    if "lead_image" in wanted:
        assert [i.url for i in article.images if i.lead] == [wanted["lead_image"]]
    if "more_pages" in wanted:
        assert list(article.more_pages) == wanted["more_pages"]


@pytest.mark.parametrize("layout", ["classic", "blocks"])
def test_the_seed_article_reads_the_same_in_both_layouts(layout):
    article, wanted = article_of(FOLDER / layout / "festival.html")
    lines = [re.sub(r"^# ", "", line) for line in article.markdown.splitlines() if line.strip()]
    assert lines == [wanted["title"], *wanted["markdown_lines"][1:]]


def test_the_same_bytes_give_the_same_article():
    first, _ = article_of(FOLDER / "classic" / "festival.html")
    assert all(article_of(FOLDER / "classic" / "festival.html")[0] == first for _ in range(5))
