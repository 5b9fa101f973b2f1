"""What an import would read, without storing anything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive.importing.pages import SiteChooser, open_recordings
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.storing import Imported
from newsarchive.sites import Site
from newsarchive.text.counting import counted


@dataclass(kw_only=True)
class SitePreview:
    """The pages of a site: how many, of how many URLs, and their first and last day."""

    pages: int = 0
    urls: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""

    def __str__(self) -> str:
        days = self.first if self.first == self.last else f"{self.first} to {self.last}"
        return f"{counted(self.pages, 'page')} of {counted(len(self.urls), 'URL')}, {days}"


@dataclass(kw_only=True)
class Preview:
    """What files hold, by site; images count whether or not an article shows them."""

    sites: dict[str, SitePreview] = field(default_factory=dict)
    other_site: int = 0
    images: int = 0
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def preview_files(
    paths: Sequence[Path],
    *,
    sites: Mapping[str, Site],
    any_site: bool = False,
    text_only: bool = False,
    only: Collection[str] = (),
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> Preview:
    """Read files as an import does, and count their pages by site. Nothing is extracted or stored."""
    read = Imported()
    chooser = SiteChooser(sites, any_site=any_site, only=only)
    with tempfile.TemporaryDirectory(prefix="newsarchive-import-") as unpacked:
        files = open_recordings(
            paths, Path(unpacked), read, lambda done, total: progress("files", done, total), chooser.wants
        )
        found = find_recordings(files, read.broken, notes=read.notes, text_only=text_only)
    preview = Preview(images=len(found.images), broken=read.broken, notes=read.notes)
    for place in found.pages:
        site = chooser.site_of(place.url)
        if site is None or not site.wants(place.url):
            preview.other_site += 1
            continue
        known = preview.sites.setdefault(site.name, SitePreview())
        known.pages += 1
        known.urls.add(place.url)
        known.first = known.first or place.time[:10]
        known.last = place.time[:10]
    return preview
