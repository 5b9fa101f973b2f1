"""Days with fewer articles than usual: silence is told from loss."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from benchmarks.reprints import Sample, store
from newsarchive.browse.app import make_datasette
from newsarchive.browse.silences import quiet_days, usual_of
from newsarchive.database import open_archive

START = date(2025, 1, 6)
COUNTS = {day: 0 if day.weekday() == 6 else 5 for n in range(140) if (day := START + timedelta(n))}
QUIET = START + timedelta(70)


@pytest.mark.parametrize(
    ("row", "complete", "verdict"),
    [
        (None, "2025-06-01T00:00:00Z", "silent"),
        (None, "2025-03-01T00:00:00Z", "uncertain"),
        (None, "", "uncertain"),
        ({"failed": 5, "due": 0}, "2025-06-01T00:00:00Z", "lost"),
        ({"failed": 2, "due": 3}, "", "lost"),
        ({"failed": 0, "due": 0}, "2025-06-01T00:00:00Z", "silent"),
    ],
)
def test_silence_is_told_from_loss(row: dict[str, int] | None, complete: str, verdict: str) -> None:
    counts = {**COUNTS, QUIET: 0}
    usual = {day: found for day in counts if (found := usual_of(counts, day))}
    days = {QUIET.isoformat(): row} if row else {}
    assert [(quiet.day, quiet.verdict) for quiet in quiet_days(counts, usual, days, complete)] == [
        (QUIET.isoformat(), verdict)
    ]


def test_a_free_sunday_is_not_quiet() -> None:
    usual = {day: found for day in COUNTS if (found := usual_of(COUNTS, day))}
    assert quiet_days(COUNTS, usual, {}, "") == []


def test_the_page_shows_the_band_and_the_quiet_days(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    stored = store(db, [Sample(group=None, way="", title="Хабар", body="Су тасыды.") for _ in range(100)], sites=1)
    for number, article in enumerate(stored):
        day = (START + timedelta(number)).isoformat()
        day = (START + timedelta(number + 1)).isoformat() if number == 70 else day
        db.conn.execute("update articles set published = ?, day = ? where id = ?", (f"{day}T05:00:00Z", day, article))
        db.conn.execute("update urls set day = ? where article = ?", (day, article))
    db.conn.commit()
    room = make_datasette(tmp_path)

    async def ask() -> str:
        return str((await room.client.get("/coverage?lang=en")).text)

    page = asyncio.run(ask())
    assert '<svg class="band"' in page
    assert QUIET.isoformat() in page
    assert "uncertain" in page
