"""Taking down: nothing of the text is left anywhere, the rest is whole, and it does not come back."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import gzip
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from sqlite_utils import Database
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive import takedown
from newsarchive.captures.reading import read_capture
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.cli import main
from newsarchive.database import (
    ForgottenAddresses,
    finish_run,
    lost_originals,
    mark_forgotten,
    open_archive,
    record_warc,
    removal,
    save_capture,
    save_site,
    start_run,
)
from newsarchive.demo import Newspaper, serve
from newsarchive.demo.answers import Answer
from newsarchive.fixity import check_archive
from newsarchive.sites import Site, load_sites
from newsarchive.takedown import captures
from newsarchive.takedown.traces import Traces
from tests.forking import Forks

Crawl = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[], Database]

SECRET = "Зымырауықтыңқұпиясы"


def everything(folder: Path) -> bytes:
    """All bytes of an archive, those of its WARC files inflated, and inflated again where a body is compressed."""
    found = b""
    for path in folder.rglob("*"):
        if path.is_file():
            plain = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += plain
            for inner in re.finditer(rb"\x1f\x8b\x08", plain):
                with contextlib.suppress(zlib.error):
                    found += zlib.decompressobj(31).decompress(plain[inner.start() :])
    return found


def forms(text: str) -> list[bytes]:
    """A text as files may write it."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in text)
    return [text.encode(), text.casefold().encode(), escaped.encode(), text.encode("utf-16-le")]


def problems(folder: Path) -> list[str]:
    return [p.sentence() for p in check_archive(folder, sites=load_sites(folder / "sites")).problems]


def publish(paper: Newspaper, crawl: Crawl) -> str:
    """Crawl a story with a secret in its text twice, edited in between; gives its address."""
    text = f"Ауылда {SECRET} туралы көп айтылды, бірақ ешкім оны көрген жоқ. " * 5
    story = paper.add("qupiya", "Ауылдағы оқиға туралы жаңа хабар", text)
    crawl()
    paper.edit(story.slug, append="Кейін тағы бір сөйлем қосылды.")
    crawl()
    return paper.address(story)


