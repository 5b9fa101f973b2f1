"""RunReport: what a run says of itself at its end."""

from __future__ import annotations

from collections.abc import Sequence


class RunReport:
    """Why a run ended, and what a person should know of it."""

    def __init__(self) -> None:
        self.reason = "failed"
        """``finished``, ``interrupted``, ``postponed`` or ``failed``."""
        self.come_back = ""
        """When the site asked to be requested again (UTC with Z)."""
        self.alerts: list[str] = []
        """What a person should know, though nothing needs to be done."""
        self.needs: list[str] = []
        """What a person needs to see to, found when everything was stored."""
        self._why_postponed = ""
        self._unstored: list[str] = []

    def postpone(self, until: str, sentence: str) -> None:
        """Record that the site asked to come back at a time (UTC with Z)."""
        self.come_back, self._why_postponed = until, sentence

    def not_stored(self, url: str, reason: str) -> None:
        """Record that a page or an image could not be stored."""
        self._unstored.append(f"{url} {reason}")

    def end(self, reason: str, *, failed: bool) -> None:
        """Record why the run ended; `reason` is Scrapy's, `failed` True if our own code failed."""
        ended = {"finished": "finished", "shutdown": "interrupted"}.get(reason, reason)
        self.reason = "failed" if failed else ended

    def problems(self, failures: Sequence[str]) -> list[str]:
        """Return what needs a person: `failures` of our own code, what could not be stored, and what was found."""
        unstored = [_in_one_sentence(self._unstored)] if self._unstored else []
        return [*failures, *unstored, *filter(None, [self._why_postponed]), *self.needs]


def _in_one_sentence(unstored: Sequence[str]) -> str:
    number = "1 page or picture" if len(unstored) == 1 else f"{len(unstored)} pages or pictures"
    return (
        f"{number} could not be stored, the first: {unstored[0]}. All others were. This is an error in newsarchive:"
        " please report it. What failed is tried again."
    )
