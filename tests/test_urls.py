"""Which URLs are the same article."""

from __future__ import annotations

import pytest

from newsarchive.urls import canonical_url, url_key

SAME = [
    ("https://a.kz/qala/", "http://www.a.kz/qala"),
    ("https://a.kz/%d2%9bала/", "https://a.kz/%D2%9B%D0%B0%D0%BB%D0%B0"),
    ("https://a.kz/қала/", "https://a.kz/%D2%9B%D0%B0%D0%BB%D0%B0/"),
    ("https://a.kz/n/?b=2&a=1", "https://a.kz/n/?a=1&b=2&utm_source=tg#pikir"),
    ("https://a.kz/n/1", "https://a.kz/n/1/amp/"),
    ("https://a.kz/news/1", "https://a.kz/index.php/news/1"),
    ("https://a.kz:443/n", "http://A.kz:80/n/"),
    ("https://a.kz/n/", "https://a.kz/n/page/1/"),
    ("https://a.kz/\u0438\u0306/", "https://a.kz/\u0439/"),
    ("https://a.kz/n.php?PHPSESSID=0a1b2c&id=7", "https://a.kz/n.php?id=7"),
    ("https://a.kz/n;jsessionid=0A1B.node1?id=7", "https://a.kz/n?id=7"),
    ("https://a.kz/n?id=7&amp;sid=0123456789abcdef01234567", "https://a.kz/n?id=7"),
    ("https://a.kz/(S(lit3py55t21z5v55vlm25s55))/n", "https://a.kz/n"),
    ("https://a.kz./n", "https://a.kz/n"),
    ("https://ҚАЛА.қаз/n", "https://xn--80aa6a83a.xn--80ao21a/n"),
]
OTHER = [
    ("https://a.kz/?p=1", "https://a.kz/?p=2"),
    ("https://a.kz/n/1", "https://a.kz/n/2"),
    ("https://a.kz/n", "https://b.kz/n"),
    ("http://127.0.0.1:8000/n", "http://127.0.0.1:8001/n"),
    ("https://a.kz/n/2", "https://a.kz/n"),
    ("https://a.kz/n?sid=7", "https://a.kz/n?sid=8"),
    ("https://a.kz/n?s=qala", "https://a.kz/n?s=dala"),
    ("https://a.kz/n?session=2024", "https://a.kz/n?session=2025"),
    ("http://[::1]:80/n", "http://[::2]/n"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_article_in_other_clothes_has_one_key(one: str, other: str) -> None:
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_different_articles_have_different_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize("url", [url for pair in (*SAME, *OTHER) for url in pair])
def test_the_clean_form_is_stable(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize("text", ["", "not a url", "mailto:a@b.kz", "http://[::1", "https://a.kz:port/", "http://"])
def test_garbage_comes_back_as_it_is(text: str) -> None:
    assert canonical_url(text) == text


def test_international_hosts_become_ascii() -> None:
    assert canonical_url("https://қала.қаз/a").startswith("https://xn--")
