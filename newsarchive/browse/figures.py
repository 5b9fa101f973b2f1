"""Figures: a plot, its data as a table of links, and a link to its CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from newsarchive.browse.plots import MANY, Point, draw_lines, draw_sign


@dataclass(kw_only=True, frozen=True)
class Figure:
    """The values a template needs to show a plot; `cells` maps (period, series) to points."""

    caption: str
    plot: Markup
    narrow: Markup
    """The same plot for a phone."""
    signs: Sequence[Markup]
    """The sign of each series, for the legend."""
    periods: Sequence[str]
    series: Sequence[str]
    cells: dict[tuple[str, str], Point]
    csv: str = ""
    link: str = ""
    """The page that shows more of the same."""
    share: bool = False
    wide: bool = True
    """The plot is as wide as a page."""

    def cell(self, period: str, series: str) -> Point | None:
        return self.cells.get((period, series))


def line_figure(
    points: Sequence[Point], caption: str, *, csv: str = "", link: str = "", share: bool = False, wide: bool = True
) -> Figure:
    """Return a figure of lines over time. Missing periods between the first and the last count as zero."""
    series = list(dict.fromkeys(point.series for point in points))
    cells = {(p.period, p.series): p for p in points}
    periods = sorted({p.period for p in points})
    drawn = [
        cells.get((period, name)) or Point(period=period, series=name, value=0.0)
        for name in series
        for period in every_period(periods)
    ]
    return Figure(
        caption=caption,
        plot=draw_lines(drawn, share=share, width=760 if wide else 340, height=220 if wide else 150),
        narrow=draw_lines(drawn, share=share, width=300, height=180, kind="plot narrow") if wide else Markup(),
        signs=[draw_sign(number) for number in range(len(series))],
        periods=periods,
        series=series,
        cells=cells,
        csv=csv,
        link=link,
        share=share,
        wide=wide,
    )


def every_period(periods: Sequence[str]) -> list[str]:
    """Return all years, months or days from the first to the last of `periods`.

    Days are not filled in if there would be more than `MANY`.

    >>> every_period(["2024-11", "2025-02"])
    ['2024-11', '2024-12', '2025-01', '2025-02']
    """
    if not periods:
        return []
    first, last = periods[0], periods[-1]
    if len(first) > 7:
        days = range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1)
        return [date.fromordinal(day).isoformat() for day in days] if len(days) <= MANY else list(periods)
    if len(first) == 4:
        return [f"{year:04}" for year in range(int(first), int(last) + 1)]
    start, end = (int(p[:4]) * 12 + int(p[5:7]) - 1 for p in (first, last))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1)]
