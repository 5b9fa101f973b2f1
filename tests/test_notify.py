"""Who is told of what: once when it begins, once when it ends, and never of what is withheld."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlite_utils import Database

from newsarchive.cli.crawl_results import CrawlReport, Joining
from newsarchive.cli.notifying import begin_telling
from newsarchive.cli.terminal import Archive
from newsarchive.configuration import News, Notify, read_configuration
from newsarchive.crawling.outcomes import Outcome
from newsarchive.database import lock_archive, open_archive, save_article, save_site, start_run
from newsarchive.database.alerts import Alert, AlertKey, note_alerts
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.locking import request_sites
from newsarchive.database.revisions import Provenance
from newsarchive.demo import Newspaper
from newsarchive.items import Article
from newsarchive.notify import MissingExtra, deliver, prepare, send
from newsarchive.notify.messages import Message
from newsarchive.sites import Site
from newsarchive.takedown import forget
from newsarchive.text.search_text import make_search_text

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]

SECRET = "hunter2secret"
SITE = Site(name="a", url="https://a.kz/", timezone="Asia/Almaty")


class Hook(BaseHTTPRequestHandler):
    """A web hook: keeps the messages that it is sent."""

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Hooks)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.came.append(body)
        server.before_answer()
        self.send_response(server.status)
        self.end_headers()
        if server.status == 200:
            server.got.append(body)

    def log_message(self, *_: object) -> None:
        pass


class Hooks(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.status = 200
        self.came: list[dict[str, str]] = []
        self.got: list[dict[str, str]] = []
        self.before_answer: Callable[[], object] = lambda: None

    @property
    def address(self) -> str:
        return f"json://{self.server_address[0]}:{self.server_address[1]}/{SECRET}"

    @property
    def texts(self) -> list[str]:
        return [f"{body['title']}\n{body['message']}" for body in self.got]


@pytest.fixture
def hook() -> Iterator[Hooks]:
    with Hooks() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Mailbox:
    """A mail server that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        self.port = 0

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[attr-defined]
        text = mail.get_body(("plain",))
        assert text is not None
        self.mails.append((str(mail["Subject"]), text.get_content()))
        return "250 OK"


def configure(folder: Path, to: dict[str, str], more: str = "") -> Notify:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'{name} = "{address}"\n' for name, address in to.items())
    path = folder / "newsarchive.toml"
    path.write_text(f"[notify.to]\n{lines}{more}", encoding="utf-8")
    path.chmod(0o600)
    return read_configuration(folder).notify


