"""JSON-LD as sites write it, from valid to nearly."""

from __future__ import annotations

import time

import pytest

from newsarchive.extraction.jsonld import addresses_of, find_article, read_jsonld, resolved

NEWS = '{"@type": "NewsArticle", "headline": "Көктем келді", "datePublished": "2025-03-01"}'


def headline(script: str) -> object:
    found = find_article(read_jsonld([script]), frozenset())
    return found and found.get("headline")


@pytest.mark.parametrize(
    "script",
    [
        NEWS,
        f"[{NEWS}]",
        '{"@graph": [{"@type": "WebSite", "name": "Дала"}, ' + NEWS + "]}",
        "//<![CDATA[\n" + NEWS + "\n//]]>",
        "/* the plugin's */ " + NEWS + ";",
        NEWS[:-1] + ",}",
        NEWS.replace('"datePublished"', '// when\n "datePublished"'),
        '{"@type": "WebSite", "name": "Дала"}\n' + NEWS,
        NEWS.replace(", ", " \n", 1),
        "&quot;".join(NEWS.split('"')).replace("{", "&#123;", 1),
    ],
)
def test_the_headline_is_read_from_what_is_nearly_json(script: str) -> None:
    assert headline(script) == "Көктем келді"


def test_raw_newlines_bad_escapes_and_bare_quotation_marks_do_not_lose_the_object() -> None:
    assert headline('{"@type": "Article", "headline": "Екі\nжол"}') == "Екі\nжол"
    assert headline(r'{"@type": "Article", "headline": "C:\дала"}') == r"C:\дала"
    assert headline('{"@type": "Article", "headline": "Жаңа "Дала" газеті"}') == 'Жаңа "Дала" газеті'


def test_commas_before_brackets_inside_a_text_stay() -> None:
    assert headline('{"@type": "Article", "headline": "бір,} екі",}') == "бір,} екі"


def test_what_is_no_json_gives_nothing() -> None:
    assert read_jsonld(["var a = 1", "", "{", "null", '"text"', "[[[["]) == []


def test_deep_nesting_and_endless_breakage_end_soon() -> None:
    began = time.process_time()
    read_jsonld(["[" * 100_000, '{"a": "b" c" ' * 20_000, "/*" * 50_000, '{"a":' * 5_000])
    assert time.process_time() - began < 3


def test_among_several_articles_the_one_of_this_page_is_taken() -> None:
    objects = read_jsonld(
        [
            (
                '[{"@type": "NewsArticle", "headline": "Басқа", "url": "https://dala.example/b/"},'
                ' {"@type": "NewsArticle", "headline": "Осы", "mainEntityOfPage": {"@id": "http://www.dala.example/a"}}]'
            )
        ]
    )
    found = find_article(objects, frozenset({"dala.example/a"}))
    assert found is not None
    assert found["headline"] == "Осы"


def test_references_are_followed_and_pictures_found_through_them() -> None:
    objects = read_jsonld(['{"@graph": [{"@id": "#p", "@type": "ImageObject", "url": "https://dala.example/s.jpg"}]}'])
    assert resolved({"@id": "#none"}, objects) == {"@id": "#none"}
    assert addresses_of([{"@id": "#p"}, "https://dala.example/t.jpg"], objects) == [
        "https://dala.example/s.jpg",
        "https://dala.example/t.jpg",
    ]
