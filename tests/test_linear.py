"""What strangers write costs no more time than it is long."""

from __future__ import annotations

import time

import pytest

from newsarchive.discovery import read_listing
from newsarchive.export.sentences import split_sentences
from newsarchive.interface.extracting import extract
from newsarchive.items import Page
from newsarchive.kazakh.bylines import read_byline
from newsarchive.sites import Site, Source
from tests.patterns import NEVER, Pattern, attacks, patterns

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


LENGTH = 8_000
BOUNDED = {
    # class names and ids are cut to 2,000 characters (`extraction.pages`)
    "newsarchive.extraction.choice._CAPTION": 2_000,
    "newsarchive.extraction.regions._BOILERPLATE": 2_000,
    "newsarchive.extraction.titles._KICKER": 2_000,
    # the first part of a file or line alone, as `_HEAD` and `_MAX_LENGTH` beside them say
    "newsarchive.importing.saved_pages._HTTRACK": 16_384,
    "newsarchive.kazakh.bylines": 200,
    "newsarchive.kazakh.labels": 200,
    "newsarchive.kazakh.dates": 300,
    "newsarchive.kazakh.phrases": 320,
    "newsarchive.kazakh.language": 6_000,
    # the end of a path alone
    "newsarchive.extraction.assets._SIZE": 200,
    "newsarchive.extraction.assets._ENDINGS": 200,
    "newsarchive.revisions.content._SIZE": 200,
    # `split_names` reads nothing longer than 250 characters, `_names_other_medium` than 200
    "newsarchive.extraction.authors": 250,
    "newsarchive.extraction.printed_names": 250,
    # not what strangers write: templates and stories of ours
    "newsarchive.demo.stories": 2_000,
    "newsarchive.browse.labels._FIELD": 2_000,
}
"""Patterns of super-linear time whose text is no longer than so many characters, by name or module."""
ON_ONE_LINE = (
    "newsarchive.extraction.authors",
    "newsarchive.extraction.printed_names",
    "newsarchive.extraction.survey",
    "newsarchive.kazakh.bylines",
)
"""Modules whose patterns read texts without runs of white space."""


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.name[:90])
def test_no_pattern_takes_more_than_linear_time(pattern: Pattern) -> None:
    module = pattern.name.partition(":")[0]
    length = BOUNDED.get(module, BOUNDED.get(module.rpartition(".")[0]))
    for before, part, end in attacks(pattern.compiled):

        def text(size: int, before: str = before, part: str = part, end: str = end) -> str:
            made = before + part * max(1, size // len(part)) + end
            return " ".join(made.split()) if module.startswith(ON_ONE_LINE) else made

        seconds = pattern.seconds(text(length or LENGTH))
        if length is not None:
            assert seconds < 0.5, text(60)
        elif seconds > 0.05:
            assert seconds < NEVER, text(60)
            assert pattern.seconds(text(2 * LENGTH)) < 3 * seconds, text(60)


def test_a_page_of_line_breaks_is_extracted_in_time() -> None:
    story = "".join(
        f"<p>Ауылда бүгін {n} үй жаңадан салынды, тұрғындар қуанып жатыр, жол да жөнделді.</p>" for n in range(9)
    )
    page = f"<html lang=kk><body><article><h1>Жаңа үйлер салынды</h1>{story}{{}}</article></body></html>"
    begun = time.process_time()
    found = extract(page.format("<br>" * 100_000 + "<br> " * 100_000), url="https://a.example/1")
    assert time.process_time() - begun < MOST_SECONDS
    assert found.body == extract(page.format("<br>"), url="https://a.example/1").body


def test_a_label_of_repeated_endings_is_read_in_time() -> None:
    begun = time.process_time()
    assert read_byline("Фотосуреттер" + "сы" * 60 + ": Асан") is None
    assert time.process_time() - begun < MOST_SECONDS
