"""What strangers write costs no more time than it is long."""

from __future__ import annotations

import time

import pytest

from newsarchive.discovery import read_listing
from newsarchive.export.sentences import split_sentences
from newsarchive.items import Page
from newsarchive.sites import Site, Source

SITE = Site(name="a", url="https://a.example/")
MOST_SECONDS = 5  # of the processor; what is not linear takes minutes


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        ("feed", "feed.xml", "<rss><channel><item><link>https://a.example/1</link><title><![CDATA["
         + "<a" * 300_000 + "]]></title></item></channel></rss>"),
        ("sitemap", "robots.txt", "\n" * 400_000 + "x"),
        ("sitemap", "robots.txt", "sitemap" + " " * 400_000),
        ("listing", "news", "<h2><a href='/" + "a" * 400_000 + "'>Су</a></h2>"),
        ("listing", "news", "<h2><a href='/" + "0." * 3_000 + "'>Су</a></h2>" * 300),
    ],
)  # fmt: skip
def test_a_listing_of_hostile_text_is_read_in_time(kind: str, name: str, body: str) -> None:
    begun = time.process_time()
    page = Page(url=f"https://a.example/{name}", body=body.encode())
    read_listing(page, site=SITE, source=Source(kind=kind))
    assert time.process_time() - begun < MOST_SECONDS


@pytest.mark.parametrize("text", ["!" * 200_000, ". " * 100_000, "." + " " * 100_000 + "a", '."' * 100_000])
def test_a_text_of_hostile_marks_is_split_in_time(text: str) -> None:
    begun = time.process_time()
    split_sentences(text)
    assert time.process_time() - begun < MOST_SECONDS
