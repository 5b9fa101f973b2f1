"""A silence, a block, a loss and a poor week are told apart, and from a quiet Sunday."""

from __future__ import annotations

import json
import math
import random
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from newsarchive.crawling.alerts import what_needs_a_person
from newsarchive.crawling.publishing import listings_lose
from newsarchive.crawling.volume import History, shortfall, silence, weekdays
from newsarchive.database import open_archive, save_site, start_run, update_source
from newsarchive.database.alerts import Alert
from newsarchive.demo import Newspaper
from newsarchive.sites import Site
from newsarchive.times import stamp

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]

MONDAY = date(2025, 6, 2)


def paper_of(week: list[int], weeks: int, until: date = MONDAY, **changed: int) -> dict[date, int]:
    """A newspaper that publishes the same every week; `changed` are days before `until` (`d1` is the last) with other numbers."""
    days = [until - timedelta(n) for n in range(7 * weeks, 0, -1)]
    history = {day: week[day.weekday()] for day in days}
    return history | {until - timedelta(int(name[1:])): number for name, number in changed.items()}


@pytest.mark.parametrize(
    ("history", "today", "silent"),
    [
        (paper_of([5, 5, 5, 5, 5, 2, 0], 12), MONDAY, 0),  # a quiet Sunday
        (paper_of([5, 5, 5, 5, 5, 0, 0], 12), MONDAY, 0),  # quiet weekends
        (paper_of([5, 5, 5, 5, 5, 5, 5], 12, d1=0), MONDAY, 0),  # one day alone is no silence
        (paper_of([5, 5, 5, 5, 5, 5, 5], 12, d1=0, d2=0), MONDAY, 2),
        (paper_of([5, 5, 5, 5, 5, 5, 5], 5, d1=0, d2=0), MONDAY, 2),  # five weeks suffice
        (paper_of([5, 5, 5, 5, 5, 5, 5], 4, d1=0, d2=0), MONDAY, 0),  # less does not
        (paper_of([5, 5, 5, 5, 5, 5, 5], 12, d1=0, d2=0, d60=0, d61=0), MONDAY, 0),  # that happened before
        (paper_of([5, 5, 5, 5, 5, 5, 5], 12, d1=0, d2=0, d3=0, d60=0, d61=0), MONDAY, 3),
        (paper_of([9, 9, 9, 9, 9, 0, 0], 12, MONDAY + timedelta(2), d1=0, d2=0), MONDAY + timedelta(2), 4),
        (paper_of([1, 0, 0, 0, 0, 0, 0], 26, d1=0), MONDAY, 0),  # a weekly
        (paper_of([1, 0, 0, 0, 0, 0, 0], 26, d7=0, d14=0, d21=0), MONDAY, 27),
        ({}, MONDAY, 0),
        ({MONDAY: 7}, MONDAY, 0),
    ],
)  # fmt: skip
def test_a_silence_is_longer_than_chance_and_than_any_before(history: History, today: date, silent: int) -> None:
    found = silence(history, today)
    assert (found.days if found else 0) == silent


@pytest.mark.parametrize(
    ("history", "poor"),
    [
        (paper_of([5, 5, 5, 5, 5, 5, 0], 12), False),
        (paper_of([5, 5, 5, 5, 5, 5, 0], 12, d1=0, d2=1, d3=1, d4=1, d5=1, d6=1, d7=1), True),
        (paper_of([5, 5, 5, 5, 5, 5, 0], 12, d2=3, d3=3, d4=3, d5=3, d6=3, d7=3), False),  # poor, but not so poor
        (paper_of([1, 0, 1, 0, 1, 0, 0], 12, d3=0, d5=0, d7=0), False),  # too few for shares
    ],
)  # fmt: skip
def test_a_poor_week_has_less_than_half_of_the_poorest(history: History, poor: bool) -> None:
    assert bool(shortfall(history, MONDAY)) == poor


def test_what_is_usual_is_known_by_weekday() -> None:
    usual = weekdays(paper_of([5, 6, 7, 8, 9, 2, 0], 12), MONDAY)
    assert usual is not None
    assert [day.usual for day in usual] == [5, 6, 7, 8, 9, 2, 0]
    assert usual[6].without > 0.9 > 0.05 > usual[0].without


HOLIDAYS = [
    (1, 1),
    (1, 2),
    (1, 7),
    (3, 8),
    (3, 21),
    (3, 22),
    (3, 23),
    (5, 1),
    (5, 7),
    (5, 9),
    (7, 6),
    (8, 30),
    (10, 25),
    (12, 16),
]


def ordinary(chance: random.Random, mean: float, sunday: float) -> dict[date, int]:
    """Two years of a newspaper: articles by chance, days that differ by a third, quiet Sundays, public holidays."""
    history = {}
    for day in (date(2023, 7, 1) + timedelta(n) for n in range(550)):
        expected = mean * (sunday if day.weekday() == 6 else 1) * chance.lognormvariate(0, 0.35)
        expected *= 0.1 if (day.month, day.day) in HOLIDAYS else 1
        limit, number, product = math.exp(-expected), 0, chance.random()
        while product > limit:
            number, product = number + 1, product * chance.random()
        history[day] = number
    return history


def test_an_ordinary_year_gives_less_than_one_false_alarm() -> None:
    """Measured over more papers: at most 0.8 a year of silences and 0.3 of poor weeks, at five articles a day."""
    chance = random.Random(1)
    alarms = years = 0
    for mean in (1, 5, 20):
        for sunday in (0.1, 1):
            history, before = ordinary(chance, mean, sunday), False
            for day in (date(2024, 1, 1) + timedelta(n) for n in range(366)):
                alarm = bool(silence(history, day) or shortfall(history, day))
                alarms += alarm and not before
                before = alarm
            years += 1
    assert alarms < years, f"{alarms} false alarms in {years} years"


