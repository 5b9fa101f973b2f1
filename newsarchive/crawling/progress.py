"""How a crawl and whoever watches it talk: its progress, how each site ended, which sites to crawl as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from newsarchive.crawling.outcomes import Outcome
from newsarchive.sites import Site

Progress = tuple[int, int | None, str]
"""Pages done, total number of pages if known, and their outcomes in words."""
Follow = Callable[[str, Callable[[], Progress]], None]
"""Shows a run's progress; gets the site's name and what returns the progress. Never raises."""

Ended = Callable[[Outcome], None]
"""Reports how the crawl of a site ended, when it did. Never raises."""

Join = Callable[[], Sequence[Site]]
"""Returns sites that others have asked for since the last call."""


def follow_nothing(_name: str, _progress: Callable[[], Progress]) -> None:
    """Show nothing: nobody is watching."""


def show_nothing(_outcome: Outcome) -> None:
    """Report nothing: the caller gets all outcomes in the end."""


def join_nothing() -> Sequence[Site]:
    """Return no site: nobody asks for more."""
    return ()
