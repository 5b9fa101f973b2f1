"""Plots as SVG, rendered on the server by Vega-Lite (vl-convert) without a browser, network or script in the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import vl_convert
from lxml import etree
from markupsafe import Markup

from newsarchive.text.encodings import one_line

# Distinguishable with any colour vision (after Okabe and Ito, 2008), each with a contrast of at least 3:1 on white.
COLOURS = ["#0b62a4", "#c2410c", "#00785a", "#a02c7d", "#7a5c00", "#2f2f2f", "#4b7bd1", "#8a1c1c"]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
MANY = 3000
"""Maximum number of points drawn; more would overlap and take megabytes, so only lines are drawn."""

# Vega resolves relative links against its own site, so links get this host, which is removed from the result.
_HERE = "https://here.invalid"
_XLINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(kw_only=True, frozen=True)
class Point:
    """A value of a plot: `period` is a year, a month (2025-02) or a day; `link` leads to the articles counted."""

    period: str
    series: str
    value: float
    link: str = ""


def draw_lines(
    points: Sequence[Point], *, share: bool = False, width: int = 760, height: int = 220, kind: str = "plot"
) -> Markup:
    """Return an SVG of class `kind` with one line per series over time; points link to their articles.

    Empty without points. The names of the series are not in it: see `draw_sign`.

    The plot is hidden from screen readers and keyboard focus: the table next to every plot has the same values and
    links.
    """
    if not points:
        return Markup()
    points = [replace(point, series=one_line(point.series)) for point in points]  # XML forbids control characters
    return _drawn(tuple(points), share=share, width=width, height=height, kind=kind)


@lru_cache(maxsize=32)  # between two crawls every reader gets the same plots, and drawing takes most of a page's time
def _drawn(points: tuple[Point, ...], *, share: bool, width: int, height: int, kind: str) -> Markup:
    names = list(dict.fromkeys(point.series for point in points))
    spec = _specification(points, names, share=share, width=width, height=height)
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return Markup(_tidy(svg, kind))  # noqa: S704 - Vega escapes its output, and _tidy parses and serializes it again


def draw_sign(number: int) -> Markup:
    """Return the sign of the points of the series with a number, for a legend."""
    colour, shape = COLOURS[number % len(COLOURS)], _SHAPES[SHAPES[number % len(SHAPES)]]
    return Markup(
        '<svg class="plot sign" viewBox="0 0 12 12" aria-hidden="true" focusable="false"><path fill="{}" d="{}"/></svg>'
    ).format(colour, shape)


_SHAPES = {
    "circle": "M6 1a5 5 0 1 0 .01 0z",
    "square": "M2 2h8v8H2z",
    "triangle-up": "M6 1l5 10H1z",
    "diamond": "M6 0l4.5 6L6 12 1.500 6z",
    "cross": "M4.500 1h3v3.500H11v3H7.500V11h-3V7.500H1v-3h3.500z",
    "triangle-down": "M6 11L1 1h10z",
    "triangle-right": "M11 6L1 11V1z",
    "triangle-left": "M1 6l10-5v10z",
}

PERCENT = {"format": ".2~%"}
NUMBER = {"labelExpr": "replace(format(datum.value, ',~r'), /,/g, '\u202f')"}
"""Labels of an axis; thousands are parted by a space, as in every language of the room (ISO 80000)."""

CONFIG = {
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {"labelColor": "#333", "labelFontSize": 12, "gridColor": "#ddd", "domainColor": "#777"},
}


def _specification(
    points: Sequence[Point], names: Sequence[str], *, share: bool, width: int, height: int
) -> dict[str, Any]:
    """Return the plot in Vega-Lite: lines, with dots that link to articles unless there are too many."""
    values = [
        {"period": p.period, "series": p.series, "value": p.value, "link": p.link and _HERE + p.link} for p in points
    ]
    series = {"field": "series", "type": "nominal", "legend": None}
    lines = {"mark": {"type": "line", "strokeWidth": 2}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "height": height,
        "padding": 4,
        "background": None,
        "data": {"values": values},
        "encoding": {**_axes(points, share=share, width=width), "color": {**series, "scale": _scale(names, COLOURS)}},
        "layer": [lines, *([_dots(points, names, series)] if len(points) <= MANY else [])],
        "config": CONFIG,
    }


def _axes(points: Sequence[Point], *, share: bool, width: int) -> dict[str, Any]:
    ticks = _ticks([point.period for point in points], most=13 if width > 500 else 5)
    steps = _steps(points, share=share)
    return {
        "x": {
            "field": "period",
            "type": "temporal",
            "timeUnit": "utcyearmonthdate",
            "axis": {"title": None, "labelOverlap": "greedy", "labelSeparation": 8, **ticks},
        },
        "y": {
            "field": "value",
            "type": "quantitative",
            "axis": {"title": None, **(PERCENT if share else NUMBER), **steps},
        },
    }


def _dots(points: Sequence[Point], names: Sequence[str], series: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.link != ''"}],  # empty periods have no link
        "mark": {"type": "point", "filled": True, "opacity": 1, "size": 46 if len(points) < 150 else 22},
        "encoding": {"shape": {**series, "scale": _scale(names, SHAPES)}, "href": {"field": "link"}},
    }


def _scale(names: Sequence[str], values: Sequence[str]) -> dict[str, Any]:
    """Return a scale that gives each series its value; beyond their number, values repeat."""
    return {"domain": list(names), "range": [values[i % len(values)] for i in range(len(names))]}


def _steps(points: Sequence[Point], *, share: bool) -> dict[str, Any]:
    """Return axis options that keep the ticks of counts at integers; for small counts Vega needs explicit values."""
    largest = max(point.value for point in points)
    return {} if share else {"values": [*range(int(largest) + 1)]} if largest < 5 else {"tickMinStep": 1}


def _ticks(periods: Sequence[str], *, most: int = 13) -> dict[str, Any]:
    """Return axis options for about `most` ticks, each at the start of a period, so that no label is repeated.

    >>> _ticks(["2023", "2025"]), _ticks(["2023-11", "2026-11"])["tickCount"]
    ({'format': '%Y', 'tickCount': {'interval': 'year', 'step': 1}}, {'interval': 'month', 'step': 3})
    """
    first, last = ((f"{period}-01-01")[:10] for period in (min(periods), max(periods)))
    months = int(last[:4]) * 12 + int(last[5:7]) - int(first[:4]) * 12 - int(first[5:7])
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    length = len(periods[0])
    if length == 4 or months > 120:
        return {"format": "%Y", "tickCount": {"interval": "year", "step": max(1, -(-months // (12 * most - 12)))}}
    if length == 7 or days > 62:
        step = next(step for step in (1, 2, 3, 6, 12, 24) if months <= most * step or step == 24)
        return {"format": "%Y-%m", "tickCount": {"interval": "month", "step": step}}
    return {"format": "%Y-%m-%d", "tickCount": {"interval": "day", "step": max(1, -(-days // (most * 2 // 3)))}}


def _tidy(svg: str, kind: str) -> str:
    """Return the SVG without Vega's English labels, with links local and out of the tab order."""
    root = etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    for element in root.iter():
        if link := element.get(_XLINK):
            element.set("href", link.removeprefix(_HERE))
            element.set("tabindex", "-1")
        for name in ("aria-label", "aria-roledescription", "role", "aria-hidden", "class", _XLINK):
            if name in element.attrib:
                del element.attrib[name]
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    root.set("class", kind)
    del root.attrib["width"], root.attrib["height"]
    return str(etree.tostring(root, encoding="unicode"))
