"""A profile that cannot be used is named, and costs no other site."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.demo import Newspaper
from newsarchive.sites import ProfileError, load_profiles

URL = 'url = "https://a.example/"\n'
BROKEN = {
    "": "url is missing",
    'title = "A"\n': "url is missing",
    'url = "http://[broken/"\n': "url must be",
    "url = 7\n": "url must be text",
    'url = "https://a.example/"\ndelay = nan\n': "delay must be",
    'url = "https://a.example/"\ndelay = inf\n': "delay must be",
    'url = "https://a.example/"\ndelay = "1"\n': "delay must be a number",
    'url = "https://a.example/"\ndelay = true\n': "delay must be a number",
    'url = "https://a.example/"\ntimezone = "Asia/Nowhere"\n': "unknown time zone",
    'url = "https://a.example/"\ntimezone = ""\n': "unknown time zone",
    'url = "https://a.example/"\ntimezone = "../../../etc/passwd"\n': "unknown time zone",
    'url = "https://a.example/"\ntimezone = "\\u0000"\n': "unknown time zone",
    'url = "https://a.example/"\ninclude = ["("]\n': "not a regular expression",
    'url = "https://a.example/"\nexclude = ["a{99999999999}"]\n': "not a regular expression",
    'url = "https://a.example/"\naliases = "a"\n': "aliases must be a list of text",
    'url = "https://a.example/"\naliases = [1]\n': "aliases must be a list of text",
    'url = "https://a.example/"\nsources = "feed"\n': "[[sources]]",
    'url = "https://a.example/"\nsources = ["feed"]\n': "must be a table",
    'url = "https://a.example/"\n[[sources]]\nurl = "https://a.example/f"\n': "kind is missing",
    'url = "https://a.example/"\n[[sources]]\nkind = "feed"\nurl = "//[x"\n': "[[sources]]: url must be",
    'url = "https://a.example/"\n[[sources]]\nkind = "feed"\npages = -1\n': "pages must be",
    'url = "https://a.example/"\n[[sources]]\nkind = "feed"\npages = 1.5\n': "pages must be a number",
    'url = "https://a.example/"\n[[sources]]\nkind = "listing"\nurl = "https://a.example/"\nlinks = "a["\n': "links",
    'url = "https://a.example/"\n[[sources]]\nkind = "listing"\nurl = "https://a.example/"\nnext = "::x"\n': "next",
    'url = "https://a.example/"\nextraction = 7\n': "must be a table",
    'url = "https://a.example/"\n[extraction]\nbody = "div["\n': "not a CSS selector",
    'url = "https://a.example/"\n[extraction]\ndrop = ["p", ">>"]\n': "not a CSS selector",
    'url = "https://a.example/"\n[expect]\narticles_per_week = -1\n': "articles_per_week",
    'url = "https://a.example/"\nimages = "some"\n': "images must be",
    'url = "https://a.example/"\ncolour = "red"\n': "unknown key “colour”",
    "url = \n": "not valid TOML",
    f"delay = {'9' * 5000}\n": "not valid TOML",
    "added = 2024-13-45\n": "not valid TOML",
    f"x = {'[' * 20_000}": "not valid TOML",
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.items(), ids=range(len(BROKEN)))
def test_each_kind_of_fault_is_named_with_file_and_reason(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text(URL)
    profiles = load_profiles(tmp_path)
    assert "good" in profiles.sites
    assert set(profiles.broken) == {"bad"}
    assert str(tmp_path / "bad.toml") in str(profiles.broken["bad"])
    assert reason in str(profiles.broken["bad"])


def test_what_cannot_be_read_as_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "dangling.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"\n')
    (tmp_path / ".#good.toml").symlink_to("editor@host.1234")  # an editor's lock
    (tmp_path / "good.toml").write_bytes(b"\xef\xbb\xbf" + URL.encode())
    profiles = load_profiles(tmp_path)
    assert set(profiles.broken) == {"folder", "dangling", "loop", "latin"}
    assert all(isinstance(error, ProfileError) for error in profiles.broken.values())
    assert "good" in profiles.sites


@pytest.fixture
def two(folder: Path, paper: Newspaper) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
    (folder / "sites" / "bad.toml").write_text('title = "A paper"\n')


@pytest.mark.usefixtures("two")
def test_commands_name_a_broken_profile_and_go_on_with_the_rest(newsarchive: Callable, folder: Path) -> None:
    done = newsarchive("crawl", "--limit", "2", code=1)
    assert done.stderr.count("bad.toml: url is missing") == 1
    assert "paper: 2 new" in done.stdout
    for command in (["sites"], ["status"]):
        done = newsarchive(*command, code=1)
        assert "bad.toml: url is missing" in done.stderr
        assert "paper" in done.stdout
    assert "bad.toml: url is missing" in newsarchive("crawl", "bad", code=2).stderr
    assert "bad" not in newsarchive("crawl", "paper", "--limit", "1").stderr  # it asks nothing of the other
    (folder / "sites" / "paper.toml").unlink()
    (folder / "sites" / "paper.toml").mkdir()
    assert "paper.toml: cannot be read" in newsarchive("crawl", code=1).stderr


@pytest.mark.usefixtures("two")
def test_scrapy_lists_the_sites_whose_profiles_are_sound(folder: Path, tmp_path: Path) -> None:
    environment = {"SCRAPY_SETTINGS_MODULE": "newsarchive.settings", "NEWSARCHIVE_DATA": str(folder), "PATH": "/bin"}
    command = [sys.executable, "-m", "scrapy", "list"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    assert "paper" in done.stdout.split()
    assert "bad.toml: url is missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["http://[broken/", "http://a\u2100b/", "http://:80/"])
def test_an_invalid_address_on_the_command_line_is_wrong_usage(address: str, newsarchive: Callable) -> None:
    for command in (["sites", "add", address], ["fetch", address]):
        assert address in newsarchive(*command, code=2).stderr


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("number", ["9" * 5000, "²²", "9" * 19])
def test_a_number_that_no_article_can_have_is_said_to_be_none(number: str, newsarchive: Callable) -> None:
    newsarchive("crawl", "paper", "--limit", "1")
    assert "There is no article" in newsarchive("show", number, code=1).stderr