# In an archive


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    save_site(archive, Site(name="a", url="https://a.kz/", timezone="Asia/Almaty"))
    return archive


def said(
    db: Database,
    folder: Path,
    silent_days: int,
    *,
    reached: bool = True,
    quiet: tuple[int, ...] = (),
    watched: int = 50,
) -> str:
    """What is said of a newspaper of five articles a day, none on `quiet` days before today, after silent days.

    It has been crawled for so many days.
    """
    site = Site(name="a", url="https://a.kz/", timezone="Asia/Almaty")
    today = datetime.now(ZoneInfo(site.timezone)).date()
    for ago in range(silent_days + 1, 80):
        for number in range(0 if ago % 7 in quiet else 5):
            day = (today - timedelta(ago)).isoformat()
            values = {"site": "a", "url": f"u{ago}-{number}", "key": f"k{ago}-{number}", "day": day}
            db["articles"].insert(values | {"first_seen": f"{day}T05:00:00Z", "last_seen": f"{day}T05:00:00Z"})
    db["runs"].insert(
        {"command": "crawl", "site": "a", "version": "", "started": f"{today - timedelta(watched)}T05:00:00Z"}
    )
    run = start_run(db, "crawl", "a")
    if reached:
        update_source(db, "a", "feed", "feed", state="working", run=run)
    return "; ".join(what_needs_a_person(db, site, run, folder).alerts)


def test_two_days_without_news_are_called_a_silence(db: Database, tmp_path: Path) -> None:
    sentence = said(db, tmp_path, 2)
    assert "nothing was published for 2 days" in sentence
    assert "this is a silence" in sentence
    assert "articles in the last seven days" not in sentence


def test_days_that_are_quiet_every_week_are_called_nothing(db: Database, tmp_path: Path) -> None:
    assert said(db, tmp_path, 0, quiet=(1, 2)) == ""


@pytest.mark.parametrize("silent", [2, 5, 30])
def test_what_was_silent_before_the_first_crawl_is_called_nothing(silent: int, db: Database, tmp_path: Path) -> None:
    assert said(db, tmp_path, silent, watched=silent - 1) == ""


def test_where_no_source_was_read_nothing_is_called_a_silence(db: Database, tmp_path: Path) -> None:
    assert "published" not in said(db, tmp_path, 9, reached=False)


# End to end


def codes(newsarchive: Run) -> dict[str, str]:
    """The alerts that `status` shows, by code."""
    return {row["code"]: row["sentence"] for row in json.loads(newsarchive("status", "--json").stdout)["alerts"]}


def test_a_listing_that_drops_articles_is_called_a_loss_not_deletions(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl()
    posts = paper.posts()
    dropped = {story.slug for story in posts[10:12]}
    listed = [story for story in posts if story.slug not in dropped]
    monkeypatch.setattr(paper, "posts", lambda: listed)
    crawl(code=1)
    found = codes(newsarchive)
    assert "no longer lists 2 articles" in found["loss"]
    assert "not deletions" in found["loss"]
    monkeypatch.undo()
    crawl()
    assert codes(newsarchive) == {}


def test_articles_that_are_deleted_are_no_loss(paper: Newspaper, crawl: Crawl, newsarchive: Run) -> None:
    crawl()
    for story in paper.posts()[10:12]:
        paper.delete(story.slug)
    crawl()
    assert codes(newsarchive) == {}


def test_articles_that_move_are_no_loss(paper: Newspaper, crawl: Crawl, newsarchive: Run) -> None:
    """Their old addresses still answer, with a redirect."""
    crawl()
    for story in paper.posts()[:6]:
        paper.move(story.slug, f"zhana-{story.slug}")
        paper.edit(f"zhana-{story.slug}")
    crawl()
    assert "loss" not in codes(newsarchive)


@pytest.mark.parametrize(
    ("listed", "dropped", "lost"),
    [
        (range(100), range(100, 140), 0),  # the oldest fell off the end
        ([*range(100), 500], range(100, 140), 0),  # and an old one is pinned
        ([*range(50), *range(53, 100)], range(50, 53), 3),
        (range(0, 100, 10), [n for n in range(100) if n % 10], 0),  # it never listed all
        ([*range(50), *range(51, 100)], range(50, 51), 0),  # one alone
    ],
)
def test_a_listing_of_the_newest_loses_nothing_at_its_end(
    listed: list[int], dropped: list[int], lost: int, db: Database, tmp_path: Path
) -> None:
    walked = datetime.now(UTC) - timedelta(minutes=5)
    update_source(db, "a", "listing", "u", state="working", walk_began=stamp(walked), run=1)
    for numbers, seen in ((listed, walked), (dropped, walked - timedelta(days=7))):
        for number in numbers:
            day = (walked - timedelta(days=number)).date().isoformat()
            values = {"site": "a", "url": f"u{number}", "key": f"k{number}", "source": "listing", "state": "article"}
            db["urls"].insert(values | {"first_listed": day, "last_listed": stamp(seen), "day": day})
    found = [alert for alert in listings_lose(db, Site(name="a", url="https://a.kz/"), 1) if isinstance(alert, Alert)]
    assert [f"no longer lists {lost} articles" in alert for alert in found] == [True] * bool(lost)
