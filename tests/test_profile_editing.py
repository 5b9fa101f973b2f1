"""What a crawl learned is added to a profile's text; everything else in it stays, comments too."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.database import learned, open_archive, save_site
from newsarchive.sites import Source, make_site, read_profile
from newsarchive.sites.editing import add_to_profile

FEED = Source(kind="feed", url="https://a.kz/rss")
USUAL = (Source(kind="wordpress"), Source(kind="sitemap"))
HEAD = '# by hand\ntitle = "A"  # short\nurl = "http://a.kz/" # home\n'


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        (HEAD + '\n[[sources]]\nkind = "sitemap" # all\n\n[extraction]\nbody = "x"\n', ["sitemap ", "feed https://a.kz/rss"]),
        (HEAD + '[[sources]]\nkind = "feed"\nurl = "http://a.kz/x"', ["feed https://a.kz/x", "feed https://a.kz/rss"]),
        (HEAD + 'sources = [{kind = "sitemap"}] # one line\n', ["sitemap ", "feed https://a.kz/rss"]),
        (HEAD + "[extraction]\nbody = 'x'\n", ["wordpress ", "sitemap ", "feed https://a.kz/rss"]),
        (HEAD + "sources = []\n", ["wordpress ", "sitemap ", "feed https://a.kz/rss"]),
        ("\ufeff" + HEAD.replace("\n", "\r\n") + '[[sources]]\r\nkind = "sitemap"\r\n', ["sitemap ", "feed https://a.kz/rss"]),
    ],
)  # fmt: skip
def test_sources_are_added_and_comments_kept(text: str, sources: list[str]) -> None:
    moved = {"http://a.kz/x": "https://a.kz/x"}
    new = add_to_profile(text, url="https://a.kz/", moved=moved, usual=USUAL, sources=[FEED], idle=["from"])
    site = make_site("a", tomllib.loads(new.removeprefix("\ufeff")), where="a")
    assert [f"{source.kind} {source.url}" for source in site.sources] == sources
    assert (site.url, site.idle_parameters) == ("https://a.kz/", ("from",))
    for comment in ("# by hand", "# short", "# home", "# all", "# one line"):
        assert (comment in new) is (comment in text)
    assert new.startswith("\ufeff") is text.startswith("\ufeff")
    assert ("\r\n" in new) is ("\r\n" in text)
    assert add_to_profile(text) == text


def test_a_packaged_profile_is_copied_into_the_archive_before_it_is_changed(
    folder: Path, newsarchive: Callable
) -> None:
    packaged = Path(learned.__file__).parents[1] / "sites" / "ortalyq.toml"
    before = packaged.read_bytes()
    db = open_archive(folder)
    save_site(db, read_profile(packaged))
    source = Source(kind="feed", url="https://ortalyq.kz/kk/feed/")
    learned.note_candidate(db, "ortalyq", source, origin="the home page")
    learned.note_tried(db, "ortalyq", source, used=True, time="2025-02-18T00:00:00Z")
    db.close()
    assert source.url in newsarchive("sites", "learn", "ortalyq").stdout
    assert not (folder / "sites" / "ortalyq.toml").exists()
    newsarchive("sites", "learn", "ortalyq", "--write")
    assert source in read_profile(folder / "sites" / "ortalyq.toml").sources
    assert packaged.read_bytes() == before
    assert "learned nothing" in newsarchive("sites", "learn", "ortalyq").stderr
    newsarchive("sites", "learn", "nobody", code=2)
    (folder / "sites" / "ortalyq.toml").write_text("url = ", encoding="utf-8")
    newsarchive("sites", "learn", "ortalyq", "--write", code=2)
    assert (folder / "sites" / "ortalyq.toml").read_text(encoding="utf-8") == "url = "
