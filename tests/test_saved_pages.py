"""Pages that people saved, in folders and lists: their addresses and times, and what becomes of them."""

from __future__ import annotations

import base64
import json
import os
import quopri
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.importing.saved_pages import saved_in
from newsarchive.importing.unpacking import RecordingError

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[], Database]

SINGLE_FILE = """<!DOCTYPE html> <html lang="kk"><!--
 Page saved with SingleFile
 url: https://tan.example/kopir/
 saved date: Tue Feb 18 2025 14:35:00 GMT+0500 (Қазақстан уақыты)
-->"""


def markup(title: str = "Көпір", *, before: str = '<html lang="kk">', head: str = "", text: str = "Көпір") -> str:
    body = "".join(f"<p>{text} салынып бітті, тұрғындар одан {n} күн бойы өтіп, қызығын көрді.</p>" for n in "357")
    return (
        f"{before}<head><meta charset=utf-8><title>{title}</title>{head}</head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )


def write(path: Path, content: str, *, time: str = "2024-05-06T07:08:09+00:00") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    moment = datetime.fromisoformat(time).timestamp()
    os.utime(path, (moment, moment))
    return path


def found(path: Path) -> list[tuple[str, str]]:
    broken: list[str] = []
    pages = [(page.url, page.time.isoformat()) for page in saved_in(path, broken)]
    assert broken == []
    return pages


@pytest.mark.parametrize(
    ("before", "head", "expected"),
    [
        (SINGLE_FILE, "", ("https://tan.example/kopir/", "2025-02-18T09:35:00+00:00")),
        (
            "<!-- saved from url=(0026)https://tan.example/kopir/ --><html>",
            "<link rel=canonical href=https://tan.example/other/>",
            ("https://tan.example/kopir/", "2024-05-06T07:08:09+00:00"),
        ),
        (
            (
                "<html><!-- Mirrored from tan.example/kopir/index.html by HTTrack Website Copier/3.x [XR&CO'2014],"
                " Tue, 18 Feb 2025 09:35:00 GMT -->"
            ),
            "",
            ("http://tan.example/kopir/index.html", "2025-02-18T09:35:00+00:00"),
        ),
        (
            "<html>",
            "<link rel=canonical href=https://tan.example/kopir/><meta property=og:url content=https://tan.example/x/>",
            ("https://tan.example/kopir/", "2024-05-06T07:08:09+00:00"),
        ),
        (
            "<html>",
            "<meta property=og:url content=https://tan.example/kopir/>",
            ("https://tan.example/kopir/", "2024-05-06T07:08:09+00:00"),
        ),
    ],
    ids=["SingleFile", "browser", "HTTrack", "canonical", "og"],
)
def test_a_saved_page_says_its_address_and_time(
    tmp_path: Path, before: str, head: str, expected: tuple[str, str]
) -> None:
    write(tmp_path / "page.html", markup(before=before, head=head))
    assert found(tmp_path) == [expected]


def test_the_folders_of_a_mirror_say_the_addresses_of_their_files(tmp_path: Path) -> None:
    write(tmp_path / "tan.example" / "kopir" / "index.html", markup())
    write(tmp_path / "tan.example" / "қала.html", markup(head="<link rel=canonical href=https://elsewhere.example/>"))
    write(tmp_path / "tan.example" / "kopir_files" / "frame.html", markup())
    assert [url for url, _ in found(tmp_path)] == [
        "https://tan.example/kopir/",
        "https://tan.example/%D2%9B%D0%B0%D0%BB%D0%B0.html",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.tsv", "url\tfile\ttime\nhttps://tan.example/a/\ta.html\t2025-02-18T14:35:00+05:00\n"),
        ("list.csv", "\ufeffFile;URL;captured_at\na.html;https://tan.example/a/;2025-02-18 09:35:00\n"),
        ("list.jsonl", '{"url": "https://tan.example/a/", "file": "a.html", "time": "2025-02-18T09:35:00Z"}\n\n'),
    ],
)
def test_a_list_says_address_file_and_time(tmp_path: Path, name: str, content: str) -> None:
    write(tmp_path / "a.html", markup())
    assert found(write(tmp_path / name, content)) == [("https://tan.example/a/", "2025-02-18T09:35:00+00:00")]


def test_what_of_a_list_cannot_be_used_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "a.html", markup())
    rows = ["https://tan.example/a/\ta.html\t", "tan.example\ta.html\t", "https://tan.example/b/\tb.html\t"]
    rows += ["https://tan.example/c/\ta.html\tкеше", "https://tan.example/c/\ta.html\t0001-01-01T00:00:00+05:00"]
    rows.append("https://[x/\ta.html\t")
    listed = write(tmp_path / "list.tsv", "\n".join(["url\tfile\ttime", *rows]))
    broken: list[str] = []
    assert [page.url for page in saved_in(listed, broken)] == ["https://tan.example/a/"]
    assert [sentence.partition(": ")[2] for sentence in broken] == [
        "“tan.example” is no http(s) URL; skipped",
        "there is no file “b.html”; skipped",
        "“кеше” is no time; skipped",
        "“0001-01-01T00:00:00+05:00” is no time; skipped",
        "“https://[x/” is no http(s) URL; skipped",
    ]
    with pytest.raises(RecordingError, match="no columns named url and file"):
        list(saved_in(write(tmp_path / "other.csv", "a,b\n1,2\n"), broken))


