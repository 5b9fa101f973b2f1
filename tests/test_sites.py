"""Site profiles: what is read, and what is an error that names file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsarchive.sites import ProfileError, Site, load_sites, read_profile, site_of

GOOD = 'title = "A"\nurl = "https://a.kz/"\ntimezone = "Asia/Almaty"\n'
BAD = {
    "colour = 'red'": "unknown key “colour”",
    "delay = 'fast'": "delay must be a number",
    "timezone = 'Mars/Olympus'": "unknown time zone",
    "images = 'some'": "images must be none, lead or all",
    "exclude = ['(']": "not a regular expression",
    "[[sources]]\nkind = 'pigeon'": "unknown source kind “pigeon”",
    "[[sources]]\nkind = 'listing'": "needs a url",
    "[extraction]\nbodi = 'div'": "unknown key “bodi”",
    "[expect]\nfields = 'title'": "fields must be a list of text",
    "= broken": "not valid TOML",
}


def write(folder: Path, text: str, name: str = "a") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("extra", BAD)
def test_a_bad_profile_is_an_error_that_names_file_and_key(extra: str, tmp_path: Path) -> None:
    head = GOOD.replace('timezone = "Asia/Almaty"\n', "") if "timezone" in extra else GOOD
    with pytest.raises(ProfileError) as error:
        read_profile(write(tmp_path, head + extra))
    assert "a.toml" in str(error.value)
    assert BAD[extra] in str(error.value)


def test_every_packaged_profile_is_sound() -> None:
    assert "ortalyq" in load_sites()


def test_an_own_profile_wins_over_a_packaged_one(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "ortalyq")
    assert load_sites(tmp_path)["ortalyq"].title == "A"


def test_a_site_covers_its_host_with_and_without_www_and_its_aliases(tmp_path: Path) -> None:
    site = read_profile(write(tmp_path, GOOD + 'aliases = ["lat.a.kz"]\n'))
    assert site.covers("http://www.a.kz/x")
    assert site.covers("https://lat.a.kz/x")
    assert not site.covers("https://b.a.kz/x")
    assert site_of("https://a.kz/x", [site]) is site


@pytest.mark.parametrize(
    ("home", "covered", "foreign"),
    [
        ("https://қала.қаз/", ["http://ҚАЛА.қаз/n", f"https://www.{'қала.қаз'.encode('idna').decode().upper()}/n"], "https://қала.kz/"),
        ("https://a.kz/", ["http://a.kz:80/n", "https://A.KZ.:443/n"], "https://a.kz:8443/n"),
        ("http://[::1]:8080/", ["http://[::1]:8080/n", "http://[0:0:0:0:0:0:0:1]:8080/n"], "http://[::1]/n"),
    ],
)  # fmt: skip
def test_a_site_covers_its_host_however_it_is_written(home: str, covered: list[str], foreign: str) -> None:
    site = Site(name="a", url=home)
    assert [site.covers(url) for url in (home, *covered, foreign)] == [True, *(True for _ in covered), False]


def test_include_and_exclude_choose_urls(tmp_path: Path) -> None:
    site = read_profile(write(tmp_path, GOOD + 'include = ["/news/"]\nexclude = ["/news/video/"]\n'))
    assert site.wants("https://a.kz/news/1")
    assert not site.wants("https://a.kz/news/video/1")
    assert not site.wants("https://a.kz/about/")
