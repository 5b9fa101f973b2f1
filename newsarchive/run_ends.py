"""RunEnd: why a run ended."""

from __future__ import annotations

from enum import StrEnum


class RunEnd(StrEnum):
    """Why a run ended, as it is stored in `runs.reason`."""

    FINISHED = "finished"
    INCOMPLETE = "incomplete"
    """It came to its end, but a source could not be read."""
    INTERRUPTED = "interrupted"
    """By Ctrl-C, a signal, or a limit set for Scrapy."""
    POSTPONED = "postponed"
    """The site asked to come back later."""
    FAILED = "failed"
    KILLED = "killed"
    """Without a word of its own: the next run finds it."""