def test_saved_pages_become_articles_and_earlier_revisions_that_can_be_checked(
    newsarchive: Run, tmp_path: Path, db: Read
) -> None:
    pages = tmp_path / "pages"
    write(pages / "new.html", markup(before=SINGLE_FILE, text="Жаңа көпір"))
    write(pages / "nothing.html", "<html><p>Мекенжайы жоқ бет</p></html>")
    result = newsarchive("import", "--any-site", str(pages), code=1)
    assert "nothing.html does not state its URL" in result.stderr
    write(tmp_path / "old.html", markup(text="Ескі көпір"))
    listed = write(tmp_path / "list.csv", "url,file,time\nhttps://tan.example/kopir/,old.html,2023-01-02T00:00:00Z\n")
    newsarchive("import", "--any-site", str(listed))
    assert "0 new, 0 changed, 0 the same, 1 known" in newsarchive("import", "--any-site", str(listed)).stdout
    rows = db().conn.execute("select number, time, substr(body, 1, 4) from revisions order by number").fetchall()
    assert rows == [(1, "2023-01-02T00:00:00Z", "Ескі"), (2, "2025-02-18T09:35:00Z", "Жаңа")]
    kinds = db().conn.execute("select distinct status, content_type from captures").fetchall()
    assert kinds == [(200, "text/html")]
    newsarchive("check")
    newsarchive("reextract")
    warc = tmp_path / "out.warc.gz"
    newsarchive("export", "--format", "warc", "-o", str(warc))


def test_pages_with_the_time_of_their_file_are_told(newsarchive: Run, tmp_path: Path) -> None:
    write(tmp_path / "p" / "a.html", markup(head="<link rel=canonical href=https://tan.example/a/>"))
    result = newsarchive("import", "--any-site", str(tmp_path / "p"))
    assert "of 1 page 1 got the time of the file" in result.stdout + result.stderr


def bodies(path: Path) -> list[tuple[str, str, str]]:
    """URL, time and text of the pages in a file."""
    broken: list[str] = []
    found = [(p.url, p.time.isoformat(), (p.body or b"").decode()) for p in saved_in(path, broken)]
    assert broken == []
    return found


def test_an_mhtml_file_has_url_and_time_in_its_head(tmp_path: Path) -> None:
    """As Chromium writes it."""
    part = quopri.encodestring(markup().encode()).decode()
    content = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://tan.example/kopir/\r\nSubject: K\r\n"
        'Date: Tue, 18 Feb 2025 09:35:00 -0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n'
        '\tboundary="----X"\r\n\r\n\r\n------X\r\nContent-Type: text/html\r\nContent-ID: <frame@mhtml.blink>\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\nContent-Location: https://tan.example/kopir/\r\n\r\n"
        f"{part}\r\n------X\r\nContent-Type: text/css\r\nContent-Location: https://tan.example/a.css\r\n\r\np {{}}\r\n------X--\r\n"
    )
    ((url, time, text),) = bodies(write(tmp_path / "a.mhtml", content))
    assert (url, time) == ("https://tan.example/kopir/", "2025-02-18T09:35:00+00:00")
    assert text.strip() == markup().strip()


def test_the_pages_of_a_har_file_are_read(tmp_path: Path) -> None:
    def entry(url: str, media: str, status: int = 200, **content: str) -> dict:
        answer = {"status": status, "content": {"mimeType": media, **content}}
        return {"startedDateTime": "2025-02-18T14:35:00.123+05:00", "request": {"url": url}, "response": answer}

    encoded = base64.b64encode(markup("Екінші").encode()).decode()
    entries = [
        entry("https://tan.example/kopir/", "text/html; charset=utf-8", text=markup()),
        entry("https://tan.example/b/", "text/html", text=encoded, encoding="base64"),
        entry("https://tan.example/a.js", "text/javascript", text="1"),
        entry("https://tan.example/gone/", "text/html", 404, text=markup()),
        {"request": {}},
    ]
    path = write(tmp_path / "a.har", json.dumps({"log": {"entries": entries}}, ensure_ascii=False))
    time = "2025-02-18T09:35:00.123000+00:00"
    assert bodies(path) == [
        ("https://tan.example/kopir/", time, markup()),
        ("https://tan.example/b/", time, markup("Екінші")),
    ]
    broken: list[str] = []
    assert list(saved_in(write(tmp_path / "b.har", "[1]"), broken)) == []
    assert "it is not a HAR file" in broken[0]


@pytest.mark.parametrize("saved_from", [True, False])
def test_a_page_saved_from_the_wayback_machine_is_the_original_page(tmp_path: Path, saved_from: bool) -> None:
    replay = "https://web.archive.org/web/20250218093500/https://tan.example/kopir/"
    head = (
        '<head><script src="https://web-static.archive.org/_static/js/bundle-playback.js"></script>'
        '<script>__wm.init("https://web.archive.org/web");</script><!-- End Wayback Rewrite JS Include -->'
    )
    link = f'<link rel="canonical" href="{replay}">' if not saved_from else ""
    page = markup(head=link).replace("<head>", head)
    page = page.replace(
        "<body>",
        "<body><!-- BEGIN WAYBACK TOOLBAR INSERT --><div>1 capture</div><!-- END WAYBACK TOOLBAR INSERT -->"
        '<a href="/web/20250218093500/https://tan.example/b/">b</a>',
    )
    page += "<!--\n     FILE ARCHIVED ON 09:35:00 Feb 18, 2025 AND RETRIEVED FROM THE\n     INTERNET ARCHIVE ON 10:00:00 Mar 1, 2026.\n-->"
    if saved_from:
        page = f"<!-- saved from url=({len(replay):04}){replay} -->" + page
    ((url, time, text),) = bodies(write(tmp_path / "a.html", page))
    assert (url, time) == ("https://tan.example/kopir/", "2025-02-18T09:35:00+00:00")
    assert '<a href="https://tan.example/b/">b</a>' in text
    assert [
        word
        for word in ("capture", "__wm", "web-static", "FILE ARCHIVED", "web.archive.org/web/2025021809350/")
        if word in text
    ] == []
