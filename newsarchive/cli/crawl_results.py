"""How a crawl tells of the sites that ended: in sentences at once, and to people when others join it and at its end."""

from __future__ import annotations

import json
import sys
import threading
import time

import click

from newsarchive.cli.notifying import tell_of_crawl
from newsarchive.cli.terminal import Archive
from newsarchive.configuration import Notify
from newsarchive.crawling.outcomes import Outcome, total
from newsarchive.database import take_requests
from newsarchive.sites import Site, load_profiles


class CrawlReport:
    """Prints how each crawl ended once it did, in one sentence each with its alerts, and a total at the end."""

    def __init__(self, archive: Archive, *, as_json: bool) -> None:
        self._archive = archive
        self._as_json = as_json
        self._began = time.monotonic()
        self._failure: OSError | None = None
        self._untold: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """Print one. If nobody can read it any more, the other crawls go on, and `finish` raises."""
        self._untold.append(outcome)
        try:
            self._print(outcome)
        except OSError as error:
            self._failure = self._failure or error

    def _print(self, outcome: Outcome) -> None:
        for note in outcome.notes:
            self._archive.say(f"{outcome.site}: {note}")
        for problem in outcome.problems:
            self._archive.warn(f"{outcome.site}: {problem}")
        if not self._as_json and (not self._archive.quiet or outcome.problems):
            click.echo(outcome.sentence(), file=sys.stdout)

    def take_untold(self) -> list[Outcome]:
        """Return the outcomes that came since the last call: of those people are still to be told."""
        taken, self._untold = self._untold, []
        return taken

    def put_back(self, outcomes: list[Outcome]) -> None:
        """Note that people could not be told of outcomes, so that the next attempt does."""
        self._untold = [*outcomes, *self._untold]

    def finish(self, outcomes: list[Outcome]) -> int:
        """Print the total, or all as JSON; return the exit code."""
        if self._failure is not None:
            raise self._failure
        if self._as_json:
            click.echo(json.dumps([vars(outcome) for outcome in outcomes], ensure_ascii=False, indent=2))
        elif len(outcomes) > 1 and not self._archive.quiet:
            click.echo(total(outcomes, time.monotonic() - self._began))
        return 1 if any(outcome.needs_a_person for outcome in outcomes) else 0


class Joining:
    """The sites that other runs asked this one for, when it held the archive.

    Such a run would have told people of alerts and news, so those of the sites that have ended are told then.
    """

    def __init__(self, archive: Archive, told: Notify, results: CrawlReport) -> None:
        self._archive = archive
        self._told = told
        self._results = results
        self._telling: threading.Thread | None = None

    def __call__(self) -> list[Site]:
        """Return the sites that were asked for since the last call, as their profiles are now."""
        names = take_requests(self._archive.folder)
        if not names:
            return []
        if self._telling is None or not self._telling.is_alive():
            self._telling = threading.Thread(target=self._tell, args=(self._results.take_untold(),), name="telling")
            self._telling.start()
        profiles = load_profiles(self._archive.folder / "sites").sites
        return [profiles[name] for name in names if name in profiles]

    def wait(self) -> None:
        """Wait until those are told who are being told now."""
        if self._telling is not None:
            self._telling.join()

    def _tell(self, outcomes: list[Outcome]) -> None:
        try:
            tell_of_crawl(self._archive, self._told, outcomes)
        except Exception as error:  # noqa: BLE001  nobody above a thread would report it, and the crawl goes on
            self._results.put_back(outcomes)
            self._archive.fault(f"People could not be told ({error}); the end of the run tries again.")
