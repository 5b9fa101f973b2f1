"""Text that was lost for what stands around it: each kind was found on pages that no rule was made for."""

from __future__ import annotations

import pytest
from lxml import html

from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.choice import choose
from newsarchive.extraction.marks import marks_of
from newsarchive.extraction.pages import parse
from newsarchive.text.folding import fold

TITLE = "Жаңа көпір"
A = "Қала әкімдігі жаңа көпірдің құрылысын келер жылы аяқтайтынын хабарлады, жұмысқа екі жүз адам тартылған."
B = "Құрылысшылар тіректерді орнатып бітті, енді жол төсемі мен жарық жүйесі жүргізіледі деп күтіліп отыр."
C = "Тұрғындар көпір ашылғанда жол уақыты екі есе қысқарады деп үміттенеді, қазір айналма жолмен жүреді."
LONG = f"{A} {B}"


def p(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def kept(markup: str, *marked: str) -> list[str]:
    """Return the texts of the blocks that are chosen if an extractor marked these."""
    root = html.fromstring(markup)
    blocks = read_blocks(root)
    for block in blocks:
        block.key = fold(block.text)
    return [block.text for block in choose(blocks, marks_of(list(marked)), root, TITLE).kept]


def test_what_follows_the_end_of_the_markup_is_read() -> None:
    tree = parse(f"<html><body><header>Мәзір</header></body></HTML >\n<div>{p(A)}</div></body></html>")
    assert tree is not None
    assert [e.text for e in tree.iter("p")] == [A]


def test_styles_between_the_cells_of_a_table_are_no_cells() -> None:
    row = "<tr><style>.css-1{padding:8px}</style><td>Нан</td><script>f()</script><td>190</td></tr>"
    root = parse(f"<table><tr><th>Тауар</th><th>Бағасы</th></tr>{row}</table>")
    assert root is not None
    assert [block.text for block in read_blocks(root)] == ["Тауар | Бағасы", "Нан | 190"]


def test_an_element_that_says_a_thing_twice_is_no_copy_of_itself() -> None:
    markup = f"<div>{A}<br><br>{B}<br><br>{A}<br><br>{B}</div>"
    assert kept(f"<body>{markup}</body>", A, B) == [A, B, A, B]


def test_text_is_no_copy_of_what_was_left_out() -> None:
    twice = f"<div class='share desktop'>{p(A)}</div><div class=mobile>{p(A)}</div>"
    assert kept(f"<main>{twice}{p(B, LONG, C)}</main>", A, B, LONG, C) == [A, B, LONG, C]


@pytest.mark.parametrize(
    ("name", "second", "texts"),
    [("steps", "tips", 6), ("story", "story", 3)],
    ids=["parts of one article", "the next article"],
)
def test_articles_below_the_titled_one_are_its_parts_unless_built_alike(name: str, second: str, texts: int) -> None:
    parts = [f"{A} {i} {B} {C}" for i in range(6)]
    one = f"<article class='{name} first'><h1>{TITLE}</h1>{p(*parts[:3])}</article>"
    other = f"<article class='next {second}'>{p(*parts[3:])}</article>"
    assert len([text for text in kept(f"<main>{one}{other}</main>", *parts) if text != TITLE]) == texts


def test_paragraphs_in_a_figure_are_text_if_longer_than_captions() -> None:
    figure = f"<figure><img src=/a.jpg><div>{p(LONG, 'Сурет: Асан Үсен')}</div></figure>"
    assert kept(f"<div>{p(A)}{figure}{p(C)}</div>", A, LONG, "Сурет: Асан Үсен", C) == [A, LONG, C]


@pytest.mark.parametrize(
    ("attributes", "heading"),
    [
        ("id=effective-menu-management", "1. Effective menu management"),
        ("id=h-best-online-tools class=wp-block-group", "Best online tools"),
        ("class='paragraph--type--text paragraph--view-mode--default'", "Жол"),
        ("class='article__main sidebar-enabled--false'", "Жол"),
    ],
)
def test_a_name_that_only_seems_to_be_of_furniture_leaves_nothing_out(attributes: str, heading: str) -> None:
    section = f"<div {attributes}><h2>{heading}</h2>{p(C)}</div>"
    assert kept(f"<div>{p(A, B, LONG)}{section}</div>", A, B, LONG, heading, C)[-2:] == [heading, C]


@pytest.mark.parametrize("attributes", ["id=related-articles", "class=views", "class=sidebar"])
def test_names_of_furniture_still_leave_out(attributes: str) -> None:
    section = f"<div {attributes}><h2>Related articles</h2>{p(C)}</div>"
    assert kept(f"<div>{p(A, B, LONG)}{section}</div>", A, B, LONG, C) == [A, B, LONG]
