"""SourceOrder: which source of a site is read next, decided from how those before it went."""

from __future__ import annotations

from collections.abc import Iterable

from newsarchive.crawling.full_scans import Scan
from newsarchive.sites import Source


class SourceOrder:
    """Decides which sources to read in a run, and what to say of them.

    The first one that works is used; if it could not be read to its end, the next one fills the gap. With `every`,
    all of them are read.
    """

    def __init__(self, sources: Iterable[Source], *, every: bool) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._waiting = list(sources)
        self._every = every
        self._complete = False
        self._partly = False
        self._why_not: list[str] = []

    def next(self) -> Source | None:
        """Return the source to read now; None if no other is needed."""
        if not self._waiting or (self._complete and not self._every):
            return None
        return self._waiting.pop(0)

    @property
    def follows_pagers(self) -> bool:
        """True if the next feed or listing is to be read beyond its first page, since no better source was read."""
        return not self._complete and not self._partly

    def ended(self, scan: Scan) -> None:
        """Record how the scan of a source went."""
        kind, before = scan.source.kind, scan.state.get("state")
        if scan.problem:
            self.problems.append(f"the {kind} source: {scan.problem}")
        if not scan.worked:
            self._why_not.append(scan.why_not)
            if before == "working":
                self.problems.append(f"the {kind} source no longer works: {scan.why_not}")
            elif before != "failed":
                self.notes.append(f"the {kind} source cannot be read: {scan.why_not}")
            return
        if scan.lost:
            self.notes.append(f"the {kind} source: {scan.losses}")
        if scan.broken:  # what was read is used, and the next source fills the gap
            self.notes.append(f"the {kind} source was not read to its end: {scan.failure}")
            self._partly = True
        else:
            self._complete = True

    def finish(self) -> None:
        """Record, at the end of a run that was not cut off, whether any source could be read."""
        if not self._complete and not self._partly:
            why = "; ".join(dict.fromkeys(filter(None, self._why_not)))
            self.problems.append("no source of the site could be read" + (f": {why}" if why else ""))
