"""How a note stands against the archive: may its article be seen, and what became of its passage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from newsarchive.database import article_of, is_forgotten
from newsarchive.notebook.anchoring import find_changed, find_passage, text_of
from newsarchive.notebook.records import Note


class Standing(StrEnum):
    """Whether readers may see an article of the notebook."""

    VISIBLE = "visible"
    EMBARGOED = "embargoed"
    TAKEN_DOWN = "taken_down"
    ABSENT = "absent"
    """The archive has no such article, as after an import of another person's notes."""

    @property
    def withheld(self) -> bool:
        """True if neither the article's words nor its title may be shown."""
        return self in (Standing.EMBARGOED, Standing.TAKEN_DOWN)


def standing_of(db: Database, url: str) -> tuple[Standing, int | None]:
    """Return whether readers may see the article at a URL, and its number."""
    article = article_of(db, url)
    if article is None:
        return (Standing.TAKEN_DOWN if is_forgotten(db, url) else Standing.ABSENT), None
    hidden = db.conn.execute("select 1 from hidden where article = ?", (article,)).fetchone()
    return (Standing.EMBARGOED if hidden else Standing.VISIBLE), article


class Fate(StrEnum):
    """What became of the passage of a note."""

    SAME = "same"
    CHANGED = "changed"
    """The newspaper changed it."""
    REMOVED = "removed"
    """The newspaper removed it."""
    REREAD = "reread"
    """A newer extraction reads the page differently; the newspaper changed nothing."""
    EDITED = "edited"
    """The note is on the whole article, which the newspaper edited since."""
    UNFOUND = "unfound"
    """No revision has the passage."""


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where a passage is now: its place in the article's text and its words there; the revisions around a change."""

    fate: Fate
    start: int | None = None
    text: str = ""
    revision: int | None = None
    previous: int | None = None
    time: str = ""


def follow(db: Database, note: Note, article: int) -> Anchor:
    """Return what became of a note's passage; the article may be seen."""
    (present,) = db.query("select title, lead, body from articles where id = ?", [article])
    text = text_of(present)
    if not note.passage.quotation:
        return _whole(db, note, article)
    if place := find_passage(text, note.passage):
        return Anchor(fate=Fate.SAME, start=place[0], text=text[slice(*place)])
    last, after = _where_lost(db, note, article)
    place = find_changed(text, note.passage)
    start, found = (place[0], text[slice(*place)]) if place else (None, "")
    if last is None or after is None:
        return Anchor(fate=Fate.UNFOUND)
    fate = Fate.CHANGED if place else Fate.REMOVED
    fate = Fate.REREAD if after["kind"] == "reextracted" else fate
    return Anchor(
        fate=fate, start=start, text=found, revision=after["number"], previous=last["number"], time=after["time"]
    )


def _where_lost(db: Database, note: Note, article: int) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the last revision with the passage, and the first one after it."""
    last = after = None
    sql = "select number, time, kind, title, lead, body from revisions where article = ? order by number"
    for row in db.query(sql, [article]):
        if find_passage(text_of(row), note.passage):
            last, after = row, None
        elif after is None:
            after = row
    return last, after


def _whole(db: Database, note: Note, article: int) -> Anchor:
    sql = (
        "select r.number, r.time, (select max(p.number) from revisions p where p.article = r.article"
        " and p.number < r.number and p.kind <> 'reextracted') as previous from revisions r where r.article = ?"
        " and r.kind not in ('first', 'reextracted') and r.time > ? order by r.number desc limit 1"
    )
    for row in db.query(sql, [article, note.seen]) if note.seen else ():
        return Anchor(fate=Fate.EDITED, revision=row["number"], previous=row["previous"], time=row["time"])
    return Anchor(fate=Fate.SAME)
