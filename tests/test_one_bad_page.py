"""One page that cannot be stored, or read again after an upgrade, costs no other page and is never counted as nothing."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import open_archive
from newsarchive.demo import Newspaper
from tests.hosts import serve_host
from tests.test_importing import URL, page, recording

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]
MORE = "Кеш бойы жаңбыр жауды."


def refuse(folder: Path, title: str) -> None:
    """From now on the database refuses one article's revisions, as it would for a value that it cannot hold."""
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute(
            f"create trigger refuse before insert on revisions when new.title = '{title}'"
            " begin select raise(abort, 'this one is refused'); end"
        )
    db.close()


def upgrade(folder: Path) -> None:
    """All that is stored was made by an earlier version."""
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("update revisions set options_digest = 'older'")
    db.close()


def spoil(folder: Path, title: str) -> None:
    """Put in place of the capture of an article one whose body is cut short: extracting it raises."""
    writer = CaptureWriter(folder / "warc", "spoilt")
    body = gzip.compress(b"<p>" + b"0123456789abcdef" * 4096)[:-40]
    headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    made = writer.write(RecordedResponse(url="http://127.0.0.1/", status=200, headers=headers, body=body))
    writer.close()
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute(
            "update captures set warc = ?, offset = ?, length = ? where id in (select p.capture from revisions r"
            " join revision_captures p on p.revision = r.id where r.title = ?)",
            (made.warc, made.offset, made.length, title),
        )
    db.close()


