"""SiteLearning: what crawls know of a site beyond its profile, and what a run adds to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from sqlite_utils import Database

from newsarchive.crawling.full_scans import Scan
from newsarchive.database import learned
from newsarchive.database.idle import KnownAddresses, learn_idle_parameters
from newsarchive.discovery import at_root, identity, learned_root
from newsarchive.items import ListingRequest, Page
from newsarchive.sites import Site, Source
from newsarchive.times import now

USUAL_SOURCES = (Source(kind="wordpress"), Source(kind="sitemap"), Source(kind="feed"))
"""The sources of a profile that names none."""

LOOK_WITHOUT_SOURCE = timedelta(hours=20)
"""Between two looks for other sources while none works: once a day, however often the site is crawled."""


class SiteLearning:
    """Knows a site as crawls found it: `site` is at the place to which it moved, with the sources found.

    `write` is called before each write to the database; `notes` are sentences for a person.
    """

    def __init__(self, db: Database, profile: Site, *, write: Callable[[], None], started: str) -> None:
        self._db = db
        self.profile = profile
        self._write = write
        self.notes: list[str] = []
        sources = profile.sources or USUAL_SOURCES
        known = {identity(profile, source) for source in sources}
        found = learned.learned_sources(db, profile.name, time=started)
        further = tuple(source for source in found if identity(profile, source) not in known)
        root = learned.root_of(db, profile.name) or profile.url
        self.site = replace(profile, url=root, sources=(*sources, *further))
        self.addresses = KnownAddresses(db, profile)
        self.look_is_due = learned.look_is_due(db, profile, time=started)
        self._look_without_source = learned.look_is_due(db, profile, time=started, every=LOOK_WITHOUT_SOURCE)
        self.has_candidates = bool(learned.candidates_to_try(db, profile.name, time=started))

    def looks(self, *, worked: bool) -> bool:
        """Return whether to look for further sources now, once it is known whether any of the present ones worked."""
        return self.look_is_due or (not worked and self._look_without_source)

    def moved(self, source: Source) -> Source:
        """Return a source as it is now, if it moved with the site."""
        return at_root(source, self.profile.url, self.site.url)

    def note_root(self, request: ListingRequest, page: Page) -> None:
        """Record where the site lives now, if it redirects what is asked for at the profile's URL."""
        if root := learned_root(self.site, request.url, page.url):
            self._write()
            learned.note_root(self._db, self.site.name, root)
            self.site = replace(self.site, url=root)
            self._note(f"the site lives at {root} now, and is asked there; its profile says {self.profile.url}")

    def note_found(self, sources: Iterable[Source]) -> None:
        """Record that sources were found in this run; the search has stored them."""
        for source in sources:
            self._note(
                "a source that its profile lacks lists further articles, and is read from now on:"
                f" {source.kind} {source.url}"
            )

    def finish(self, scans: Iterable[Scan], *, worked: bool) -> None:
        """Learn from a whole run, and undo what it proved wrong.

        That is a move, if nothing can be read there, and a source found whose pages are no articles.
        """
        name = self.site.name
        if not worked:
            learned.note_root(self._db, name, "")
        for scan in scans:
            if scan.state.get("learned") == "used" and scan.worked:
                learned.drop_if_empty(self._db, name, scan.source.kind, scan.url, label=scan.label)
        names, merged = learn_idle_parameters(self._db, name, known=self.site.idle_parameters, time=now())
        copies = f"{merged:,} {'copy' if merged == 1 else 'copies'} of articles merged"
        if names:
            self._note(f"in its URLs {', '.join(names)} changes nothing; {copies}")
        elif merged:
            self.notes.append(copies)

    def _note(self, sentence: str) -> None:
        self.notes.append(f'{sentence} ("newsarchive sites learn {self.site.name} --write" adds that to the profile)')
