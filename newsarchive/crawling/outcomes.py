"""Outcome: how the crawl of one site ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsarchive.run_ends import RunEnd
from newsarchive.text.counting import counted

COUNTED = ("new", "changed", "gone", "failed")


@dataclass(kw_only=True)
class Outcome:
    """How the crawl of one site ended: its counts, why it ended, and what needs a person."""

    site: str
    counts: dict[str, int] = field(default_factory=dict)
    reason: RunEnd = RunEnd.FAILED
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    """What a person should know, though nothing needs to be done; logged already."""
    seconds: float = 0.0
    images_only: bool = False
    come_back: str = ""
    """When the site asked to be requested again (UTC with Z)."""

    @property
    def needs_a_person(self) -> bool:
        """Return whether anything is left to be seen to: the exit code is 1 then."""
        return bool(self.problems) or self.reason is not RunEnd.FINISHED

    def sentence(self) -> str:
        """Return the run in one line.

        >>> Outcome(site="ortalyq", counts={"new": 14, "requests": 18}, reason=RunEnd.FINISHED, seconds=41).sentence()
        'ortalyq: 14 new, 0 changed, 0 gone, 0 failed, 18 requests, 41 s'
        >>> found = {"pictures_new": 5, "pictures_refused": 1}
        >>> Outcome(site="a", counts=found, reason=RunEnd.FINISHED, images_only=True).sentence()
        'a: images: 5 new, 1 refused, 0 requests, 0 s'
        """
        named = ((name.split("_"), count) for name, count in self.counts.items())
        kinds = [f"{count} {' '.join(name[1:])}" for name, count in named if name[0] == "pictures"]
        images = [f"images: {', '.join(kinds)}"] if kinds else ["no image is missing"] * self.images_only
        moved = ["moved"] if self.counts.get("moved") else []
        articles = [f"{self.counts.get(name, 0)} {name}" for name in (*COUNTED, *moved) if not self.images_only]
        counts = ", ".join([*articles, *images])
        ended = "" if self.reason is RunEnd.FINISHED else f" ({self.reason})"
        ended = f" (asked to come back at {self.come_back})" if self.come_back else ended
        return f"{self.site}: {counts}, {self.counts.get('requests', 0)} requests, {self.seconds:.0f} s{ended}"


def total(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return several crawls in one line; `seconds` is how long they took together.

    >>> good = Outcome(site="a", counts={"new": 14, "requests": 18}, reason=RunEnd.FINISHED)
    >>> bad = Outcome(site="b", counts={"new": 1, "requests": 3}, reason=RunEnd.FINISHED, problems=["no source"])
    >>> total([good, bad], 41)
    'Total: 15 new, 0 changed, 0 gone, 0 failed, 21 requests, 41 s (2 sites; 1 needs a person: b)'
    >>> total([good, good, bad], 41)
    'Total: 29 new, 0 changed, 0 gone, 0 failed, 39 requests, 41 s (3 crawls of 2 sites; 1 needs a person: b)'
    """
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
    images_only = any(outcome.images_only for outcome in outcomes)
    total = Outcome(site="Total", counts=counts, reason=RunEnd.FINISHED, seconds=seconds, images_only=images_only)
    bad = list(dict.fromkeys(outcome.site for outcome in outcomes if outcome.needs_a_person))
    needs = f"; {len(bad)} {'needs' if len(bad) == 1 else 'need'} a person: {', '.join(bad)}" if bad else ""
    sites = len({outcome.site for outcome in outcomes})
    crawls = f"{len(outcomes)} crawls of " if len(outcomes) != sites else ""
    return f"{total.sentence()} ({crawls}{counted(sites, 'site')}{needs})"
