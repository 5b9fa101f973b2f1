"""From bytes to trees: encodings, bombs, and markup made to hurt."""

import contextlib
import gzip
import time
import zlib

import brotli
import pytest

from newsarchive.extraction import extract_article
from newsarchive.extraction.pages import parse
from newsarchive.items import NotAnArticle, Page
from newsarchive.sites import Site
from newsarchive.text.encodings import decode, inflate

SITE = Site(name="gazet", url="https://gazet.example/", language="kk")
TEXT = "Қаладағы жаңа көпір келер жылы ашылады деп хабарлады әкімдік. "
MARKUP = f"<html><body><p>{TEXT * 3}</p></body></html>"


@pytest.mark.parametrize(
    ("encode", "name"),
    [
        (gzip.compress, "gzip"),
        (zlib.compress, "deflate"),
        (lambda b: zlib.compress(b)[2:-4], "deflate"),
        (brotli.compress, "br"),
        (bytes, "gzip"),
        (gzip.compress, ""),
    ],
)
def test_a_body_is_inflated_whatever_the_header_says(encode, name):
    assert inflate(encode(MARKUP.encode()), name) == MARKUP.encode()


def test_a_stacked_encoding_is_undone_in_reverse():
    assert inflate(brotli.compress(gzip.compress(b"<p>x</p>")), "gzip, br") == b"<p>x</p>"


@pytest.mark.parametrize(
    ("encode", "name"), [(gzip.compress, "gzip"), (brotli.compress, "br"), (zlib.compress, "deflate")]
)
def test_a_bomb_is_cut_at_the_cap(encode, name):
    assert len(inflate(encode(b"a" * 3_000_000), name, cap=100_000)) <= 100_000


def test_a_body_cut_short_gives_what_it_holds():
    noise = "".join(f"<p>{n * 7919 % 10007}</p>" for n in range(5000)).encode()
    assert inflate(gzip.compress(noise)[:-2000], "gzip").startswith(b"<p>0</p>")


@pytest.mark.parametrize("said", ["", "utf-8", "windows-1251", "iso-8859-1"])
@pytest.mark.parametrize("meta", ["utf-8", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("real", ["utf-8", "windows-1251", "koi8-r"])
def test_the_encoding_is_right_when_header_meta_and_bytes_disagree(real, meta, said):
    text = "Сегодня в городе открыли новый мост, строители закончили работу раньше срока, сообщил Министр транспорта."
    body = f"<html><head><meta charset={meta}></head><body><p>{text}</p></body></html>".encode(real)
    assert text in decode(body, f"text/html; charset={said}" if said else "text/html")


def test_a_byte_order_mark_wins():
    assert decode("\ufeff<p>көпір</p>".encode("utf-16"), "text/html; charset=utf-8").endswith("<p>көпір</p>")


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 50_000 + TEXT,
        "<p>" + "<b><i><u>" * 5_000 + TEXT,
        "<table><tr><td>" * 3_000 + TEXT,
        "<ul><li>" * 5_000 + TEXT,
        "<blockquote>" * 5_000 + TEXT,
        f"<p>{TEXT}</p>" * 20_000,
        "<p class='" + "a-" * 100_000 + f"'>{TEXT}</p>",
        "<a href=x>" * 20_000,
        f"<p>{'а' * 3_000_000}</p>",
        "<p>" + "( " * 300_000 + "</p>",
        "<script type='application/ld+json'>" + "[" * 100_000 + "</script>" + f"<p>{TEXT}</p>",
        "<br>" * 100_000 + TEXT,
        "<li>x" * 30_000,
        "<img src=a.jpg>" * 20_000,
        "&amp;" * 200_000,
    ],
    ids=range(15),
)
def test_no_markup_makes_extraction_slow_or_fail(markup):
    start = time.process_time()
    with contextlib.suppress(NotAnArticle):
        extract_article(
            [Page(url="https://gazet.example/a/", body=f"<html><body>{markup}</body></html>".encode())],
            "https://gazet.example/a/",
            site=SITE,
        )
    assert time.process_time() - start < 20  # where a reading is not linear it takes minutes


def test_names_that_only_broken_markup_has_do_no_harm():
    tree = parse(f"<html><body><bad*tag {{{{x}}}}=1><p>{TEXT}</p></bad*tag></body></html>")
    assert tree is not None
