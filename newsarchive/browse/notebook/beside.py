"""Notes next to what they are on: on the page of an article, and as a page of the notebook shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from newsarchive.browse.archives import Row, rows
from newsarchive.browse.notebook.marking import mark_passages
from newsarchive.browse.visits import Visit
from newsarchive.notebook import Note, NotebookError, open_notebook
from newsarchive.notebook.opening import is_writable
from newsarchive.notebook.standing import Anchor, Fate, Standing, follow, standing_of
from newsarchive.notebook.storing import list_collections, list_notes, new_uuid


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A note as a page shows it: without quotation and title if its article is withheld."""

    note: Note
    standing: Standing
    article: Row | None
    """Number, title, language and site of the article, if it may be seen."""
    anchor: Anchor | None

    @property
    def quotation(self) -> str:
        return "" if self.standing.withheld else self.note.passage.quotation

    @property
    def url(self) -> str:
        return "" if self.standing is Standing.EMBARGOED else self.note.url

    @property
    def state(self) -> str:
        """What the page says of the note: the fate of its passage, or the standing of its article."""
        return str(self.anchor.fate if self.anchor else self.standing)

    @property
    def version(self) -> str:
        return version_of(self.note)


def version_of(note: Note) -> str:
    """Return a digest of what the person wrote, by which a second tab notices that it is no longer the same."""
    return hashlib.sha256("\n".join([note.words, *note.tags]).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def show_note(visit: Visit, note: Note) -> Shown:
    """Return a note with what may be shown of its article."""
    standing, number = standing_of(visit.db, note.url)
    if standing is not Standing.VISIBLE or number is None:
        return Shown(note=note, standing=standing, article=None, anchor=None)
    (article,) = rows(visit.db, "select id, site, url, title, language, day from articles where id = ?", [number])
    return Shown(note=note, standing=standing, article=article, anchor=follow(visit.db, note, number))


def article_notes(visit: Visit, article: Row, prose: Markup) -> dict[str, Any]:
    """Return the values that the page of an article has from the notebook: its text with marks, notes, collections.

    Without the right to read notes, or if the notebook cannot be read, the text is as it was.
    """
    empty: dict[str, Any] = {
        "prose": prose,
        "notes": [],
        "groups": [],
        "in_groups": [],
        "notes_problem": "",
        "can_write": False,
    }
    if not visit.token:
        return empty
    try:
        with open_notebook(visit.folder) as book:
            notes = list_notes(book, url=article["url"])
            groups = list_collections(book)
    except NotebookError as error:
        return {**empty, "notes_problem": str(error)}
    shown = [show_note(visit, note) for note in reversed(notes)]
    return {
        **empty,
        "prose": mark_passages(prose, _passages(shown)),
        "notes": shown,
        "groups": groups,
        "in_groups": [group for group in groups if article["url"] in group.articles],
        "can_write": is_writable(visit.folder),
        "new_uuid": new_uuid(),
    }


def _passages(shown: Sequence[Shown]) -> list[tuple[str, Any]]:
    kept = [s for s in shown if s.quotation and s.anchor and s.anchor.fate is Fate.SAME]
    return [(f"passage-{s.note.uuid}", s.note.passage) for s in kept]
