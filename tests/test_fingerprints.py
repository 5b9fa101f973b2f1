"""Paragraphs of a listing have the fingerprints of the page's blocks, however they are marked up."""

from __future__ import annotations

import pytest

from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.pages import parse
from newsarchive.text.fingerprints import fingerprint, fingerprints, paragraphs
from newsarchive.text.folding import fold


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<p>Су <b>т</b>асқыны, <a href=/a>жол</a> жабық.</p>\n\n<p>Көпір&nbsp;ашық</p>", id="inline"),
        pytest.param("<p>Бірінші жол<br />екінші жол<br>\n<br/>жаңа бөлім</p>", id="line breaks"),
        pytest.param("<h2>Тақырып</h2>Жалаң мәтін<div>Қорап <em>ішінде</em></div>соңы", id="bare text"),
        pytest.param("<ul><li>Бір</li><li>Екі<ol><li>Үш</li></ol></li></ul>", id="lists"),
        pytest.param("<blockquote><p>Сөз</p><cite>Абай</cite></blockquote>", id="quotation"),
        pytest.param(
            "<table><tr><th>Жыл</th><td>2024</td></tr><tr><td>Халық</td><td>490 мың</td></tr></table>", id="table"
        ),
        pytest.param(
            "<p>Сурет <img src=a.jpg alt=көл> жанында</p><script>var a = '<p>b</p>'</script>", id="picture and script"
        ),
        pytest.param("<p>Тәуел&shy;сіздік, кешкі и\u0306огурт</p><!--nextpage--><p>Келесі бет</p>", id="letters"),
        pytest.param("<figure><img src=a.jpg><figcaption>Көл жағасы</figcaption></figure><p>ІШІНДЕ</p>", id="caption"),
    ],
)
def test_every_block_of_a_page_has_a_fingerprint_of_its_listing(markup: str) -> None:
    root = parse(f"<html><body><div>{markup}</div></body></html>")
    assert root is not None
    told = [fingerprint(fold(block.text)) for block in read_blocks(root) if block.text]
    assert told == list(fingerprints(paragraphs(markup)))


def test_another_text_has_another_fingerprint() -> None:
    assert len(set(fingerprints(f"{number}-хабар" for number in range(1000)))) == 1000


@pytest.mark.parametrize("piece", ["<", "<script ", "<script>", "<br", "<br> ", "<!--", "</", "&", "<p "])
def test_what_never_ends_takes_no_longer_than_it_is_long(piece: str) -> None:
    assert len(paragraphs(f"<p>Өзен</p>{piece * 300_000}")) <= 300_001  # minutes, where it is not so


def test_the_quick_fold_is_letters_and_digits_casefolded_for_every_character() -> None:
    for start in range(0, 0x30000, 64):
        text = "".join(f"{chr(code)} _x" for code in range(start, start + 64) if not 0xD800 <= code < 0xE000)
        assert fold(text) == "".join(filter(str.isalnum, text.casefold()))