@pytest.fixture
def story(paper: Newspaper, crawl: Crawl) -> str:
    """The address of such a story on a site that is alive."""
    return publish(paper, crawl)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> tuple[Path, str]:
    """An archive with such a story, and its address; the site is gone."""
    folder = tmp_path_factory.mktemp("made")
    with serve() as paper:
        (folder / "sites").mkdir()
        (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")

        def crawl() -> str:
            done = forks.run(["--archive", str(folder), "crawl", "paper"], os.environ, timeout=120)
            assert done.returncode == 0, done.stderr
            return done.stdout

        return folder, publish(paper, crawl)


@pytest.fixture
def old_story(made: tuple[Path, str], folder: Path) -> str:
    """The address of such a story in an archive of one's own."""
    shutil.copytree(made[0], folder)
    return made[1]


def test_nothing_of_the_text_is_left_and_the_rest_is_whole(
    old_story: str, folder: Path, newsarchive: Run, db: Read
) -> None:
    assert any(form in everything(folder) for form in forms(SECRET))
    (before,) = db().conn.execute("select count(*) from articles").fetchone()
    (words,) = db().conn.execute("select count(*) from stems_words where term = ?", (SECRET.casefold(),)).fetchone()
    assert words == 1
    said = newsarchive("forget", old_story, "--reason", "сот шешімі").stdout
    assert "taken down with 2 revisions" in said
    left = everything(folder)
    assert [form for form in forms(SECRET) if form in left] == []
    assert db().conn.execute("select count(*) from articles").fetchone() == (before - 1,)
    assert db().conn.execute("select count(*) from stems_words where term = ?", (SECRET.casefold(),)).fetchone() == (0,)
    assert problems(folder) == []
    row = next(iter(db().query("select * from forgotten")))
    assert (row["url"], row["reason"], row["revisions"]) == (old_story, "сот шешімі", 2)
    assert row["digest"].startswith("1:")
    assert row["published"]
    run = next(iter(db().query("select * from runs where command = 'forget'")))
    assert (run["reason"], run["site"]) == ("finished", "paper")


def test_it_does_not_come_back(
    story: str, folder: Path, newsarchive: Run, crawl: Crawl, paper: Newspaper, db: Read
) -> None:
    number = db().conn.execute("select max(id) from articles").fetchone()[0]
    newsarchive("forget", story, "--reason", "сот")
    paper.edit("qupiya", append="Және тағы бір сөйлем.")
    paper.add("basqa-habar", "Басқа хабар", "Бүгін ауылда жаңа мектеп ашылды, балалар қуанды. " * 20)
    assert crawl("--full").startswith("paper: 1 new")
    left = everything(folder)
    assert [form for form in forms(SECRET) if form in left] == []
    assert db().conn.execute("select state, article from urls where url = ?", (story,)).fetchone() == (
        "forgotten",
        None,
    )
    assert "was taken down" in newsarchive("fetch", story, code=1).stderr
    assert SECRET in newsarchive("fetch", story, "--no-store").stdout
    assert [form for form in forms(SECRET) if form in everything(folder)] == []
    new = db().conn.execute("select id from articles where url like '%basqa-habar%'").fetchone()[0]
    assert new > number
    assert problems(folder) == []


def test_another_address_of_it_is_refused_and_its_capture_purged(
    story: str, folder: Path, newsarchive: Run, paper: Newspaper, db: Read
) -> None:
    newsarchive("forget", story, "--reason", "сот")
    other = f"{story}?from=elsewhere&x=1"
    newsarchive("fetch", other, code=None)
    assert [form for form in forms(SECRET) if form in everything(folder)] == []
    assert db().conn.execute("select count(*) from articles where url like '%qupiya%'").fetchone() == (0,)
    assert problems(folder) == []


def killed_at(module: ModuleType, name: str, command: list[str], *, after: bool) -> int:
    """Run a command in a fork that is killed before or after it calls a function; gives how it ended."""
    child = os.fork()
    if child == 0:
        real = getattr(module, name)

        def killed(*arguments: object, **options: object) -> None:
            if after:
                real(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        try:
            setattr(module, name, killed)
            sys.argv = command
            main()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_crash_at_any_moment_loses_nothing(old_story: str, folder: Path, newsarchive: Run, db: Read) -> None:
    """Killed after each write: before the database agrees all is as it was, afterwards the next try ends it."""
    writes = [
        (captures, "rewrite"),
        (takedown, "write_forgotten"),
        (takedown, "finish_run"),
        (removal, "clear_free_space"),
    ]
    for step, (module, name) in enumerate(writes):
        command = ["newsarchive", "--archive", str(folder), "forget", old_story, "--reason", "сот"]
        assert killed_at(module, name, command, after=step < 2) == -signal.SIGKILL
        (kept,) = db().conn.execute("select count(*) from articles where url = ?", (old_story,)).fetchone()
        assert kept == (step < 2)
        assert problems(folder) == [], step
    newsarchive("forget", old_story, "--reason", "сот")
    assert [form for form in forms(SECRET) if form in everything(folder)] == []
    assert problems(folder) == []


def test_a_picture_goes_unless_another_article_shows_it(old_story: str, folder: Path, newsarchive: Run) -> None:
    db = open_archive(folder)
    (article,) = db.conn.execute("select id from articles where url = ?", (old_story,)).fetchone()
    (other,) = db.conn.execute("select max(id) from articles where id <> ?", (article,)).fetchone()
    names = []
    for number, data in enumerate((b"own picture", b"shared picture")):
        digest = hashlib.sha256(data).hexdigest()
        path = folder / "images" / f"{digest}.jpg"
        path.write_bytes(data)
        names.append(path.name)
        image = db.conn.execute(
            "insert into images (url, sha256, state) values (?, ?, 'kept') returning id",
            (f"https://a.kz/{number}.jpg", digest),
        ).fetchone()[0]
        for shower in [article, *([other] if number else [])]:
            db.conn.execute(
                "insert into article_images (article, position, image) values (?, ?, ?)", (shower, 50 + number, image)
            )
    db.conn.commit()
    db.close()
    newsarchive("forget", old_story, "--reason", "сот")
    assert [path.name for path in (folder / "images").iterdir()] == [names[1]]


def test_an_address_that_was_never_stored_is_not_stored_later(
    crawl: Crawl, paper: Newspaper, newsarchive: Run, db: Read
) -> None:
    crawl("--limit", "1")
    story = next(
        s
        for s in paper.posts()
        if s.kind == "post"
        and not db().conn.execute("select 1 from articles where url = ?", (paper.address(s),)).fetchone()
    )
    newsarchive("forget", paper.address(story), "--reason", "өтініш")
    crawl()
    assert db().conn.execute("select 1 from articles where url = ?", (paper.address(story),)).fetchone() is None


def test_other_tools_cannot_bring_it_back(old_story: str, newsarchive: Run, folder: Path) -> None:
    newsarchive("forget", old_story, "--reason", "сот")
    db = sqlite3.connect(folder / "archive.db")
    db.execute("update urls set state = 'listed', hints = '{\"title\": \"x\"}' where url = ?", (old_story,))
    assert db.execute("select state, hints from urls where url = ?", (old_story,)).fetchone() == ("forgotten", "{}")
    (key,) = db.execute("select key from urls where url = ?", (old_story,)).fetchone()
    with pytest.raises(sqlite3.IntegrityError, match="taken down"):
        db.execute(
            "insert into articles (site, url, key, first_seen, last_seen) values ('paper', ?, ?, '', '')",
            (old_story, key),
        )


@pytest.mark.parametrize(
    "text",
    [
        "<h2>Зымырауықтың құпиясы ашылды</h2>",
        r'[{"title": {"rendered": "\u0417\u044b\u043c\u044b\u0440\u0430\u0443\u044b\u049b\u0442\u044b\u04a3 \u049b\u04b1\u043f\u0438\u044f\u0441\u044b \u0430\u0448\u044b\u043b\u0434\u044b"}}]',
        "<item><title><![CDATA[Зымырауықтың құпиясы ашылды]]></title></item>",
        "<description>&lt;p&gt;Зымырауықтың&amp;nbsp;құпиясы &lt;b&gt;ашылды&lt;/b&gt;&lt;/p&gt;</description>",
    ],
)
def test_a_text_is_known_again_however_it_is_written(text: str) -> None:
    traces = Traces(
        ["Ауылда бұл туралы көп айтылды, бірақ ешкім көрген жоқ."], ["Зымырауықтың құпиясы ашылды"], ["https://a.kz/q/"]
    )
    assert traces.in_text(text)
    assert not traces.in_text(text.replace("ашыл", "жабыл").replace(r"\u0430\u0448", r"\u0436"))


def test_a_short_headline_counts_only_beside_its_address() -> None:
    traces = Traces(["Су."], ["Су"], ["https://a.kz/su-keldi/"])
    assert not traces.in_text("<p>Су тасыды</p>")
    assert traces.in_text('<p><a href="https://a.kz/su-keldi/">Су</a></p>')


def test_a_revisit_of_what_goes_keeps_its_payload(folder: Path, newsarchive: Run) -> None:
    """Another address gave the very same bytes, and so was written as a revisit of them."""
    db = open_archive(folder)
    save_site(db, Site(name="a.kz", url="https://a.kz/"))
    run = start_run(db, "fetch", "a.kz")
    body = b"<p>not found</p>"
    writer = CaptureWriter(folder / "warc", "a-1")
    first = writer.write(
        RecordedResponse(url="https://a.kz/x", status=404, headers=[("Content-Type", "text/html")], body=body)
    )
    other = writer.write(RecordedResponse(url="https://a.kz/z", status=200, headers=[], body=b"other"))
    writer.close()
    head = StatusAndHeaders("404 Not Found", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    record = WARCWriter(BytesIO(), gzip=True, warc_version="1.1").create_revisit_record(
        "https://a.kz/y",
        "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode(),
        "https://a.kz/x",
        first.time,
        head,
        {"WARC-Date": "2025-01-01T00:00:00Z"},
    )
    with open(writer.path, "ab") as file:
        offset = file.tell()
        WARCWriter(file, gzip=True, warc_version="1.1").write_record(record)
        length = file.tell() - offset
    revisit = dataclasses.replace(
        first, url="https://a.kz/y", time="2025-01-01T00:00:00Z", offset=offset, length=length
    )
    for capture in (first, other, revisit):
        save_capture(db, capture, run)
    record_warc(db, writer.path)
    finish_run(db, run, reason="finished", counts={})
    assert problems(folder) == []
    newsarchive("forget", "https://a.kz/x", "--reason", "өтініш")
    assert problems(folder) == []
    rows = db.conn.execute("select warc, offset from captures where url = 'https://a.kz/y'").fetchall()
    page = read_capture(folder / "warc", warc=rows[0][0], offset=rows[0][1])
    assert (page.url, page.status, page.body) == ("https://a.kz/y", 404, body)
    assert db.conn.execute("select url from captures order by offset").fetchall() == [
        ("https://a.kz/z",),
        ("https://a.kz/y",),
    ]
    assert (
        subprocess.run(
            [str(Path(sys.executable).parent / "warcio"), "check", str(folder / "warc" / rows[0][0])]
        ).returncode
        == 0
    )


def test_a_listing_names_an_address_however_it_writes_it(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    save_site(db, Site(name="a", url="https://a.kz/"))
    mark_forgotten(db, ["https://a.kz/қала/"], site="a", time="2025-01-01T00:00:00Z", reason="сот")
    forgotten = ForgottenAddresses(db)
    assert forgotten.has("http://www.a.kz/%D2%9B%D0%B0%D0%BB%D0%B0")
    for text in ("<loc>https://a.kz/%d2%9bала/</loc>", r'"link":"https:\/\/a.kz\/қала\/"', 'href="/қала"'):
        assert forgotten.named_in(text), text
    for text in ("https://a.kz/қала-жаңа/", "https://a.kz/қалаға/", "қала"):
        assert not forgotten.named_in(text), text


def test_a_crawl_stays_cheap_when_the_site_takes_it_down_too(
    story: str, newsarchive: Run, crawl: Crawl, paper: Newspaper, db: Read
) -> None:
    newsarchive("forget", story, "--reason", "сот")
    crawl()
    paper.delete("qupiya")
    crawl()
    paper.requests.clear()
    assert crawl().startswith("paper: 0 new, 0 changed, 0 gone, 0 failed")
    assert len(paper.requests) <= 5
    row = db().conn.execute("select sum(listed - archived - not_article) from coverage where failed = 0").fetchone()
    assert row == (0,)


def test_a_fetch_that_repeats_what_goes_meanwhile_leaves_nothing(
    paper: Newspaper, newsarchive: Run, folder: Path, db: Read
) -> None:
    paper.counter = False
    first, second = [paper.address(s) for s in paper.posts() if len(s.pages) == 1 and s.image][:2]
    newsarchive("fetch", first)
    answer = paper.answer
    said = []

    def meanwhile(path: str, headers: dict[str, str]) -> Answer:
        if not said and second.endswith(path):
            said.append(newsarchive("forget", first, "--reason", "өтініш").stdout)
        return answer(path, headers)

    paper.answer = meanwhile  # type: ignore[method-assign]
    failed = newsarchive("fetch", first, second, "--images", "all", code=1)
    assert "taken down meanwhile, so nothing was stored; fetch it again" in failed.stderr
    assert said
    assert len(list((folder / "warc").iterdir())) == 1  # the first fetch, rewritten
    assert db()["articles"].count == 0
    newsarchive("check")
    newsarchive("fetch", second, "--images", "all")
    assert db()["articles"].count == 1
    newsarchive("check")


def test_an_original_whose_number_another_capture_has_by_now_is_lost(folder: Path) -> None:
    db = open_archive(folder)
    writer = CaptureWriter(folder / "warc", "a-1")
    one, other = (
        writer.write(RecordedResponse(url=f"https://a.kz/{n}", status=200, headers=[], body=n.encode())) for n in "xy"
    )
    writer.close()
    again = dataclasses.replace(one, refers_to=save_capture(db, one, None))
    assert lost_originals(db, [one, again]) == []
    db.conn.execute("delete from captures")
    assert save_capture(db, other, None) == again.refers_to
    assert lost_originals(db, [one, again]) == [again]
    db.close()
