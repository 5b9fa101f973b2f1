"""How much a newspaper usually publishes, by weekday, and whether it is silent or publishes far less. Pure functions.

A day counts only when it is over. The same weekdays of the last half year say what is usual, so a quiet Sunday is no
silence where Sundays are quiet, and neither are two days without news where that happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import prod
from statistics import median, quantiles

WEEKS = 26
"""Weeks of history that say what is usual."""
ENOUGH_WEEKS = 4
CHANCE = 5e-4
"""A silence is reported if so many days without news are less likely than this on their weekdays."""
LEAST_SILENT_DAYS = 2
FEW = 0.5
"""A week is reported if it has less than this share of the poorest week of the history."""
LEAST_PER_WEEK = 10
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

History = Mapping[date, int]
"""The number of articles published by day; days without any may be missing."""


@dataclass(frozen=True, kw_only=True)
class Weekday:
    """How many articles a weekday usually has."""

    low: int
    usual: float
    high: int
    without: float
    """The chance that it has none."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Days in a row without news, up to yesterday."""

    days: int
    since: date
    usual: float
    """How many articles these weekdays usually have together."""


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """A week, up to yesterday, with far less than any before."""

    articles: int
    low: int
    high: int


def weekdays(history: History, today: date) -> tuple[Weekday, ...] | None:
    """Return what is usual from Monday to Sunday, judged by whole weeks before `today`; None if it is too early to say.

    >>> week = weekdays({date(2025, 1, 6) + timedelta(n): 0 if n % 7 == 6 else 5 for n in range(84)}, date(2025, 3, 31))
    >>> week[0].usual, week[6].usual
    (5.0, 0.0)
    """
    past = _past(history, today)
    if len(past) < 7 * ENOUGH_WEEKS:
        return None
    by_weekday: list[list[int]] = [[] for _ in WEEKDAYS]
    for day, count in past.items():
        by_weekday[day.weekday()].append(count)
    never = sum(len(counts) for counts in by_weekday if all(counts))
    return tuple(_weekday(counts, seen=never if all(counts) else len(counts)) for counts in by_weekday)


def _past(history: History, today: date) -> dict[date, int]:
    """Return the days before today, from the first with news on, at most WEEKS weeks, with those without news."""
    published = [day for day, count in history.items() if count and day < today]
    if not published:
        return {}
    first = max(min(published), today - timedelta(weeks=WEEKS))
    return {day: history.get(day, 0) for day in (first + timedelta(n) for n in range((today - first).days))}


def _weekday(counts: list[int], *, seen: int) -> Weekday:
    """Describe one weekday; `seen` days say how likely none is: weekdays that always had news do so together."""
    tenths = quantiles(counts, n=10, method="inclusive")
    none = sum(count == 0 for count in counts)
    return Weekday(
        low=round(tenths[0]),
        usual=median(counts),
        high=round(tenths[-1]),
        without=(none + 0.5) / (seen + 1),  # what was never seen is still possible
    )


def silence(history: History, today: date) -> Silence | None:
    """Return the silence that lasts until yesterday, if it is longer than any before and too long for chance."""
    past = list(_past(history, today).items())
    days = _zeros_at_end([count for _, count in past])
    before = dict(past[: len(past) - days])
    usual = weekdays(before, today - timedelta(days)) if days >= LEAST_SILENT_DAYS else None
    if usual is None:
        return None
    of_days = [usual[day.weekday()] for day, _ in past[len(past) - days :]]
    if days <= _longest_zeros(list(before.values())) or prod(day.without for day in of_days) > CHANCE:
        return None
    return Silence(days=days, since=today - timedelta(days), usual=sum(day.usual for day in of_days))


def shortfall(history: History, today: date) -> Shortfall | None:
    """Return the last seven days if they have far less than any seven days before."""
    counts = list(_past(history, today).values())
    week, before = sum(counts[-7:]), counts[:-7]
    if len(before) < 7 * ENOUGH_WEEKS:
        return None
    weeks = sorted(sum(before[start : start + 7]) for start in range(len(before) - 6))
    if median(weeks) < LEAST_PER_WEEK or week >= weeks[0] * FEW:
        return None
    return Shortfall(articles=week, low=weeks[len(weeks) // 10], high=weeks[-1 - len(weeks) // 10])


def _zeros_at_end(counts: list[int]) -> int:
    return next((number for number, count in enumerate(reversed(counts)) if count), len(counts))


def _longest_zeros(counts: list[int]) -> int:
    longest = run = 0
    for count in counts:
        run = 0 if count else run + 1
        longest = max(longest, run)
    return longest
