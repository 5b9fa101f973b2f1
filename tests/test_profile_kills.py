"""`sites learn --write` killed at any step on the disk: the profile is the old one or the new one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from newsarchive.cli import cli
from newsarchive.database import learned, open_archive, save_site
from newsarchive.sites import Source, load_sites
from newsarchive.times import now
from tests.kills import killed_at

PROFILE = '# kept by hand\ntitle = "Uy"\nurl = "https://a.kz/"\n\n[[sources]]\nkind = "sitemap"  # the map\n'
FEED = Source(kind="feed", url="https://a.kz/rss")


def archive_with_a_found_source(folder: Path) -> Path:
    """An archive whose crawls found a feed; returns the profile that lacks it."""
    profile = folder / "sites" / "uy.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(PROFILE)
    db = open_archive(folder)
    save_site(db, load_sites(folder / "sites")["uy"])
    learned.note_candidate(db, "uy", FEED, origin="the home page")
    learned.note_tried(db, "uy", FEED, used=True, time=now())
    db.close()
    return profile


def learn(folder: Path) -> None:
    """Add to the profile what crawls learned."""
    with pytest.raises(SystemExit) as ended:
        cli(["--quiet", "--archive", str(folder), "sites", "learn", "uy", "--write"])
    assert not ended.value.code


def test_a_profile_is_whole_whenever_learning_is_killed(tmp_path: Path) -> None:
    profile = archive_with_a_found_source(tmp_path / "whole")
    learn(tmp_path / "whole")
    written = profile.read_text()
    assert written.startswith("# kept by hand")
    assert [source["kind"] for source in tomllib.loads(written)["sources"]] == ["sitemap", "feed"]
    folder = tmp_path / "killed"
    profile, step, found = archive_with_a_found_source(folder), 1, set[str]()
    while killed_at(step, (folder / "sites",), lambda: learn(folder)):
        found.add(profile.read_text())
        assert load_sites(folder / "sites")["uy"].url == "https://a.kz/"
        step += 1
    assert found == {PROFILE, written}  # it was killed before the new profile was in place, and after
    learn(folder)
    assert profile.read_text() == written
    assert [path.name for path in profile.parent.glob("*.toml")] == ["uy.toml"]
