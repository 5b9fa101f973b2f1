"""RunReport: what a run says of itself at its end."""

from __future__ import annotations

from collections.abc import Sequence

from newsarchive.database.alerts import Alert, AlertKey
from newsarchive.run_ends import RunEnd

_OF_RUNS = frozenset({AlertKey("error"), AlertKey("unstored"), AlertKey("postponed"), AlertKey("crash")})

_LOST = ("source", "sources")
"""Codes of the alerts on sources that could not be read."""
ENDED = (RunEnd.FINISHED, RunEnd.INCOMPLETE)
"""The reasons of runs that came to their end."""
_BY_OURSELVES = {str(end): end for end in (RunEnd.POSTPONED, RunEnd.FAILED)}


class RunReport:
    """Why a run ended, and what a person should know of it."""

    def __init__(self) -> None:
        self.reason = RunEnd.FAILED
        self.come_back = ""
        """When the site asked to be requested again (UTC with Z)."""
        self.alerts: Sequence[Alert] = ()
        """What a person should know, though nothing needs to be done."""
        self.needs: Sequence[Alert] = ()
        """What a person needs to see to, found when everything was stored."""
        self.well: frozenset[AlertKey] = frozenset()
        """The alerts that are over, if they lasted."""
        self._why_postponed = ""
        self._unstored: list[str] = []

    def postpone(self, until: str, sentence: str) -> None:
        """Record that the site asked to come back at a time (UTC with Z)."""
        self.come_back, self._why_postponed = until, sentence

    def not_stored(self, url: str, reason: str) -> None:
        """Record that a page or an image could not be stored."""
        self._unstored.append(f"{url} {reason}")

    def end(self, reason: str, *, failed: bool) -> None:
        """Record why the run ended; `reason` is Scrapy's, `failed` True if our own code failed.

        A run that lost a source came to its end, but what that source lists is unknown.
        """
        lost = any(need.key.code in _LOST for need in self.needs)
        if failed:
            self.reason = RunEnd.FAILED
        elif reason == RunEnd.FINISHED:
            self.reason = RunEnd.INCOMPLETE if lost else RunEnd.FINISHED
        else:  # Scrapy has a name for each limit that ends a crawl, and closes it with "shutdown" after a signal
            self.reason = _BY_OURSELVES.get(reason, RunEnd.INTERRUPTED)

    def problems(self, failures: Sequence[str]) -> list[Alert]:
        """Return what needs a person: `failures` of our own code, what could not be stored, and what was found."""
        own = [Alert(failure, code="error") for failure in failures]
        unstored = [Alert(_in_one_sentence(self._unstored), code="unstored")] if self._unstored else []
        postponed = [Alert(self._why_postponed, code="postponed")] if self._why_postponed else []
        return [*own, *unstored, *postponed, *self.needs]

    def over(self) -> frozenset[AlertKey]:
        """Return the alerts that are over, if they lasted: only a run that came to its end proves any to be."""
        return self.well | _OF_RUNS if self.reason in ENDED else frozenset()


def _in_one_sentence(unstored: Sequence[str]) -> str:
    number = "1 page or image" if len(unstored) == 1 else f"{len(unstored)} pages or images"
    return (
        f"{number} could not be stored, the first: {unstored[0]}. All others were. This is an error in newsarchive:"
        " please report it. What failed is tried again."
    )
