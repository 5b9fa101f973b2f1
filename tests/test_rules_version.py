"""What made a revision is a version: archives are due for re-extraction where what comes out changes, and only there."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.golden import RECORD, differences, outputs
from tests.programs import skip_outside_ci

Run = Callable[..., subprocess.CompletedProcess[str]]
MADE_BEFORE = {"845c87d8528d1041": "trafilatura 2.3.0", "04b1c444456f0c7c": "trafilatura 2.3.1"}
"""How revisions of version 2 of the rules were marked while a digest of source files stood for it."""


def test_golden_pages_come_out_as_recorded_for_this_version_of_the_rules() -> None:
    recorded, now = json.loads(RECORD.read_text(encoding="utf-8")), outputs()
    if recorded["library"] != now["library"]:
        skip_outside_ci(f"the golden outputs are of {recorded['library']}: run python -m tests.golden")
    raised = now["rules"] != recorded["rules"]
    changed = differences(recorded, now)
    assert not changed or raised, f"raise RULES_VERSION, then run python -m tests.golden: {changed}"
    assert now == recorded, "run python -m tests.golden"


def test_a_change_of_any_field_of_a_page_is_a_difference_and_a_changed_page_is_none() -> None:
    page = {"input": "a", "title": "b", "body": "c"}
    old = {"pages": {"p": page, "removed": page}}
    assert differences(old, {"pages": {"p": {**page, "body": "d"}}}) == ["p: body"]
    assert differences(old, {"pages": {"p": {"input": "a", "title": "b"}}}) == ["p: body"]
    assert differences(old, {"pages": {"p": {**page, "input": "e", "body": "d"}, "added": page}}) == []


@pytest.mark.parametrize("digest", MADE_BEFORE)
def test_an_archive_marked_by_a_digest_of_the_sources_is_given_the_version_it_was_made_with(
    crawl: Callable[..., str], folder: Path, newsarchive: Run, digest: str
) -> None:
    crawl()
    _mark(folder, digest)
    newsarchive("status")
    newsarchive("check", "--sample", "3")
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        made = set(db.execute("select extractor, options_digest from revisions"))
    assert made == {("newsarchive 2", MADE_BEFORE[digest])}


def _mark(folder: Path, digest: str) -> None:
    """Make an archive as it was before the rules had a version."""
    with closing(sqlite3.connect(folder / "archive.db")) as db, db:
        db.execute("update revisions set extractor = 'newsarchive 2', options_digest = ?", (digest,))
        db.execute("delete from _sqlite_migrations where name = 'm300_rules_version'")
