"""Pages of one site from public archives, served on loopback: politely, resumable, each with its source."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sqlite_utils import Database

from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.importing.web import LONGEST_WAIT, Unreachable, Web

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[], Database]
SITE = "https://tan.example/"


def page(text: str) -> bytes:
    body = "".join(f"<p>{text} салынып бітті, тұрғындар одан {n} күн бойы өтіп, қызығын көрді.</p>" for n in "357")
    return (
        '<!doctype html><html lang="kk"><head><meta charset=utf-8><title>Көпір</title><meta property="og:type"'
        f' content="article"></head><body><article><h1>Көпір</h1>{body}</article></body></html>'
    ).encode()


CAPTURES = [
    ("20200101000000", f"{SITE}kopir/", "text/html", "200", "A", page("Ескі көпір")),
    ("20210101000000", f"{SITE}kopir/", "text/html", "200", "A", page("Ескі көпір")),
    ("20220101000000", f"{SITE}kopir/", "text/html", "200", "B", page("Жаңа көпір")),
    ("20220202000000", f"{SITE}жол/", "text/html", "200", "C", page("Тас жол")),
    ("20220303000000", f"{SITE}a.css", "text/css", "200", "D", b"p {}"),
    ("20220303000000", f"{SITE}gone/", "text/html", "404", "E", b""),
    ("20190101000000", f"{SITE}old/", "text/html", "200", "F", page("Байырғы көпір")),
    ("20220404000000", "https://other.example/x/", "text/html", "200", "G", page("Бөтен көпір")),
]


class Replay:
    """A CDX server and its replay; `busy` are paths that answer 503 once, `log` the paths that were asked for."""

    def __init__(self, form: str, folder: Path) -> None:
        self.form, self.log, self.agents, self.url = form, list[str](), set[str](), ""
        self.busy: set[str] = set()
        self.broken: set[str] = set()
        self._files = folder
        self.lines = [self._line(*capture) for capture in CAPTURES]

    def _line(self, time: str, url: str, mime: str, status: str, digest: str, body: bytes) -> dict[str, str]:
        line = {"urlkey": url, "timestamp": time, "url": url, "mime": mime, "status": status, "digest": digest}
        if self.form == "common crawl":
            moment = datetime.strptime(time, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            writer = CaptureWriter(self._files, f"{time}-{digest}")
            headers = [("Content-Type", mime), ("X-Old", "1")]
            made = writer.write(RecordedResponse(url=url, status=int(status), headers=headers, body=body, time=moment))
            writer.close()
            line |= {"filename": made.warc, "offset": str(made.offset), "length": str(made.length)}
        return line

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.log.append(path)
        self.agents.add(headers.get("User-Agent", ""))
        if path in self.busy:
            self.busy.discard(path)
            return 503, {"Retry-After": "0"}, b""
        if path in self.broken:
            return 404, {}, b""
        parts = urlsplit(path)
        if parts.path == "/collinfo.json":
            crawls = [{"id": name, "cdx-api": f"{self.url}cdx"} for name in ("CC-1", "CC-2")]
            return 200, {}, json.dumps(crawls).encode()
        if parts.path == "/cdx":
            return 200, {}, self._index(parse_qs(parts.query))
        if parts.path.startswith("/web/"):
            return self._page(parts.path.removeprefix("/web/"))
        first, last = (int(n) for n in headers["Range"].removeprefix("bytes=").split("-"))
        return 206, {}, (self._files / parts.path[1:]).read_bytes()[first : last + 1]

    def _index(self, query: dict[str, list[str]]) -> bytes:
        if self.form != "wayback":
            return "\n".join(json.dumps(line) for line in self.lines).encode()
        start = int(query.get("resumeKey", ["0"])[0])
        rows = [["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]]
        rows += [
            [*(line[name] for name in ("urlkey", "timestamp", "url", "mime", "status", "digest")), "9"]
            for line in self.lines[start : start + 3]
        ]
        return json.dumps([*rows, *([[], [str(start + 3)]] if start + 3 < len(self.lines) else [])]).encode()

    def _page(self, path: str) -> tuple[int, dict[str, str], bytes]:
        time, _, url = path.partition("id_/")
        found = next((c for c in CAPTURES if c[0] == time and c[1] == unquote(url)), None)
        if found is None:
            return 404, {}, b""
        if self.form == "wayback":
            headers = {
                "Content-Type": "text/html",
                "x-archive-orig-x-old": "1",
                "x-archive-orig-content-length": "99999",
            }
            return 200, headers, found[5]
        return 200, {"Content-Type": "text/html", "Content-Encoding": "gzip", "X-Old": "1"}, gzip.compress(found[5])


@contextmanager
def replay(form: str, folder: Path) -> Iterator[Replay]:
    served = Replay(form, folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = served.answer(self.path, dict(self.headers))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def options(served: Replay) -> list[str]:
    if served.form == "common crawl":
        bases = ["--from-common-crawl", "tan", "--index-url", f"{served.url}collinfo.json", "--pages-url", served.url]
        return [*bases, "--crawl", "CC-2", "--delay", "0", "--since", "2020"]
    bases = ["--from-wayback", "tan", "--index-url", f"{served.url}cdx", "--pages-url", f"{served.url}web"]
    return [*bases, "--delay", "0", "--since", "2020"]


@pytest.fixture
def profile(tmp_path: Path, folder: Path) -> None:
    (folder / "sites").mkdir(parents=True)
    text = f'title = "Таң"\nurl = "{SITE}"\nlanguage = "kk"\ntimezone = "Asia/Almaty"\ncontact = "a@b.kz"\n'
    (folder / "sites" / "tan.toml").write_text(text)


@pytest.mark.parametrize("form", ["wayback", "pywb", "common crawl"])
@pytest.mark.usefixtures("profile")
def test_the_pages_of_a_site_are_taken_with_their_times_and_sources(
    newsarchive: Run, db: Read, tmp_path: Path, form: str
) -> None:
    with replay(form, tmp_path) as served:
        told = newsarchive("import", *options(served), "--dry-run").stdout
        assert "tan: 3 pages of 2 URLs, 2020-01-01 to 2022-02-02; nothing stored" in told
        served.busy.update(path for path in ("/cdx", f"/web/20220101000000id_/{SITE}kopir/"))
        first = newsarchive("import", *options(served), "--limit", "1")
        assert "1 new" in first.stdout
        before = len(served.log)
        newsarchive("import", *options(served))
        assert not [path for path in served.log[before:] if "20200101000000" in path]  # nothing twice
        after = len(served.log)
        assert "0 pages" in newsarchive("import", *options(served)).stdout
        assert not [path for path in served.log[after:] if "/web/" in path or ".warc.gz" in path]
        assert {agent for agent in served.agents if "a@b.kz" not in agent} == set()
    rows = db().conn.execute("select url, time, source from captures order by time").fetchall()
    assert [(url, time) for url, time, _ in rows] == [
        (f"{SITE}kopir/", "2020-01-01T00:00:00Z"),
        (f"{SITE}kopir/", "2022-01-01T00:00:00Z"),
        (f"{SITE}жол/", "2022-02-02T00:00:00Z"),
    ]
    assert all(source.startswith(served.url) for _, _, source in rows)
    revisions = db().conn.execute(
        "select number, substr(r.body, 1, 4) from revisions r join articles a on a.id = r.article where a.url like '%kopir%' order by number"
    )
    assert revisions.fetchall() == [(1, "Ескі"), (2, "Жаңа")]
    assert "no problems" in newsarchive("check").stderr


@pytest.mark.usefixtures("profile")
def test_what_an_interrupted_backfill_downloaded_is_imported_and_not_asked_for_again(
    newsarchive: Run, db: Read, tmp_path: Path, folder: Path
) -> None:
    """As a kill leaves it: whole records, and one that was being written."""
    kept = folder / ".backfill"
    writer = CaptureWriter(kept, "2026-01-01-0")
    headers = [("Content-Type", "text/html")]
    for time, url, _, _, _, body in CAPTURES[:1] + CAPTURES[3:4]:
        moment = datetime.strptime(time, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        writer.write(
            RecordedResponse(url=url, status=200, headers=headers, body=body, time=moment, source="https://w.example/")
        )
    writer.close()
    with open(writer.path, "r+b") as file:
        file.truncate(writer.path.stat().st_size - 60)
    with replay("wayback", tmp_path) as served:
        newsarchive("import", *options(served))
        asked = [path for path in served.log if path.startswith("/web/")]
    assert [path[5:19] for path in asked] == ["20220101000000", "20220202000000"]
    assert db().conn.execute("select count(*), count(truncated) from captures").fetchone() == (3, 0)
    assert list(kept.glob("*.warc.gz")) == []
    assert "no problems" in newsarchive("check").stderr


@pytest.mark.usefixtures("profile")
def test_a_server_that_is_down_is_named_and_what_came_before_is_kept(
    newsarchive: Run, db: Read, tmp_path: Path
) -> None:
    with replay("wayback", tmp_path) as served:
        given = options(served)
        served.broken.add(f"/web/20220101000000id_/{SITE}kopir/")
        told = newsarchive("import", *given).stderr
        assert "1 page of the index could not be fetched" in told
        assert db()["captures"].count == 2
    result = newsarchive("import", *given, code=1)
    assert f"127.0.0.1:{urlsplit(served.url).port} does not answer" in result.stderr
    assert "resumes" in result.stderr


def test_usage_is_checked(newsarchive: Run, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>")
    for words in (["--from-wayback", "ortalyq", str(tmp_path)], [], ["--from-wayback", "ortalyq", "--since", "kesh"]):
        assert "Traceback" not in newsarchive("import", *words, code=2).stderr


def test_a_server_is_asked_as_late_and_as_seldom_as_it_wants(tmp_path: Path) -> None:
    waits: list[float] = []
    with replay("wayback", tmp_path) as served:
        web = Web(user_agent="t", delay=10, sleep=waits.append)
        served.busy.add("/cdx?a")
        web.get(f"{served.url}cdx?a")
        web.get(f"{served.url}cdx?b")
    assert waits[0] == 0
    assert all(9 < wait <= 10 for wait in waits[1:])
    assert len(waits) == 3


def test_a_wait_of_hours_ends_the_command(tmp_path: Path) -> None:
    with replay("wayback", tmp_path) as served:
        served.answer = lambda *_: (429, {"Retry-After": str(int(LONGEST_WAIT) + 1)}, b"")  # type: ignore[method-assign]
        with pytest.raises(Unreachable, match="asks for no request before 20"):
            Web(user_agent="t", delay=0).get(served.url)
