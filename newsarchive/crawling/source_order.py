"""SourceOrder: which source of a site is read next, decided from how those before it went."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.listing_ends import Ends
from newsarchive.crawling.scan_results import failures_of_source
from newsarchive.database.alerts import Alert, AlertKey
from newsarchive.discovery import is_robots
from newsarchive.sites import Source
from newsarchive.text.counting import counted
from newsarchive.times import now, stamp

MOST_UNCHANGED = 5
"""Requests to a site without news in one run, robots.txt among them."""
COMPARED_EVERY = timedelta(days=3)
USUAL_COST = {"wordpress": 2, "sitemap": 3, "feed": 1, "listing": 1}
"""Requests of a scan for changes, before its true number is known."""

_UNFOLLOWED = {
    "script": "loads its further pages by a script, which newsarchive does not run",
    "days": "leads to older articles by the pages of single days, which newsarchive does not follow",
    "issues": "leads to older articles by the pages of single issues, which newsarchive does not follow",
}
SOURCE_CODES = ("source", "source_error", "loss")
"""Codes of alerts about single sources."""

States = Mapping[Source, Mapping[str, Any]]
"""The row of `sources` for each source, as the last run left it; empty if there is none."""


class SourceOrder:
    """Decides which sources to read in a run, and what to say of them.

    The first one that works is used; if it could not be read to its end, or is wholly new since the last run, the next
    one fills the gap. Then the others are compared in turn, as far as a site without news gets MOST_UNCHANGED requests;
    those that alone knew of articles before, and those not compared for days, are read in any case. With `every`, all
    of them are read. `reserved` requests are left for the search for further sources.
    """

    def __init__(
        self, sources: Iterable[Source], *, every: bool, states: States | None = None, reserved: int = 0
    ) -> None:
        self.problems: list[Alert] = []
        self.well: set[AlertKey] = set()
        """About what a person no longer needs to care."""
        self.notes: list[str] = []
        self.scans: list[Scan] = []
        """The scans that ended."""
        self.gap_closed = False
        """True if the gap of a short source was closed, or was reported since none of the others could close it."""
        self._waiting = list(sources)
        self._states = states or {}
        self._every = every
        self._also = {s for n, s in enumerate(self._waiting) if any(s.kind == e.kind for e in self._waiting[:n])}
        self.labels = {_label(source, also=source in self._also) for source in self._waiting}
        """The names of all sources in the ledger."""
        self._complete = False
        self._partly = False
        self._has_all = False
        self._found: list[Source] = []
        self._requested = 1 + reserved  # robots.txt
        self._old_gap = self._gap = any(_data(row).get("gap") for row in self._states.values())
        self._why_not: list[str] = []

    def next(self) -> Source | None:
        """Return the source to read now; None if no other is needed."""
        if self._found:
            return self._found.pop(0)
        if not self._waiting:
            return None
        if self._every or not self._complete or self._gap:
            return self._waiting.pop(0)
        least_recent = sorted(self._waiting, key=lambda source: self._row(source).get("checked") or "")
        source = next((source for source in least_recent if self._compares(source)), None)
        if source is not None:
            self._waiting.remove(source)
        return source

    def add(self, sources: Sequence[Source], states: States) -> None:
        """Add sources that were found in this run; they are read next."""
        kinds = {source.kind for source in self._states}
        self._also |= {s for n, s in enumerate(sources) if s.kind in kinds | {e.kind for e in sources[:n]}}
        self._states = {**self._states, **states}
        self.labels |= {_label(source, also=source in self._also) for source in sources}
        self._found += sources

    @property
    def room(self) -> int:
        """The requests that are left in a run of a site without news."""
        return MOST_UNCHANGED - self._requested

    @property
    def worked(self) -> bool:
        """True if any source could be read, at least in part."""
        return self._complete or self._partly

    @property
    def rest_failed(self) -> bool:
        """True if WordPress' REST interface was asked in vain."""
        return any(scan.source.kind == "wordpress" and not scan.worked for scan in self.scans)

    def _row(self, source: Source) -> Mapping[str, Any]:
        return self._states.get(source, {})

    def _compares(self, source: Source) -> bool:
        """Return whether to read a source though a better one was read."""
        row = self._row(source)
        cost = _data(row).get("cost", USUAL_COST[source.kind])
        overdue = (row.get("checked") or "") < stamp(datetime.fromisoformat(now()) - COMPARED_EVERY)
        return bool(row.get("only")) or overdue or self._requested + cost <= MOST_UNCHANGED

    def scan(self, source: Source, **values: Any) -> Scan:
        """Return the scan of a source, with what those before it and the last run leave to it."""
        data = _data(self._row(source))
        return Scan(
            source=source,
            url=source.url or source.kind,
            also=source in self._also,
            beside=self._has_all,
            compared=self._complete,
            per_page=data.get("per_page", ""),
            ends=Ends(known=data.get("ends", {})),
            **values,
        )

    def left_open(self, source: Source) -> bool:
        """True if a source needs a full scan, since an earlier run left it, or a gap that it may close, unread."""
        return self._old_gap or bool(_data(self._row(source)).get("unfinished"))

    def is_repeated(self, source: Source) -> bool:
        """True if another source of its kind comes before this one."""
        return source in self._also

    def ended(self, scan: Scan) -> None:
        """Record how the scan of a source went."""
        self.scans.append(scan)
        self._requested += len([url for url in scan.asked if not is_robots(url)])
        kind = scan.label
        if scan.problem:
            self.problems.append(Alert(f"the {kind} source: {scan.problem}", code="source_error", about=kind))
        elif scan.worked:
            self.well.add(AlertKey("source_error", kind))
        if not scan.worked:
            self._failed(scan)
            return
        self.well.add(AlertKey("source", kind))
        if scan.lost:
            self.notes.append(f"the {kind} source: {scan.losses}")
        if scan.scattered:
            self.notes.append(
                f"{scan.source.url} had {counted(scan.scattered, 'new article')} on pages that ordinary runs do not"
                " read; it is read in full each day from now on"
            )
        if scan.broken:  # what was read is used, and the next source fills the gap
            self.notes.append(f"the {kind} source was not read to its end: {scan.failure}")
            self._partly = True
            return
        self._complete = True
        self._has_all = self._has_all or scan.has_all
        if scan.has_gap:
            self._gap = True
        elif self._gap and scan.source.kind != "feed":
            self._gap = self._old_gap = False
            self.gap_closed = True

    def _failed(self, scan: Scan) -> None:
        """Say why a source could not be read, in every run: one that worked before needs a person."""
        self._why_not.append(scan.why_not)
        failures, since = failures_of_source(scan.state)
        if scan.state.get("state") == "working":
            self._report(scan, f"the {scan.label} source no longer works: {scan.why_not}. The next run tries it again")
        elif scan.state.get("complete"):
            runs = f" in {counted(failures + 1, 'run')} since {since}" if failures else ""
            self._report(
                scan,
                f"the {scan.label} source still does not work{runs}: {scan.why_not}. Each run tries it again; if it is"
                " gone for good, remove it from the profile",
            )
        else:
            self.notes.append(f"the {scan.label} source cannot be read: {scan.why_not}; each run tries it again")

    def _report(self, scan: Scan, sentence: str) -> None:
        self.problems.append(Alert(sentence, code="source", about=scan.label))

    def finish(self) -> None:
        """Record, at the end of a run that was not cut off, whether any source could be read, and what it missed."""
        if not self.worked:
            why = "; ".join(dict.fromkeys(filter(None, self._why_not)))
            sentence = "no source of the site could be read" + (f": {why}" if why else "")
            sentence += ". Each run tries all of them again; if they stay so, look at the site in a browser"
            self.problems.append(Alert(sentence, code="sources"))
            return
        self.well.add(AlertKey("sources"))
        if self._gap:
            self.problems.append(
                Alert(
                    "everything in its feed is new since the last run, and no other source could say what the feed had"
                    " dropped by then: crawl more often, or add a source of kind listing",
                    code="gap",
                )
            )
            self.gap_closed = True  # a later run could do no more about it
        else:
            self.well.add(AlertKey("gap"))
        self._judge_pagers()

    def _judge_pagers(self) -> None:
        """Report listings whose further pages are not followed, if no source that was read reaches older articles."""
        walked = [scan for scan in self.scans if scan.is_full and scan.worked]
        ends = [scan for scan in walked if scan.unfollowed and scan.source.pages == 0]
        if not walked:
            return
        if not ends or any(scan.reaches_far for scan in walked):
            self.well.add(AlertKey("pager"))
            return
        sentence = (
            f"{ends[0].source.url} {_UNFOLLOWED[ends[0].unfollowed]}, and no other source reaches the older articles:"
            " they are missing. If the site has an archive, a sitemap or section pages, add them to the profile; else"
            " set pages = 1 for this source"
        )
        self.problems.append(Alert(sentence, code="pager"))


def _label(source: Source, *, also: bool) -> str:
    return f"{source.kind} {source.url or source.kind}" if also else source.kind


def _data(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(json.loads(row.get("data") or "{}"))
