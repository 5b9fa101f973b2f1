"""How fast hosts are asked, by their own logs and with AutoThrottle on; and what of robots.txt is believed."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from protego import Protego
from warcio.archiveiterator import ArchiveIterator

from newsarchive.crawling.middlewares.robots_text import MOST_READ, robots_text, rules_text
from tests.hosts import Answer, Host, article, serve_host

Run = Callable[..., object]
QUICK = ("-s", "DOWNLOAD_DELAY=0.05", "-s", "AUTOTHROTTLE_START_DELAY=0.05")


@pytest.fixture
def add(folder: Path) -> Callable[..., None]:
    """Put a profile for a host into the archive."""

    def write(host: Host, name: str = "uy", **values: object) -> None:
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / f"{name}.toml").write_text(host.profile(**values), encoding="utf-8")

    return write


def test_a_crawl_delay_holds_to_the_end_of_the_run(add: Callable, newsarchive: Run) -> None:
    with serve_host(robots=b"User-agent: *\nCrawl-delay: 0.5\n") as host:
        add(host)
        newsarchive("crawl", "uy", *QUICK)
    assert host.paths()[0] == "/robots.txt"
    assert len(host.log) == 13  # the home page among them, which may lead to other sources
    assert min(host.gaps()) > 0.4


def test_after_a_429_half_as_much_is_asked_for_to_the_end(add: Callable, newsarchive: Run) -> None:
    def busy(hit: int) -> Answer:
        return (429, {"Retry-After": "1"}, b"") if hit == 1 else (200, {"Content-Type": "text/html"}, b"<p>none</p>")

    with serve_host(pages=10, special={"/uy-0/": busy}) as host:
        add(host)
        newsarchive("crawl", "uy", "-s", "DOWNLOAD_DELAY=0.3", "-s", "AUTOTHROTTLE_START_DELAY=0.3", code=None)
    refused = next(n for n, (_, _, status) in enumerate(host.log) if status == 429)
    assert len(host.log) - refused > 5
    later = host.gaps(refused + 4)  # those that were on their way when it came are counted out
    assert min(later) > 0.5
    assert max(host.gaps(refused)) > 0.9  # the pause holds what was queued, too


def test_a_picture_host_is_asked_slowly_under_autothrottle(add: Callable, newsarchive: Run) -> None:
    with serve_host(pages=0) as pictures, serve_host(pages=6) as site:
        site.special = {
            f"/uy-{n}/": lambda _hit, n=n: _page_with(f"{pictures.url}{n}.jpg", n) for n in range(6)
        }  # another port is another host
        add(site)
        newsarchive("crawl", "uy", "--images", *QUICK, "-s", "IMAGE_DELAY_ELSEWHERE=0.5")
    assert pictures.paths()[0] == "/robots.txt"
    assert len(pictures.log) == 7
    assert min(pictures.gaps()) > 0.4


def _page_with(picture: str, number: int) -> Answer:
    from tests.hosts import article

    figure = f'<figure><img src="{picture}" width="640" height="400"><figcaption>Жаңа үй</figcaption></figure>'
    return article(number, extra=figure)


def test_fetch_keeps_to_crawl_delay_too_and_redirects_count(newsarchive: Run) -> None:
    with serve_host(robots=b"User-agent: *\nCrawl-delay: 1.4") as host:
        host.special = {"/old/": lambda _hit: (301, {"Location": f"{host.url}uy-1/"}, b"")}
        newsarchive("fetch", "--no-store", f"{host.url}old/", f"{host.url}uy-2/")
    assert len(host.log) == 4
    assert min(host.gaps()) > 1.2


def test_probing_keeps_to_crawl_delay(newsarchive: Run, add: Callable) -> None:
    with serve_host(robots=b"User-agent: *\nCrawl-delay: 0.5") as host:
        add(host, delay=0.1)
        newsarchive("sites", "check", "uy")
    assert len(host.log) == 5
    assert min(host.gaps()) > 0.4


RULES = "User-agent: *\nDisallow: /uy-\n"


@pytest.mark.parametrize(
    "body",
    [
        RULES.encode("utf-8-sig"),
        RULES.encode("utf-16"),
        ("\ufeff" + RULES).encode("utf-16-be"),
        RULES.encode("utf-16-le"),
        RULES.encode("utf-32"),
        RULES.replace("\n", "\r").encode(),
        RULES.replace("\n", "\r\n").encode(),
    ],
)
def test_rules_are_read_in_any_unicode_encoding_and_with_any_line_end(body: bytes) -> None:
    assert robots_text(body) == RULES


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("10", "10"),
        ("1,5", "1.5"),
        ("10 seconds", "10.0"),
        ("0.5", "0.5"),
        ("soon", "soon"),
        ("-1", "-1"),
        ("NaN", "NaN"),
        ("1e9", "1e9"),
        ("2 # s", "2 # s"),
    ],
)
def test_a_crawl_delay_is_read_as_it_was_meant(said: str, meant: str) -> None:
    assert robots_text(f"User-agent: *\nCrawl-delay: {said}\n".encode()) == f"User-agent: *\nCrawl-delay: {meant}\n"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("User-agent: newsarchive\nUnknown: x\nUser-agent: *\nDisallow: /", False),
        ("User-agent: NewsArchive/2.0 (of any kind)\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\nUser-agent: newsarchive bot\nAllow: /su", True),
        ("User-agent: *\nClean-param: a /b\nDissallow: /su", False),
        ("User-agent: * # all of them\nDisallow: /su", False),
        ("User-agent: newsarchive-images\nDisallow: /", True),
    ],
)
def test_rules_hold_for_a_product_token_and_unknown_lines_end_no_group(rules: str, allowed: bool) -> None:
    assert Protego.parse(rules_text(rules)).can_fetch("https://a.kz/su", "newsarchive") is allowed


def test_a_long_robots_txt_is_read_to_the_last_whole_line_within_500_kib() -> None:
    text = robots_text(b"Disallow: /aaaaaaaaaaaaaaaaaaaaa\n" * 400_000)
    assert MOST_READ - 40 < len(text) <= MOST_READ
    assert text.endswith("/aaaaaaaaaaaaaaaaaaaaa\n")
    assert len(robots_text(gzip.compress(b"#" * 50_000_000), "gzip")) == 0  # a bomb, and no line of it ends


def cut_length() -> Answer:
    return 200, {"Content-Length": str(len(RULES) + 500)}, RULES.encode()


def cut_chunks() -> Answer:
    text = b"User-agent: *\nAllow: /\n"
    return 200, {"Transfer-Encoding": "chunked"}, b"%x\r\n%b\r\n50\r\nhalf" % (len(text), text)


def cut_gzip() -> Answer:
    return 200, {"Content-Encoding": "gzip"}, gzip.compress(b"User-agent: *\nAllow: /\n" * 500)[:-30]


def unknown_encoding() -> Answer:
    return 200, {"Content-Encoding": "zip-of-the-future"}, b"\x01\x02"


def broken() -> Answer:
    return 500, {}, b""


@pytest.mark.parametrize("robots", [cut_length, cut_chunks, cut_gzip, unknown_encoding, broken])
def test_a_robots_txt_that_is_not_whole_is_not_believed(
    robots: Callable[[], Answer], add: Callable, newsarchive: Callable
) -> None:
    with serve_host(robots=robots()) as host:
        add(host, delay=0)
        done = newsarchive("crawl", "uy", "-s", "RETRY_TIMES=0", "-s", "EXTRACTION_WORKERS=0", code=1)
    assert set(host.paths()) == {"/robots.txt"}
    assert "robots.txt cannot be fetched" in done.stderr
    assert "so nothing may be requested" in done.stderr


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_without_a_robots_txt_all_may_be_fetched(status: int, add: Callable, newsarchive: Callable) -> None:
    with serve_host(pages=1, robots=(status, {"Content-Type": "text/plain"}, RULES.encode())) as host:
        add(host, delay=0)
        newsarchive("crawl", "uy", "-s", "EXTRACTION_WORKERS=0")
    assert "/uy-0/" in host.paths()


def test_what_a_gzipped_utf_16_robots_txt_forbids_is_not_fetched(
    add: Callable, newsarchive: Callable, folder: Path
) -> None:
    with serve_host(pages=3) as host:
        rules = f"User-agent: *\rDisallow: /uy-1/\rCrawl-delay: 0,4\rSitemap: {host.url}sitemap.xml\r"
        host.robots = 200, {"Content-Encoding": "gzip"}, gzip.compress(rules.encode("utf-16"))
        add(host)
        newsarchive("crawl", "uy", *QUICK)
    assert {path for path in host.paths() if "uy" in path} == {"/uy-0/", "/uy-2/"}
    assert min(host.gaps()) > 0.3
    with sqlite3.connect(folder / "archive.db") as db:
        assert db.execute("select reason from urls where url like '%/uy-1/'").fetchone() == ("forbidden by robots.txt",)


def test_what_is_kept_of_an_answer_that_was_cut_is_marked_so(
    add: Callable, newsarchive: Callable, folder: Path, tmp_path: Path
) -> None:
    rules = b"User-agent: *\nDisallow: /uy-1/\n" + b"# " + b"a" * 2_000_000 + b"\n"
    status, headers, body = article(2)
    broken_off = (status, {**headers, "Content-Length": str(len(body) + 50)}, body)
    with serve_host(robots=rules, pages=3, special={"/uy-2/": lambda _hit: broken_off}) as host:
        add(host, delay=0)
        newsarchive("crawl", "uy", "-s", "RETRY_TIMES=0")
        found = {path: said for path, said in truncations(folder).items() if "sitemap" not in path}
        assert found == {"/robots.txt": "length", "/": None, "/uy-0/": None, "/uy-2/": "disconnect"}
    copy = tmp_path / "copy"
    newsarchive("--archive", str(copy), "import", "--any-site", str(folder / "warc"))
    assert truncations(copy) == {"/uy-0/": None, "/uy-2/": "disconnect"}


def truncations(folder: Path) -> dict[str, str | None]:
    """What each response record says of why it is not whole, by the path of its address."""
    found = {}
    for path in (folder / "warc").glob("*.warc.gz"):
        with open(path, "rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type == "response":
                    headers = record.rec_headers
                    address = urlsplit(headers.get_header("WARC-Target-URI")).path
                    found[address] = headers.get_header("WARC-Truncated")
    return found
