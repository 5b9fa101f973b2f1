"""How a run reports its progress to whoever watches it."""

from __future__ import annotations

from collections.abc import Callable

Progress = tuple[int, int | None, str]
"""Pages done, total number of pages if known, and their outcomes in words."""
Follow = Callable[[str, Callable[[], Progress]], None]
"""Shows a run's progress; gets the site's name and what returns the progress. Never raises."""


def follow_nothing(_name: str, _progress: Callable[[], Progress]) -> None:
    """Show nothing: nobody is watching."""
