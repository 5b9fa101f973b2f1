"""The text is marked on the page's blocks as trafilatura's main extractor marks it, without running that."""

from __future__ import annotations

import pytest

from newsarchive.extraction import extract_article, text
from newsarchive.extraction.frames import framed_marks
from newsarchive.extraction.marking import first_marks
from newsarchive.extraction.pages import parse
from newsarchive.extraction.text import keyed, read_blocks
from newsarchive.items import Hints, Page
from newsarchive.sites import host_site

URL = "https://gazet.example/a/"
FIRST = (
    "Кеше ауыл тұрғындары өзен үстіне салынған жаңа көпірдің ашылу салтанатына жиналды, оған көрші ауылдан да келді."
)
SECOND = (
    "Көпірдің ұзындығы жетпіс метр, құрылысы екі жылға созылды, оған облыстық бюджеттен төрт жүз миллион теңге кетті."
)
THIRD = "Бұрын тұрғындар өзеннен қайықпен өтетін еді, көктемгі тасқын кезінде ауыл екі аптаға дейін жолсыз қалатын."
OTHER = "Облыс орталығында жаңа оқу жылы басталды, биыл үш мектеп пайдалануға беріліп, орын тапшылығы азая бастады."
TEXT = f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>"
LINKS = "".join(f"<a href=/{n}/>Мектептер туралы {n}</a> " for n in range(9))


@pytest.mark.parametrize(
    ("markup", "is_marked"),
    [
        (f"<div class=entry-content>{TEXT}</div><div><p>{OTHER}</p></div>", False),
        (f"<article>{TEXT}<p>{OTHER}</p></article>", True),
        (f"<article>{TEXT}<h3>{OTHER}</h3><p>Ақ.</p></article>", True),
        (f"<article>{TEXT}<h3>{OTHER}</h3></article>", False),
        (f"<article><div class=sidebar><p>{OTHER}</p></div>{TEXT}</article>", False),
        (f"<article><div class=teaser-box><p>{OTHER}</p></div>{TEXT}</article>", False),
        (f"<article><aside><p>{OTHER}</p></aside>{TEXT}</article>", False),
        (f"<article><ul><li>{OTHER}</ul>{TEXT}</article>", True),
        (f"<article><blockquote>{OTHER}</blockquote>{TEXT}</article>", True),
        (f"<article>{TEXT}<table><tr><td>{OTHER}<td>1<tr><td>2<td>3</table></article>", True),
        (f"<article><p><a href=/b/>{OTHER}</a></p>{TEXT}</article>", False),
        (f"<article>{TEXT}<ol class=comment-list><li><p>{OTHER}</p></ol></article>", False),
        (f"<article>{TEXT}<section class=comments><p>{OTHER}</p></section></article>", False),
        # little text in paragraphs: that of the containers counts
        (f"<article><div>{OTHER}</div><div>{FIRST}</div><div>{SECOND}</div></article>", True),
        # a name that nearly all of the text has is no boilerplate
        (f"<article><div class=sidebar>{TEXT}<p>{OTHER}</p></div></article>", True),
    ],
)
def test_what_is_marked_is_what_the_extractor_marks(markup: str, is_marked: bool) -> None:
    root, blocks = _read(f"<html><body><div><p>{LINKS}</p></div>{markup}</body></html>")
    block = next(b for b in blocks if OTHER in b.text)
    marks = framed_marks(root, blocks)
    assert marks is not None
    assert ((block in marks), block in first_marks(root, blocks, URL)) == (is_marked, is_marked)
    assert all(b in marks for b in blocks if b.text in (FIRST, SECOND, THIRD))


@pytest.mark.parametrize(
    "menu",
    [
        "<table><tr><td><a href=/>Басты бет</a> | <a href=/b/>Пікір</a> | <a href=/c/>Сұрақ</a></table>",
        "<table><tr><td>| <a href=/>Басты бет</a> |<td><a href=/b/>Пікір</a></table>",
    ],
)
def test_a_menu_in_a_table_is_not_marked(menu: str) -> None:
    root, blocks = _read(f"<html><body><article>{TEXT}{menu}<p>{OTHER}</p></article></body></html>")
    marks = framed_marks(root, blocks)
    assert marks is not None
    assert [b.text for b in blocks if b.key and b not in marks] == [b.text for b in blocks if "Басты бет" in b.text]


@pytest.mark.parametrize(
    "markup",
    [
        f"<div>{TEXT}</div><div><div><p>{OTHER}</p></div></div>",
        "",
        f"<article><p>{FIRST}</p></article>",
        f"<article><div class=sidebar>{LINKS}</div></article>",
    ],
)
def test_a_page_of_little_text_or_without_a_frame_is_left_to_the_extractor(markup: str) -> None:
    root, blocks = _read(f"<html><body>{markup}<p></p></body></html>")
    assert framed_marks(root, blocks) is None


LONG = f"{TEXT}<p>{OTHER}</p><p>{OTHER.lower()}</p>"


CARD = f"<article><h3>Жаңа мектеп</h3><p>{OTHER}</p></article>"
ROWS = "".join(f"<tr><td>Ауыл {n}<td>{n} үй" for n in range(12))


@pytest.mark.parametrize(
    ("markup", "runs"),
    [
        (LONG, 0),
        (f"<p>{FIRST}</p>", 1),
        (LONG + CARD, 1),
        (f"{LONG}<table>{ROWS}</table>", 1),
        (f"{LONG}<table><tr><td>Ауыл<td>Үй<tr><td>Ақбұлақ<td>40</table>", 0),
    ],
)
def test_the_extractor_runs_only_where_the_names_do_not_tell(
    monkeypatch: pytest.MonkeyPatch, markup: str, runs: int
) -> None:
    asked = []
    monkeypatch.setattr(text, "first_marks", lambda *args: asked.append(args) or first_marks(*args))
    page = f"<html><body><h1>Жаңа көпір</h1><div class=entry-content>{markup}</div></body></html>"
    article = extract_article([Page(url=URL, body=page.encode())], URL, site=host_site(URL), hints=Hints(kind="post"))
    assert FIRST in article.body
    assert len(asked) == runs
    assert (article.evidence["body"] == "trafilatura:names") == (not runs)


def _read(markup: str):
    tree = parse(markup)
    assert tree is not None
    root = tree.find("body")
    return root, keyed(read_blocks(root))
