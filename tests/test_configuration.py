"""The archive's newsarchive.toml: what it may say, and that it never leaves the archive but in a backup."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from newsarchive.configuration import Configuration, ConfigurationError, News, Notify, read_configuration
from newsarchive.demo import Newspaper
from tests.forking import Forks

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]

SECRET = "hunter2-is-secret"
TO = f'[notify.to]\ndesk = "json://user:{SECRET}@127.0.0.1:9/x"\n'


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "newsarchive.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_all_keys_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        'contact = "https://b.kz/bot"\nparallel = 8\n[notify]\nalerts = ["desk"]\n'
        + TO
        + '[[notify.news]]\nname = "water"\nsearch = "су тасқыны"\nsites = ["a"]\nevery = "run"\nto = ["desk"]\n'
        "articles = true\nheadlines = false\ndeletions = false\n",
    )
    found = read_configuration(tmp_path)
    assert (found.contact, found.parallel, found.notify.alerts, found.exposed) == (
        "https://b.kz/bot",
        8,
        ("desk",),
        False,
    )
    (news,) = found.notify.news
    assert (news.name, news.search, news.sites, news.every, news.to) == (
        "water",
        "су тасқыны",
        ("a",),
        "run",
        ("desk",),
    )
    assert (news.articles, news.headlines, news.deletions) == (True, False, False)
    assert SECRET not in repr(found)


def test_the_file_in_the_docs_is_one_and_has_all_keys(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "unattended.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    write(tmp_path, example)
    found = read_configuration(tmp_path)
    assert (found.contact != "", found.parallel, len(found.notify.to), len(found.notify.news)) == (True, 30, 3, 1)
    keys = {field.name for record in (Configuration, Notify, News) for field in fields(record)} - {"exposed"}
    assert [
        key for key in sorted(keys) if f"`{key}`" not in page and f"[{key}" not in page and f".{key}" not in page
    ] == []


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    found = read_configuration(tmp_path / "nowhere")
    assert (found.contact, found.parallel, dict(found.notify.to), found.notify.news) == ("", None, {}, ())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("contcat = 'a@b.kz'", "unknown key “contcat”; known keys: contact, parallel, notify"),
        ("contact = 5", "contact must be text"),
        ("contact = 'me'", "contact must be a mail address"),
        ("contact = 'a@b.kz\\n'\nx", "not valid TOML"),
        ('contact = "a@b.kz\\nEnvironment=x"', "contact must be one line"),
        ("parallel = true", "parallel must be a whole number"),
        ("parallel = '4'", "parallel must be a whole number"),
        ("parallel = 0", "parallel must be between 1 and 64"),
        ("parallel = 65", "parallel must be between 1 and 64"),
        ("notify = 'x'", "notify must be a table, [notify]"),
        ("[notify]\nurls = []", "[notify]: unknown key “urls”; known keys: to, alerts, news"),
        ("[notify]\nalerts = 'desk'", "[notify]: alerts must be a list of text"),
        ("[notify]\nalerts = ['x']", "[notify]: alerts: “x” is not in [notify.to]"),
        ("[notify.to]\ndesk = 5", "[notify]: to: desk must be an address for Apprise"),
        ("[notify.to]\ndesk = 'no address'", "[notify]: to: desk must be an address for Apprise"),
        ("[notify.news]\nname = 'x'", "news must be written as [[notify.news]]"),
        ("[[notify.news]]\nsearch = 'x'", "[[notify.news]]: name must be given"),
        ("[[notify.news]]\nname = 'x'\nevery = 'month'", "every must be one of: run, day, week"),
        ("[[notify.news]]\nname = 'x'\narticles = 1", "articles must be true or false"),
        ("[[notify.news]]\nname = 'x'\nserach = ''", "[[notify.news]]: unknown key “serach”"),
        ("[[notify.news]]\nname = 'x'\n[[notify.news]]\nname = 'x'", "the name “x” is given twice"),
        ("x = [[[[", "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
        ("a = " + "9" * 5000, "not valid TOML"),
    ],
)  # fmt: skip
def test_an_error_names_file_and_key(text: str, names: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"[notify.to]\n'mailto://u:{SECRET}@b.kz' = 'desk'",
        f"[notify]\n'mailto://u:{SECRET}@b.kz' = 'desk'",
        f"[notify.to]\ndesk = 'mailto:/u:{SECRET}@b.kz'",
        f"[notify.to]\ndesk = 'mailto://u:{SECRET}@b.kz",
        f"[notify.to]\ndesk = 'mailto://u:{SECRET}@b.kz x'",
        f"[notify]\nalerts = ['mailto://u:{SECRET}@b.kz']",
        f"[notify.to]\ndesk = [\"{SECRET}\"]",
    ],
)  # fmt: skip
def test_no_error_quotes_what_may_be_a_password(text: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(tmp_path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "command", [("crawl",), ("fetch", "http://127.0.0.1:9/"), ("sites", "add", "http://127.0.0.1:9/")]
)
def test_a_command_that_uses_a_broken_one_does_nothing(
    command: tuple[str, ...], newsarchive: Run, folder: Path
) -> None:
    path = write(folder, "contcat = 'a@b.kz'")
    said = newsarchive(*command, code=2).stderr
    assert f"{path}: unknown key “contcat”" in said
    assert len(said.strip().splitlines()) == 1


def test_a_command_that_shows_the_state_names_a_broken_one(newsarchive: Run, folder: Path, crawl: Crawl) -> None:
    crawl()
    path = write(folder, "contcat = 'a@b.kz'")
    for command in ("status", "sites"):
        done = newsarchive(command, code=1)
        assert f"{path}: unknown key “contcat”" in done.stderr
        assert "paper" in done.stdout
    assert "contcat" not in newsarchive("search", "мектеп").stderr


def test_passwords_that_others_can_read_are_reported(newsarchive: Run, folder: Path, crawl: Crawl) -> None:
    crawl()
    path = write(folder, "[notify]\nalerts = []\n" + TO, mode=0o644)
    said = newsarchive("crawl", "paper", code=1).stderr
    assert f"chmod 600 {path}" in said
    path.chmod(0o600)
    assert "chmod" not in newsarchive("crawl", "paper").stderr


@pytest.mark.parametrize(
    ("set_by", "told"), [("", "https://file.example.org/bot"), ("me@set.example.org", "me@set.example.org")]
)
def test_the_contact_in_the_file_is_told_to_sites_unless_another_is_set(
    set_by: str, told: str, paper: Newspaper, forks: Forks, folder: Path
) -> None:
    write(folder, "contact = 'https://file.example.org/bot'")
    environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": set_by}
    done = forks.run(["fetch", paper.address(paper.posts()[0])], environment, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"(+{told})" in user_agent(folder)


def user_agent(folder: Path) -> str:
    """The user agent in the request records of the newest WARC file."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    newest = max((folder / "warc").glob("*.warc.gz"), key=lambda path: path.stat().st_mtime)
    with newest.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.request, parse_http=True):
            return str(record.http_headers.get("User-Agent"))
    raise AssertionError("no request")


