"""Days with far fewer articles than usual: told apart whether the newspaper was silent or the archive has a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles

from markupsafe import Markup

from newsarchive.browse.archives import Row, visible
from newsarchive.browse.visits import Visit

AROUND = 13
"""Weeks before and after a day whose same weekdays say what is usual."""
ENOUGH = 4
"""Least number of those weekdays with articles in the time the site published."""
SILENT, LOST, UNCERTAIN = "silent", "lost", "uncertain"


@dataclass(frozen=True, kw_only=True)
class Usual:
    """How many articles the same weekday has in the weeks around a day: the middle eight tenths, and the median."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """A day with fewer articles than usual, and why: ``silent``, ``lost`` or ``uncertain``."""

    day: str
    articles: int
    usual: Usual
    verdict: str


def usual_of(counts: Mapping[date, int], day: date) -> Usual | None:
    """Return what is usual on a day; None if too little was published around it to say.

    >>> counts = {date(2025, 1, 6) + timedelta(n): 5 for n in range(70)}
    >>> usual_of(counts, date(2025, 2, 3))
    Usual(low=5.0, median=5.0, high=5.0)
    """
    if not counts:
        return None
    first, last = min(counts), max(counts)
    same = [day + timedelta(weeks=n) for n in range(-AROUND, AROUND + 1) if n]
    values = [counts.get(other, 0) for other in same if first <= other <= last]
    if sum(value > 0 for value in values) < ENOUGH:
        return None
    tenths = quantiles(values, n=10, method="inclusive")
    return Usual(low=tenths[0], median=float(median(values)), high=tenths[-1])


def quiet_days(
    counts: Mapping[date, int], usual: Mapping[date, Usual], days: Mapping[str, Row], complete: str
) -> list[Quiet]:
    """Return the days with fewer articles than usual; `complete` is when a source was last read to its end (UTC).

    What was listed and is not archived is lost. If a source was read to its end after the day, nothing else was
    listed, so the newspaper was silent; else it is uncertain.
    """
    found = []
    for day, around in sorted(usual.items()):
        count = counts.get(day, 0)
        if count >= around.low or (count and count >= around.median / 2):
            continue
        row = days.get(day.isoformat())
        lost = bool(row and count + row["failed"] + row["due"] >= around.low and (row["failed"] or row["due"]))
        verdict = LOST if lost else SILENT if complete[:10] > day.isoformat() else UNCERTAIN
        found.append(Quiet(day=day.isoformat(), articles=count, usual=around, verdict=verdict))
    return found


def read_silences(visit: Visit, site: str, year: int, days: Mapping[str, Row]) -> tuple[list[Quiet], Markup]:
    """Return the quiet days of a year of a site, and the plot of its articles with the usual volume as a band."""
    margin = timedelta(weeks=AROUND)
    span = (date(year, 1, 1) - margin, date(year, 12, 31) + margin)
    found = visit.rows(
        f"""select a.day, count(*) as articles from search_order a where a.site = ? and a.day between ? and ?
        and {visible("a.article")} group by a.day""",  # noqa: S608
        [site, span[0].isoformat(), span[1].isoformat()],
    )
    counts = {date.fromisoformat(row["day"]): int(row["articles"]) for row in found}
    if not counts:
        return [], Markup()
    last = max(counts)
    inside = [d for n in range(366) if (d := date(year, 1, 1) + timedelta(n)).year == year and min(counts) <= d <= last]
    usual = {day: around for day in inside if (around := usual_of(counts, day))}
    read = visit.rows("select coalesce(max(complete), '') as at from sources where site = ?", [site])
    return quiet_days(counts, usual, days, max(str(row["at"]) for row in read)), draw_band(inside, counts, usual)


def draw_band(days: Sequence[date], counts: Mapping[date, int], usual: Mapping[date, Usual]) -> Markup:
    """Return an SVG of the articles per day, with the usual volume as a band; empty without anything usual."""
    if not usual:
        return Markup()
    most = max(1.0, *(counts.get(day, 0) for day in days), *(around.high for around in usual.values()))
    places = {day: (number, 100 - 100 * counts.get(day, 0) / most) for number, day in enumerate(days)}
    band = [(places[day][0], 100 - 100 * around.high / most) for day, around in usual.items()]
    band += [(places[day][0], 100 - 100 * around.low / most) for day, around in reversed(list(usual.items()))]
    lines = (
        f'<svg class="band" viewBox="-2 -4 {len(days) + 4} 108" preserveAspectRatio="none" aria-hidden="true"'
        f' focusable="false" width="100%" height="140"><polygon points="{_points(band)}" fill="currentColor"'
        f' opacity="0.18"/><polyline points="{_points(list(places.values()))}" fill="none" stroke="currentColor"'
        f' stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>'
    )
    return Markup(lines)  # noqa: S704 - numbers only


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:.1f}" for x, y in places)
