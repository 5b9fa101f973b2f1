"""The bytes of HTTP heads are kept as they came, in a crawl, an import and an export."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile import serve

ODD = (
    b"Set-Cookie: \xb3=\xff; path=/",
    'Content-Disposition: inline; filename="Кітап.html"'.encode(),
    "Link: <http://x/кітап>; rel=next".encode(),
    b"X-Empty: ",
)
TEXT = "<p>Қала тұрғындары таңертең терезеден көшеге қарады, су жолды басып қалды.</p>" * 3
PAGE = f'<html lang="kk"><head><title>Жаңбыр</title></head><body><article><h1>Жаңбыр</h1>{TEXT}</article></body></html>'


def record(url: str, head: bytes, body: bytes, *, kind: bytes = b"response", length: bytes = b"") -> bytes:
    block = head + b"\r\n\r\n" + body
    fields = (
        b"WARC/1.1\r\nWARC-Type: %b\r\nWARC-Record-ID: <urn:uuid:%08x-0000-4000-8000-000000000000>\r\n"
        b"WARC-Target-URI: %b\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=%b\r\n"
        b"Content-Length: %b\r\n\r\n"
    ) % (kind, abs(hash(url)) % 2**32, url.encode(), kind, length or b"%d" % len(block))
    return fields + block + b"\r\n\r\n"


def blocks(path: Path, url: str) -> list[bytes]:
    """The blocks of the records of an address."""
    data = gzip.decompress(path.read_bytes())
    found = [part for part in data.split(b"WARC/1.1\r\n")[1:] if b"WARC-Target-URI: " + url.encode() in part]
    return [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n") for part in found]


def test_a_crawl_keeps_header_bytes(folder: Path, newsarchive: Callable) -> None:
    with serve() as server:
        server.listed = ["/values/headers/"]
        (folder / "sites").mkdir(parents=True)
        (folder / "sites" / "hostile.toml").write_text(server.profile())
        newsarchive("crawl", "hostile")
        url = f"{server.url}values/headers/"
    (path,) = (folder / "warc").glob("*.warc.gz")
    kept = next(block for block in blocks(path, url) if block.startswith(b"HTTP/"))
    assert [line for line in ODD if line.partition(b": ")[2] not in kept.partition(b"\r\n\r\n")[0]] == []
    newsarchive("check")
    newsarchive("reextract")


def test_an_import_and_its_export_keep_heads_byte_for_byte(folder: Path, newsarchive: Callable, tmp_path: Path) -> None:
    url = "https://tan.example/zhanbyr/"
    body = PAGE.encode()
    lines = (*ODD, b"X-Folded: a\r\n\tb: c\r\n   d", b"no-space:x", b"CONTENT-TYPE:  text/html; charset=utf-8  ")
    head = b"\r\n".join(("HTTP/1.0 200 Жарайды".encode(), *lines, b"content-length: %d" % len(body)))
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(record(url, head, body)))
    newsarchive("import", "--any-site", str(tmp_path / "a.warc.gz"))
    (path,) = (folder / "warc").glob("*.warc.gz")
    assert blocks(path, url) == [head + b"\r\n\r\n" + body]
    newsarchive("check")
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "out"))
    (out,) = (tmp_path / "out").glob("*.warc.gz")
    assert blocks(out, url) == [head + b"\r\n\r\n" + body]
    assert "1 known" in newsarchive("import", "--any-site", str(out)).stdout


def test_an_import_goes_on_after_records_with_impossible_values(newsarchive: Callable, tmp_path: Path) -> None:
    html = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8"
    bad = [
        record("https://tan.example/length/", html, b"x", length=b"9" * 5000),
        record("https://tan.example/squares/", html, b"x", length="²²".encode()),
        record("https://tan.example/status/", "HTTP/1.1 ²²".encode() + html[12:], b"x"),
        record("https://tan.example/status/", b"HTTP/1.1 " + b"2" * 5000 + html[12:], b"x"),
        record("https://[broken/", html, b"x"),
        record("https://" + "a" * 200_000 + " b/", html, b"x"),
        record("https://tan.example/digest/", html, b"x").replace(
            b"WARC-Date", b"WARC-Block-Digest: shake_128:AA\r\nWARC-Date"
        ),
    ]
    good = record("https://tan.example/zhanbyr/", html, PAGE.encode())
    (tmp_path / "a.warc.gz").write_bytes(b"".join(map(gzip.compress, [*bad, good])))
    (tmp_path / "b.warc").write_bytes(b"".join([*bad, good.replace(b"/zhanbyr/", b"/qar/")]))
    with zipfile.ZipFile(tmp_path / "c.wacz", "w") as wacz:
        wacz.writestr(f"archive/{'a' * 300}.warc.gz", gzip.compress(good.replace(b"/zhanbyr/", b"/boran/")))
    done = newsarchive(
        "import", "--any-site", *(str(tmp_path / name) for name in ("a.warc.gz", "b.warc", "c.wacz")), code=1
    )
    assert "3 new" in done.stdout
    assert "Content-Length" in done.stderr
    assert "its WARC-Target-URI is not a valid URL" in done.stderr


def test_a_list_with_a_field_of_a_megabyte_is_read_on(newsarchive: Callable, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    row = "https://tan.example/zhanbyr/\tpage.html\n"
    long = "a" * 1_000_000
    (tmp_path / "a.tsv").write_text(
        f"url\tfile\n{long}\tpage.html\nhttps://tan.example/\t{long}\n{row}", encoding="utf-8"
    )
    deep = '{"url":' + "[" * 200_000
    sound = '{"url": "https://tan.example/qar/", "file": "page.html", "time": "9999-12-31T23:59:59-12:00"}'
    other = '{"url": "https://tan.example/boran/", "file": "page.html", "title": "a\u2028b"}'
    (tmp_path / "b.jsonl").write_text(f"{deep}\n{sound}\n{other}\n", encoding="utf-8")
    done = newsarchive("import", "--any-site", str(tmp_path / "a.tsv"), str(tmp_path / "b.jsonl"), code=1)
    assert "2 new" in done.stdout
    assert "is no http(s) URL" in done.stderr
    assert "there is no file" in done.stderr
    assert "is no time" in done.stderr
    assert len(done.stderr) < 5_000


def test_a_head_without_an_end_is_named_as_the_reason(newsarchive: Callable) -> None:
    with serve() as server:
        result = newsarchive("fetch", f"{server.url}endless-headers/", "--no-store", code=1)
    assert "the answer's header lines do not end" in result.stderr