def test_it_is_in_backups_for_the_owner_alone_and_in_nothing_else(
    newsarchive: Run, folder: Path, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    path = write(folder, TO, mode=0o644)
    copy, out = tmp_path / "copy", tmp_path / "out"
    newsarchive("backup", str(copy))
    assert (copy / "newsarchive.toml").read_text(encoding="utf-8") == TO
    assert (copy / "newsarchive.toml").stat().st_mode & 0o777 == 0o600
    path.write_text(TO + "# edited\n", encoding="utf-8")
    newsarchive("backup", str(copy))
    (stored,) = [
        e["stored"] for e in json.loads((copy / "manifest.json").read_text())["files"] if e["path"] == path.name
    ]
    assert (copy / stored).stat().st_mode & 0o777 == 0o600
    (copy / stored).chmod(0o644)
    newsarchive("restore", str(copy), "--force")
    assert path.read_text(encoding="utf-8") == TO + "# edited\n"
    assert path.stat().st_mode & 0o777 == 0o600
    out.mkdir()
    newsarchive("export", "--release", str(out / "release"))
    for kind, to in (("wacz", "a.wacz"), ("jsonl", "a.jsonl"), ("warc", "warcs")):
        newsarchive("export", "--format", kind, "-o", str(out / to))
    files = [found for found in out.rglob("*") if found.is_file()]
    assert len(files) > 3
    assert [name for name in ("a.wacz", "a.jsonl") if not (out / name).stat().st_size] == []
    assert [found for found in files if SECRET.encode() in found.read_bytes()] == []