# Alerts


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server on loopback."""
    box = Mailbox()
    with socket.socket() as holder:  # keeps the port ours
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        box.port = holder.getsockname()[1]
        server = Controller(box, hostname="127.0.0.1", port=box.port)
        server.start()
        yield box
        server.stop()


def test_a_block_is_told_once_when_it_begins_and_once_when_it_ends(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, hook: Hooks, mailbox: Mailbox
) -> None:
    crawl()
    post = f"mailto://127.0.0.1:{mailbox.port}?from=archive@gazeta.kz&to=desk@gazeta.kz"
    configure(folder, {"phone": hook.address, "desk": post})
    crawl()
    assert (hook.got, mailbox.mails) == ([], [])
    paper.captcha = True
    for _ in range(2):
        crawl(code=1)
        assert len(hook.got) == len(mailbox.mails) == 1
    for text in (hook.texts[0], "\n".join(mailbox.mails[0])):
        assert "paper: the site keeps us out" in text
        assert text.startswith("newsarchive: ")
    lasting = {row["code"]: row["sentence"] for row in json.loads(newsarchive("status", "--json").stdout)["alerts"]}
    assert "This is a block, not a silence" in lasting["blocked"]
    assert "silence" not in lasting
    assert "This is a block" in newsarchive("status").stdout
    paper.captcha = False
    crawl()
    left = {row["code"] for row in json.loads(newsarchive("status", "--json").stdout)["alerts"]}
    assert left <= {"source"}, "one that was not read again yet is not known to work"
    newsarchive("notify")
    assert len(hook.got) == len(mailbox.mails) == 2
    for text in (hook.texts[1], "\n".join(mailbox.mails[1])):
        assert re.search(r"Over since .* UTC, paper: the site keeps us out", text)
    newsarchive("check")


@pytest.fixture
def db(folder: Path) -> Iterator[Database]:
    archive = open_archive(folder)
    save_site(archive, SITE)
    yield archive
    archive.close()


def begin(db: Database, code: str = "gap", sentence: str = "news was lost") -> None:
    note_alerts(db, "a", [Alert(sentence, code=code)], time="2999-01-01T00:00:00Z")


def test_what_cannot_be_sent_is_said_and_sent_by_the_next_run(
    db: Database, folder: Path, newsarchive: Run, hook: Hooks
) -> None:
    configure(folder, {"phone": hook.address})
    begin(db)
    hook.status = 500
    for options in ((), ("-vv",)):
        done = newsarchive(*options, "notify", code=1)
        assert "phone could not be told" in done.stderr
        assert SECRET not in done.stderr + done.stdout
    hook.status = 200
    newsarchive("notify")
    newsarchive("notify")
    assert len(hook.got) == 1
    assert "a: news was lost" in hook.texts[0]
    others = [path for path in folder.rglob("*") if path.is_file() and path.name != "newsarchive.toml"]
    assert [path for path in others if SECRET.encode() in path.read_bytes()] == []


def test_one_that_cannot_be_reached_keeps_nothing_from_the_others(
    db: Database, folder: Path, newsarchive: Run, hook: Hooks
) -> None:
    configure(folder, {"nobody": f"nosuch://{SECRET}", "lost": f"json://127.0.0.1:9/{SECRET}", "phone": hook.address})
    begin(db)
    said = newsarchive("notify", code=1).stderr
    assert len(hook.got) == 1
    assert "nobody could not be told (Apprise does not know such an address" in said
    assert re.search(r"lost could not be told \(.*Connection refused.*; the next run tries again", said)
    assert SECRET not in said
    assert newsarchive("notify", "--test", code=1).stdout == "phone: sent\n"
    assert "a test" in hook.texts[1]


def test_an_alert_that_ended_before_it_could_be_told_is_told_as_both(db: Database, folder: Path, hook: Hooks) -> None:
    notify = configure(folder, {"phone": hook.address})
    prepare(folder, notify)
    begin(db)
    note_alerts(db, "a", [], well=[AlertKey("gap")], time="2999-01-02T00:00:00Z")
    assert deliver(folder, notify) == (1, [])
    assert "Over since 2999-01-02 00:00 UTC, a: news was lost (since 2999-01-01 00:00 UTC)" in hook.texts[0]
    assert deliver(folder, notify) == (0, [])


def test_who_is_told_from_now_on_is_told_of_what_lasts_alone(db: Database, folder: Path, hook: Hooks) -> None:
    note_alerts(
        db, "a", [Alert("old and over", code="old"), Alert("old, lasts", code="lasts")], time="2020-01-01T00:00:00Z"
    )
    note_alerts(db, "a", [], well=[AlertKey("old")], time="2020-01-02T00:00:00Z")
    notify = configure(folder, {"phone": hook.address})
    deliver(folder, notify)
    (text,) = hook.texts
    assert "old, lasts" in text
    assert "old and over" not in text


def test_alerts_go_to_those_named(db: Database, folder: Path, hook: Hooks) -> None:
    begin(db)
    notify = configure(folder, {"phone": hook.address, "desk": hook.address}, '[notify]\nalerts = ["desk"]\n')
    assert deliver(folder, notify) == (1, [])
    assert deliver(folder, Notify(to=notify.to, alerts=())) == (0, [])


def test_killed_between_sending_and_recording_one_message_comes_twice(db: Database, folder: Path, hook: Hooks) -> None:
    configure(folder, {"phone": hook.address})
    begin(db)
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), "notify"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    hook.before_answer = lambda: (os.kill(process.pid, signal.SIGKILL), process.wait())
    process.wait(60)
    assert process.stderr is not None
    process.stderr.close()
    assert process.returncode == -signal.SIGKILL
    hook.before_answer = lambda: None
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert len(hook.came) == 2


def test_two_at_once_tell_it_once(db: Database, folder: Path, hook: Hooks) -> None:
    notify = configure(folder, {"phone": hook.address})
    begin(db)
    sent: list[tuple[int, list[str]]] = []
    second = threading.Thread(target=lambda: sent.append(deliver(folder, notify)))
    hook.before_answer = second.start
    sent.append(deliver(folder, notify))
    second.join(60)
    assert sorted(number for number, _ in sent) == [0, 1]
    assert len(hook.got) == 1


def test_without_apprise_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(MissingExtra, match=r"pip install \"newsarchive\[notify\]\""):
        send("json://127.0.0.1:9/", Message(title="x", body="y"))


def test_nobody_to_tell_is_an_error(newsarchive: Run, folder: Path) -> None:
    assert "has no [notify.to]" in newsarchive("notify", code=2).stderr
    configure(folder, {"phone": "json://127.0.0.1:9/"}, f'[[notify.news]]\nname = "x"\nsearch = "{"(" * 30}а"\n')
    said = newsarchive("crawl", code=2).stderr
    assert "[[notify.news]] x: search: The query has 30 levels" in said


def test_a_digest_about_no_site_is_reported(newsarchive: Run, folder: Path, hook: Hooks, db: Database) -> None:
    news(folder, hook, 'sites = ["ortalyq", "nosuch"]\n')
    said = newsarchive("notify", code=1).stderr
    assert "[[notify.news]] n: sites: there is no site “nosuch”." in said
    assert "ortalyq" not in said


def test_a_crawl_that_systemd_saw_fail_is_told_unless_it_told_itself(
    db: Database, folder: Path, newsarchive: Run, hook: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(folder, {"phone": hook.address})
    for kind, status in (("exited", "1"), ("killed", "KILL"), ("killed", "KILL")):
        monkeypatch.setenv("MONITOR_EXIT_CODE", kind)
        monkeypatch.setenv("MONITOR_EXIT_STATUS", status)
        newsarchive("notify", "--after-failure")
    (text,) = hook.texts
    assert "the archive: a scheduled crawl was killed (KILL)" in text


# News


def publish(db: Database, slug: str, title: str, *, body: str = "", time: str = "2025-02-18T05:00:00Z") -> int:
    """Store an article, or another content of it; return its number."""
    run = start_run(db, "crawl", "a")
    url = f"https://a.kz/{slug}/"
    article = Article(
        url=url, site="a", title=title, body=(body or "Ауылда жаңа мектеп салынып жатыр. ") * 5, published=time
    )
    text = make_search_text(title=title, lead=None, body=article.body, authors=[], language="kk")
    save_article(db, article, site=SITE, urls=[url], provenance=Provenance(time=time, run=run), search_text=text)
    return int(db.conn.execute("select id from articles where url = ?", (url,)).fetchone()[0])


def news(folder: Path, hook: Hooks, keys: str = "") -> Notify:
    return configure(folder, {"phone": hook.address}, f'[[notify.news]]\nname = "n"\nevery = "run"\n{keys}')


def test_a_digest_has_what_is_new_since_the_last(db: Database, folder: Path, hook: Hooks) -> None:
    publish(db, "old", "Ескі хабар")
    notify = news(folder, hook)
    assert deliver(folder, notify) == (0, [])
    publish(db, "su", "Су тасыды")
    publish(db, "old", "Ескі хабар өзгерді", time="2025-02-19T05:00:00Z")
    deliver(folder, notify)
    (text,) = hook.texts
    assert "newsarchive, n: 1 new article, 1 edited headline" in text
    assert "Су тасыды\n2025-02-18, a: https://a.kz/su/" in text
    assert "Ескі хабар өзгерді\nbefore: Ескі хабар\na: https://a.kz/old/" in text
    db.conn.execute("update articles set gone = '2020-01-01T00:00:00Z' where title = 'Су тасыды'")
    db.conn.commit()
    deliver(folder, notify)
    deliver(folder, notify)
    assert len(hook.texts) == 2
    assert "newsarchive, n: 1 deleted article\n" in hook.texts[1]


def test_a_digest_keeps_to_its_search_and_sites(db: Database, folder: Path, hook: Hooks) -> None:
    notify = news(folder, hook, 'search = "title:тасқын*"\n')
    elsewhere = news(folder, hook, 'sites = ["b"]\n')
    prepare(folder, notify)
    publish(db, "x", "Мектеп ашылды")
    assert deliver(folder, notify) == (0, [])
    publish(db, "y", "Тасқынның зардабы")
    assert deliver(folder, elsewhere) == (0, [])
    publish(db, "z", "Тасқыннан кейін")
    deliver(folder, notify)
    assert "1 new article\n\nТасқыннан кейін" in hook.texts[0]


def test_a_digest_that_could_not_be_sent_comes_whole_with_the_next(db: Database, folder: Path, hook: Hooks) -> None:
    notify = news(folder, hook)
    prepare(folder, notify)
    publish(db, "x", "Бірінші")
    hook.status = 503
    assert deliver(folder, notify)[0] == 0
    publish(db, "y", "Екінші")
    hook.status = 200
    deliver(folder, notify)
    assert "2 new articles" in hook.texts[0]


def test_a_daily_digest_waits_for_the_next_day(db: Database, folder: Path, hook: Hooks) -> None:
    notify = Notify(to={"phone": hook.address}, news=(News(name="n", every="day"),))
    prepare(folder, notify)
    publish(db, "x", "Бірінші")
    assert deliver(folder, notify) == (0, [])
    db.conn.execute("update digests set time = '2020-01-01T00:00:00Z'")
    db.conn.commit()
    assert deliver(folder, notify) == (1, [])
    publish(db, "y", "Екінші")
    assert deliver(folder, notify) == (0, [])


def test_nothing_withheld_is_ever_in_a_message(db: Database, folder: Path, hook: Hooks) -> None:
    notify = news(folder, hook)
    prepare(folder, notify)
    secret = publish(db, "qupiya", "Құпия тақырып")
    taken = publish(db, "alynghan", "Алынған тақырып")
    publish(db, "ashyq", "Ашық тақырып")
    publish(db, "qupiya", "Құпия тақырып өзгерді", time="2025-02-19T05:00:00Z")
    begin(db, sentence="the layout may have changed; bad: https://a.kz/qupiya/, good: https://a.kz/alynghan/")
    hook.status = 500
    deliver(folder, notify)
    hook.status, hook.came[:] = 200, []
    embargo_article(db, secret, until=date(2999, 1, 1))
    db.conn.execute("update articles set gone = '2025-02-20T00:00:00Z' where id in (?, ?)", (secret, taken))
    with lock_archive(folder):
        forget(db, folder, article=taken, site="a", url="https://a.kz/alynghan/", reason="asked")
    db.conn.commit()
    assert deliver(folder, notify)[1] == []
    text = "\n".join(hook.texts)
    assert "1 new article\n\nАшық тақырып" in text
    assert [word for word in ("Құпия", "qupiya", "Алынған", "alynghan") if word in text] == []
    assert "an alert whose details are withheld" in text


def test_an_article_after_a_takedown_of_the_newest_is_news(db: Database, folder: Path, hook: Hooks) -> None:
    """SQLite gives the highest number again after its row was deleted."""
    notify = news(folder, hook)
    prepare(folder, notify)
    taken = publish(db, "x", "Бірінші")
    deliver(folder, notify)
    with lock_archive(folder):
        forget(db, folder, article=taken, site="a", url="https://a.kz/x/", reason="asked")
    db.conn.commit()
    publish(db, "y", "Екінші")
    deliver(folder, notify)
    assert "Екінші" in hook.texts[-1]


def test_the_first_crawl_is_news_where_someone_is_told_from_the_beginning(
    crawl: Crawl, folder: Path, hook: Hooks, paper: Newspaper
) -> None:
    news(folder, hook)
    paper.stories = [story for story in paper.stories if story.kind == "post"][:5]
    crawl()
    (text,) = hook.texts
    assert "newsarchive, n: 5 new articles" in text
    with closing(open_archive(folder)) as db:
        titles = [title for (title,) in db.conn.execute("select title from articles")]
    assert len([title for title in titles if title in text]) == 5


def crawl_that_others_join(folder: Path, hook: Hooks) -> tuple[Archive, CrawlReport, Joining]:
    """A crawl in which one site has ended."""
    told = configure(folder, {"desk": hook.address})
    archive = Archive(folder=folder, quiet=True)
    begin_telling(archive, told)
    results = CrawlReport(archive, as_json=True)
    results.add(Outcome(site="a", problems=["the disk is full"]))
    return archive, results, Joining(archive, told, results)


def test_people_are_told_of_the_sites_that_have_ended_when_others_join(folder: Path, hook: Hooks) -> None:
    _archive, results, joining = crawl_that_others_join(folder, hook)
    assert joining() == []
    assert hook.came == []
    request_sites(folder, ["ortalyq", "unknown"])
    assert [site.name for site in joining()] == ["ortalyq"]
    joining.wait()
    assert "a: the disk is full" in hook.texts[0]
    assert results.take_untold() == []


def test_what_people_could_not_be_told_while_others_join_is_told_at_the_end(folder: Path, hook: Hooks) -> None:
    archive, results, joining = crawl_that_others_join(folder, hook)
    request_sites(folder, ["ortalyq"])
    kept = (folder / "archive.db").read_bytes()
    (folder / "archive.db").write_bytes(b"no database at all" * 1000)
    joining()
    joining.wait()
    assert "People could not be told" in archive.faults[0]
    (folder / "archive.db").write_bytes(kept)
    assert [outcome.site for outcome in results.take_untold()] == ["a"]