def test_a_page_that_cannot_be_stored_costs_no_other_page_of_a_crawl(
    paper: Newspaper, folder: Path, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    crawl()
    bad, *good = paper.posts()[:6]
    refuse(folder, bad.title)
    for story in (bad, *good):
        paper.edit(story.slug, append=MORE)
    done = newsarchive("crawl", "paper", code=1)
    assert f" {len(good)} changed" in done.stdout
    assert " 1 failed" in done.stdout
    assert "this one is refused" in done.stderr
    archive = db()
    rows = archive.conn.execute("select title from articles where body like ?", [f"%{MORE}"]).fetchall()
    assert {title for (title,) in rows} == {story.title for story in good}
    found = archive.conn.execute("select a.id from stems s join articles a on a.id = s.id where s.body like '%жауды%'")
    assert len(found.fetchall()) >= len(good)
    (reason, due) = archive.conn.execute(
        "select u.reason, u.next_visit from urls u join articles a on a.key = u.key where a.title = ?", [bad.title]
    ).fetchone()
    assert "this one is refused" in reason
    assert due
    captured = "select count(*) from captures c join articles a on a.url = c.url where a.title = ?"
    assert archive.conn.execute(captured, [bad.title]).fetchone() == (2,)
    (counts,) = archive.conn.execute("select counts from runs order by id desc").fetchone()
    assert json.loads(counts)["failed"] == 1


@pytest.mark.parametrize("dated", [True, False])
def test_after_an_upgrade_a_capture_that_breaks_extraction_costs_no_page_and_makes_no_edit_up(
    paper: Newspaper, folder: Path, crawl: Crawl, newsarchive: Run, db: Read, dated: bool
) -> None:
    crawl()
    bad, *good = paper.posts()[:6]
    upgrade(folder)
    spoil(folder, bad.title)
    for story in (bad, *good):
        paper.edit(story.slug, append=MORE)
    if not dated:  # of its time of change nothing is known
        with sqlite3.connect(folder / "archive.db") as archive:
            archive.execute("update revisions set modified = '9999-01-01T00:00:00Z'")
    changed = len(good) + dated
    assert f" {changed} changed, 0 gone, 0 failed" in newsarchive("crawl", "paper").stdout
    kept = db()
    rows = kept.conn.execute("select title from articles where body like ?", [f"%{MORE}"]).fetchall()
    assert {title for (title,) in rows} == {story.title for story in (bad, *good)}
    kinds = kept.conn.execute("select kind from revisions where title = ? order by number", [bad.title]).fetchall()
    assert [kind for (kind,) in kinds] == ["first", "substantive" if dated else "reextracted"]
    noted = kept.conn.execute(
        "select x.outcome, x.reason from reextractions x join revisions r on r.id = x.revision where r.title = ?",
        [bad.title],
    ).fetchall()
    assert [outcome for outcome, _ in noted] == ["failed"]
    assert "cut short" in noted[0][1]
    kept.close()
    again = newsarchive("crawl", "paper", "--full").stdout
    assert " 0 changed" in again
    newsarchive("reextract", code=1 if dated else 0)  # the spoilt capture is still named where it alone is kept
    body = "select body from articles where title = ?"
    assert db().conn.execute(body, [bad.title]).fetchone()[0].endswith(MORE)


def test_a_page_that_cannot_be_stored_costs_no_other_page_of_an_import(
    newsarchive: Run, folder: Path, tmp_path: Path, db: Read
) -> None:
    newsarchive("import", "--any-site", str(recording(tmp_path / "a.warc.gz", ("2020-01-01T08:00:00Z", page("Бір")))))
    refused = page("Екі").replace(b"<h1>\xd0\x96\xd0\xb0\xd2\xa3\xd0\xb1\xd1\x8b\xd1\x80</h1>", b"<h1>Refused</h1>")
    refused = refused.replace("<title>Жаңбыр".encode(), b"<title>Refused")
    refuse(folder, "Refused")
    pages = [("2020-01-02T08:00:00Z", refused), ("2020-01-03T08:00:00Z", page("Үш"))]
    done = newsarchive("import", "--any-site", str(recording(tmp_path / "b.warc.gz", *pages)), code=1)
    assert "1 changed" in done.stdout
    assert "1 failed" in done.stdout
    assert f"{URL} of 2020-01-02T08:00:00Z: could not be stored" in done.stderr
    assert db().conn.execute("select count(*) from captures").fetchone() == (3,)
    numbers = [body.split()[0] for (body,) in db().conn.execute("select body from revisions order by number")]
    assert numbers == ["Бір", "Үш"]


def test_a_reading_that_cannot_be_stored_costs_no_other_of_a_reextraction(
    paper: Newspaper, folder: Path, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    crawl()
    bad = next(story for story in paper.posts() if story.lead)
    profile = folder / "sites" / "paper.toml"
    profile.write_text(profile.read_text(encoding="utf-8") + '\n[extraction]\ndrop = ["p.standfirst"]\n')
    refuse(folder, bad.title)
    done = newsarchive("reextract", "--json", code=1)
    (result,) = json.loads(done.stdout)
    assert result["counts"]["failed"] == 1
    assert result["counts"]["changed"] > 1
    outcomes = dict(db().conn.execute("select outcome, count(*) from reextractions group by outcome").fetchall())
    assert outcomes["failed"] == 1
    assert outcomes["changed"] == result["counts"]["changed"]


@pytest.mark.parametrize(
    "more",
    [r',"keywords":["\udfff су"],"author":{"name":"Айгүл \ud83d Серік"}', ',"x":' + "9" * 6000, ',"x":1e9999'],
    ids=["halves", "digits", "infinite"],
)
def test_a_hostile_value_in_metadata_is_no_reason_to_lose_the_page(
    newsarchive: Run, tmp_path: Path, db: Read, more: str
) -> None:
    data = r'<script type="application/ld+json">{"@type":"NewsArticle","headline":"Жаңбыр \ud800 жауды"' + more
    body = page("Бір").replace(b"</head>", (data + "}</script></head>").encode())
    newsarchive("import", "--any-site", str(recording(tmp_path / "a.warc.gz", ("2020-01-01T08:00:00Z", body))))
    assert db().conn.execute("select count(*) from articles where body like '%Бір%'").fetchone() == (1,)


def test_a_fetch_after_an_upgrade_reads_what_it_compares_with_again(
    paper: Newspaper, folder: Path, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    crawl()
    bad, good = paper.posts()[:2]
    upgrade(folder)
    spoil(folder, bad.title)
    newsarchive("fetch", *(paper.address(story) for story in (bad, good)))
    assert db().conn.execute("select count(*) from changes").fetchone() == (0,)


def refuse_picture(folder: Path, name: str) -> None:
    """From now on the database refuses the files of one picture."""
    open_archive(folder).close()
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute(
            "create trigger refuse before insert on image_versions"
            f" when (select url from images where id = new.image) like '%{name}%'"
            " begin select raise(abort, 'this one is refused'); end"
        )
    db.close()


def pictures(folder: Path) -> dict[str, str]:
    """The state of each picture that was asked for, by its file's name."""
    with sqlite3.connect(folder / "archive.db") as db:
        rows = db.execute("select url, state from images where state <> ''").fetchall()
    db.close()
    return {url.rpartition("/")[2]: state for url, state in rows}


def test_a_picture_that_cannot_be_stored_costs_itself_alone_in_a_fetch_and_an_import(
    paper: Newspaper, folder: Path, newsarchive: Run, tmp_path: Path, db: Read
) -> None:
    bad, good = [story for story in paper.posts() if story.image][:2]
    refuse_picture(folder, Path(bad.image).stem)
    addresses = [paper.address(bad), paper.address(good)]
    done = newsarchive("fetch", "--images", "lead", *addresses, code=1)
    assert f"{Path(bad.image).stem}" in done.stderr
    assert "this one is refused" in done.stderr
    assert "1 failed, 1 new" in done.stderr
    states = {bad.image: "failed", good.image: "kept"}
    assert pictures(folder) == states
    assert db().conn.execute("select count(*) from articles").fetchone() == (2,)
    copy = tmp_path / "copy"
    refuse_picture(copy, Path(bad.image).stem)
    done = newsarchive("--archive", str(copy), "import", "--any-site", str(folder / "warc"), code=1)
    assert "images: 1 failed, 1 new" in done.stdout
    assert "this one is refused" in done.stderr
    assert pictures(copy) == states


CRASH = """
import lxml.html, os, signal
def crash(data, **options):
    if b"crashes the parser" in data:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(data, **options)
real, lxml.html.document_fromstring = lxml.html.document_fromstring, crash
"""


def test_a_page_that_crashes_a_parser_ends_neither_a_fetch_nor_a_small_import(
    newsarchive: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    fatal = page("Екі").replace(b"</article>", b"<p>crashes the parser</p></article>")
    (tmp_path / "fatal.html").write_bytes(fatal)
    said = newsarchive("fetch", str(tmp_path / "fatal.html"), "--url", URL, code=1).stderr
    assert "extraction crashed or hung on this page" in said
    with serve_host(pages=2, special={"/uy-1/": lambda _hit: (200, {"Content-Type": "text/html"}, fatal)}) as host:
        done = newsarchive("fetch", f"{host.url}uy-0/", f"{host.url}uy-1/", code=1)
    assert "Жаңа үйлер салынды, 0 күн" in done.stdout
    assert "extraction crashed or hung on this page" in done.stderr
    pages = [("2020-01-02T08:00:00Z", fatal), ("2020-01-03T08:00:00Z", page("Үш"))]
    done = newsarchive("import", "--any-site", str(recording(tmp_path / "a.warc.gz", *pages)), code=1)
    assert "1 new" in done.stdout
    assert "1 failed" in done.stdout
