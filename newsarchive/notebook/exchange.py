"""Export and import of a whole notebook: nothing that is withheld leaves it, and nothing that is there is lost."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlite_utils import Database

from newsarchive.notebook.opening import Notebook
from newsarchive.notebook.records import Collection, Note, Passage, SavedSearch
from newsarchive.notebook.standing import Standing, standing_of
from newsarchive.notebook.storing import (
    LONGEST,
    clean_tags,
    collect,
    find_collection,
    find_note,
    list_collections,
    list_notes,
    list_searches,
    save_collection,
    save_note,
    save_search,
)
from newsarchive.times import now, stamp
from newsarchive.urls import url_key

VEIL = "urn:newsarchive:sha256:"
"""Begins the name that stands for the URL of an article under an embargo."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything in a notebook."""

    notes: Sequence[Note] = ()
    collections: Sequence[Collection] = ()
    searches: Sequence[SavedSearch] = ()


@dataclass(kw_only=True)
class Imported:
    """What an import did, by numbers of notes, collections and searches."""

    new: int = 0
    changed: int = 0
    same: int = 0
    skipped: int = 0
    """Entries that could not be read."""


def read_content(book: Notebook) -> Content:
    """Return everything in a notebook."""
    return Content(notes=list_notes(book), collections=list_collections(book), searches=list_searches(book))


def to_publish(db: Database, content: Content) -> Content:
    """Return a notebook without what is withheld: quotations, and the URLs of articles under an embargo."""
    collections = [
        replace(group, articles={_named(db, url): added for url, added in group.articles.items()})
        for group in content.collections
    ]
    return replace(content, notes=[_without_withheld(db, note) for note in content.notes], collections=collections)


def _without_withheld(db: Database, note: Note) -> Note:
    standing, _article = standing_of(db, note.url)
    if not standing.withheld:
        return note
    return replace(note, url=_named(db, note.url), passage=Passage())


def _named(db: Database, url: str) -> str:
    return veiled(url) if standing_of(db, url)[0] is Standing.EMBARGOED else url


def veiled(url: str) -> str:
    """Return a name for a URL that only those who know it can recognize.

    >>> veiled("https://tan.example/a/") == veiled("http://www.tan.example/a")
    True
    """
    return VEIL + hashlib.sha256(url_key(url).encode("utf-8", "surrogatepass")).hexdigest()


def import_content(db: Database, book: Notebook, content: Content) -> Imported:
    """Add what another notebook has: of two versions of a note the one changed last stays.

    What was taken down is not brought back: its notes come without quotation.
    """
    done = Imported()
    names = _veiled_names(db, content)
    for note in content.notes:
        _import_note(db, book, note, names, done)
    for group in content.collections:
        _import_collection(book, group, names, done)
    known = {search.uuid: search for search in list_searches(book)}
    for search in content.searches:
        tidied = replace(search, uuid=_as_uuid(search.uuid), name=search.name[: LONGEST["name"]] or search.query[:200])
        _count(done, known.get(tidied.uuid), replace(tidied, created=_moment(tidied.created)))
        save_search(book, tidied)
    return done


def _veiled_names(db: Database, content: Content) -> Mapping[str, str]:
    """Return the URLs of this archive by the names that stand for them, if any of these occurs."""
    urls = [*(note.url for note in content.notes), *(url for group in content.collections for url in group.articles)]
    if not any(url.startswith(VEIL) for url in urls):
        return {}
    return {veiled(url): url for (url,) in db.conn.execute("select url from articles")}


def _import_note(db: Database, book: Notebook, note: Note, names: Mapping[str, str], done: Imported) -> None:
    known = find_note(book, _as_uuid(note.uuid))
    url = names.get(note.url, note.url)
    if url.startswith(VEIL) and known:
        url = known.url
    standing, article = standing_of(db, url)
    passage = Passage() if standing is Standing.TAKEN_DOWN else note.passage
    if known and known.passage.quotation and not passage.quotation and standing is not Standing.TAKEN_DOWN:
        passage = known.passage  # the export was made during an embargo
    tidied = Note(
        uuid=_as_uuid(note.uuid),
        url=url[:2000],
        site=_site(db, article),
        passage=replace(passage, quotation=passage.quotation[: LONGEST["quotation"]]),
        seen=_moment(note.seen) if note.seen else "",
        words=note.words[: LONGEST["words"]],
        tags=clean_tags("\n".join(note.tags)),
        created=_moment(note.created),
        modified=_moment(note.modified or note.created),
    )
    if known and known.modified >= tidied.modified:
        done.same += 1
        return
    _count(done, known, tidied)
    save_note(book, tidied)


def _site(db: Database, article: int | None) -> str:
    row = db.conn.execute("select site from articles where id = ?", (article,)).fetchone()
    return str(row[0]) if row else ""


def _import_collection(book: Notebook, group: Collection, names: Mapping[str, str], done: Imported) -> None:
    identifier, name = _as_uuid(group.uuid), group.name.strip()[: LONGEST["name"]] or "?"
    known = find_collection(book, identifier) or find_collection(book, name)
    before = known and dict(known.articles)
    if known is None:
        about = group.about[: LONGEST["about"]]
        save_collection(book, Collection(uuid=identifier, name=name, about=about, created=_moment(group.created)))
    target = known.uuid if known else identifier
    for url, added in group.articles.items():
        collect(book, target, names.get(url, url)[:2000], added=_moment(added))
    after = find_collection(book, target)
    _count(done, before, after and dict(after.articles))


def _count(done: Imported, before: object, after: object) -> None:
    if before is None:
        done.new += 1
    elif before == after:
        done.same += 1
    else:
        done.changed += 1


def _as_uuid(identifier: str) -> str:
    """Return a UUID for an annotation's identifier, always the same one.

    >>> _as_uuid("7b0e4ac4-13d5-4aa1-a5a0-4d3c5f6ee8f5"), _as_uuid("https://a.kz/1")
    ('7b0e4ac4-13d5-4aa1-a5a0-4d3c5f6ee8f5', 'faf4e1f5-9d09-5e7f-85f0-7029360f97a7')
    """
    try:
        return str(uuid.UUID(identifier))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, identifier))


def _moment(text: str) -> str:
    """Return a time of another program as the archive writes it; the present if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text)
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return now()
